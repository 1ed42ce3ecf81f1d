"""Nengo's immutable objects (processes, neuron types, synapses) with one thing changed."""

from __future__ import annotations

from typing import Any, TypeVar

from nengo.params import FrozenObject

Frozen = TypeVar("Frozen", bound=FrozenObject)


def with_parameters(frozen: Frozen, **parameters: Any) -> Frozen:
    """The same object but for the parameters given, checked as Nengo checks them."""
    cls: Any = type(frozen)
    changed: Frozen = cls.__new__(cls)
    changed.__setstate__({**frozen.__getstate__(), **parameters})
    return changed
