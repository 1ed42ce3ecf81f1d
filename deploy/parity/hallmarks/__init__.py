"""Numbers by which a worked system's lesson stands or falls, by the system's name.

They are of one run, where the metrics are of two: a comparison has them for each target, and
they have to hold on all. To add a lesson's, write its file and list it here.
"""

from typing import Dict, List, Mapping

from deploy.errors import BadInput
from deploy.model import parameters_of
from deploy.parity.figure import Figure
from deploy.parity.hallmarks import (
    backprop,
    bcm,
    injection,
    noise_suppression,
    oja,
    one_hot,
    spoken_digit,
)
from deploy.parity.hallmarks.base import Hallmark, Measured
from deploy.parity.tolerances import Tolerance
from deploy.traces import Traces
from loihi_rules.systems import SYSTEMS

LESSON = "the lesson"  # stands in the place of a trace

HALLMARKS: Dict[str, Hallmark] = {
    "bcm": bcm.HALLMARK,
    "oja": oja.HALLMARK,
    "one-hot": one_hot.HALLMARK,
    "noise-suppression": noise_suppression.HALLMARK,
    "injection": injection.HALLMARK,
    "backprop": backprop.HALLMARK,
    "spoken-digit": spoken_digit.HALLMARK,
}


def system_of(run: Traces) -> str:
    """The built-in system whose whole lesson ran, without its parameters; empty if none did."""
    try:
        name, given = parameters_of(str(run.settings.get("model", "")))
        system = SYSTEMS[name]
        whole = system.seconds(given, run.seed)
    except (KeyError, ValueError, BadInput):  # a user's model, or a file's, which may say anything
        return ""
    return name if run.n_steps >= round(whole / run.dt) else ""


def hallmarks(run: Traces) -> List[Measured]:
    """What a run of a worked system shows of its lesson; nothing for other models."""
    known = HALLMARKS.get(system_of(run))
    if known is None or not known.needs <= set(run.traces):
        return []
    return known.measure(run)


def accepted(reference: Traces) -> Mapping[str, Tolerance]:
    """Limits that a worked system's lesson sets in the place of the verdict's margins."""
    known = HALLMARKS.get(system_of(reference))
    if known is None or known.accepts is None or not known.needs <= set(reference.traces):
        return {}
    return known.accepts(reference)


def hallmark_figures(run: Traces) -> List[Figure]:
    """The same as figures of a comparison, each with the target in its name."""
    return [
        Figure(LESSON, f"{m.name}, {run.target}", m.value, m.unit, m.goal) for m in hallmarks(run)
    ]


__all__ = [
    "HALLMARKS",
    "LESSON",
    "Hallmark",
    "Measured",
    "accepted",
    "hallmark_figures",
    "hallmarks",
    "system_of",
]
