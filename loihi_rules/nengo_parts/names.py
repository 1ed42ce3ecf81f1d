"""What Nengo's objects are called, so that a user recognises them."""

from __future__ import annotations

from typing import Any, Optional

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.synapses import Lowpass, Synapse

from loihi_rules.nengo_parts.leads import Lead

LONGEST = 1000  # characters of a label, which is said again in all that is found of its object


def name_of(obj: Any) -> str:
    """A name for any Nengo object that a user will recognise."""
    if isinstance(obj, ObjView):
        return f"{name_of(obj.obj)}[{_places(obj.slice)}]"
    if isinstance(obj, Neurons):
        return f"{name_of(obj.ensemble)}.neurons"
    if isinstance(obj, LearningRule):
        return f"{name_of(obj.connection)} ({type(obj.learning_rule_type).__name__})"
    label = getattr(obj, "label", None)
    if label:
        name = str(label)
        return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
    if isinstance(obj, nengo.Connection):
        return f"{name_of(obj.pre)} → {name_of(obj.post)}"
    if isinstance(obj, nengo.Probe):
        return f"{name_of(obj.target)} {obj.attr.replace('_', ' ')}"
    if isinstance(obj, nengo.Ensemble):
        return f"ensemble of {obj.n_neurons} neurons"
    return f"unnamed {type(obj).__name__.lower()}"


def _places(chosen: Any) -> str:
    """Which dimensions a view has, as a user writes them."""
    if not isinstance(chosen, slice):
        return str(chosen)
    ends = [chosen.start, chosen.stop, *([] if chosen.step is None else [chosen.step])]
    return ":".join("" if end is None else str(end) for end in ends)


def filter_name(synapse: Optional[Synapse]) -> str:
    """A connection's filter, for a `Change`."""
    if synapse is None:
        return "no filter"
    if isinstance(synapse, Lead):
        return f"{filter_name(synapse.synapse)}, and one that makes up for the chip's"
    if isinstance(synapse, Lowpass):
        return f"low-pass filter of {1000 * synapse.tau:g} ms"
    return str(synapse)
