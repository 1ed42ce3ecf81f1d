"""Nengo's immutable objects (processes, neuron types, synapses) with one thing changed."""

from __future__ import annotations

from typing import Any, TypeVar

from nengo.exceptions import ValidationError
from nengo.params import FrozenObject

Frozen = TypeVar("Frozen", bound=FrozenObject)


def with_parameters(frozen: Frozen, **parameters: Any) -> Frozen:
    """The same object but for the parameters given, checked as Nengo checks them.

    Raises
    ------
    nengo.exceptions.ValidationError
        If one is not valid, or its state does not have it.
    """
    cls: Any = type(frozen)
    changed: Frozen = cls.__new__(cls)
    state = frozen.__getstate__()
    for name in parameters:
        if name not in state:  # it would be kept beside it, and mean nothing
            raise ValidationError("not a part of its state", attr=name, obj=frozen)
    changed.__setstate__({**state, **parameters})
    return changed
