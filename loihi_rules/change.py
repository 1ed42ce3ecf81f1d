"""The record of what rewriting did to a model, and of what it could not do."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Optional

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.synapses import Lowpass, Synapse

from loihi_rules.nengo_parts.leads import Lead


@dataclass(frozen=True)
class Change:
    """One thing that is different in the rewritten model.

    Attributes
    ----------
    object : str
        Name of the object that was changed, as `name_of` gives it.
    rule : str
        The chip's rule that asked for it, for example ``"learned post on host"``.
    before, after : str
        What the user wrote and what runs, with units where there are any.
    why : str
        One sentence that a modeller understands.
    """

    object: str
    rule: str
    before: str
    after: str
    why: str


@dataclass(frozen=True)
class Problem:
    """One thing that the chip cannot do and that no rewrite removes.

    Attributes
    ----------
    object : str
        Name of the object.
    rule : str
        The chip's rule that it breaks.
    what : str
        What is wrong.
    way_out : str
        What the user can do about it.
    """

    object: str
    rule: str
    what: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.object}: {self.what}; {self.way_out}"


class ChipWarning(UserWarning):
    """One thing that the chip will do, but not as well as was asked for.

    `deploy.check` lists them, runs keep them among their warnings, and reports show them.

    Attributes
    ----------
    object : str
        Name of the object.
    rule : str
        The chip's rule that limits it.
    what : str
        What will be off, with a figure.
    way_out : str
        What the user can edit.
    """

    def __init__(self, object: str, rule: str, what: str, way_out: str):
        super().__init__(f"{object}: {what}; {way_out}")
        self.object, self.rule, self.what, self.way_out = object, rule, what, way_out


def warn(object: str, rule: str, what: str, way_out: str) -> None:
    """Warn of a limit of the chip; the arguments are those of `ChipWarning`."""
    warnings.warn(ChipWarning(object, rule, what, way_out), stacklevel=3)


def name_of(obj: Any) -> str:
    """A name for any Nengo object that a user will recognise."""
    if isinstance(obj, ObjView):
        return f"{name_of(obj.obj)}[{obj._slice_string}]"
    if isinstance(obj, Neurons):
        return f"{name_of(obj.ensemble)}.neurons"
    if isinstance(obj, LearningRule):
        return f"{name_of(obj.connection)} ({type(obj.learning_rule_type).__name__})"
    label = getattr(obj, "label", None)
    if label:
        return str(label)
    if isinstance(obj, nengo.Connection):
        return f"{name_of(obj.pre)} → {name_of(obj.post)}"
    if isinstance(obj, nengo.Probe):
        return f"{name_of(obj.target)} {obj.attr.replace('_', ' ')}"
    if isinstance(obj, nengo.Ensemble):
        return f"ensemble of {obj.n_neurons} neurons"
    return f"unnamed {type(obj).__name__.lower()}"


def filter_name(synapse: Optional[Synapse]) -> str:
    """A connection's filter, for a `Change`."""
    if synapse is None:
        return "no filter"
    if isinstance(synapse, Lead):
        return f"{filter_name(synapse.synapse)}, and one that makes up for the chip's"
    if isinstance(synapse, Lowpass):
        return f"low-pass filter of {1000 * synapse.tau:g} ms"
    return str(synapse)
