"""Numbers and pictures by which a worked system's lesson stands or falls, by the system's name.

The numbers are of one run, where the metrics are of two: a comparison has them for each target,
and they have to hold on all. To add a lesson's, write its file and list it here.
"""

from typing import Dict, List, Mapping, Optional

from deploy.errors import BadInput
from deploy.lessons import backprop, bcm, injection, noise_suppression, oja, one_hot, spoken_digit
from deploy.lessons.base import Lesson, Measured
from deploy.models.spelling import Spelling
from deploy.parity.comparison import Comparison
from deploy.parity.figure import LESSON, Figure
from deploy.parity.tolerances import Tolerance
from deploy.report.picture import Picture, styled
from deploy.traces.traces import Traces
from loihi_rules.systems import SYSTEMS

LESSONS: Dict[str, Lesson] = {
    "bcm": bcm.LESSON,
    "oja": oja.LESSON,
    "one-hot": one_hot.LESSON,
    "noise-suppression": noise_suppression.LESSON,
    "injection": injection.LESSON,
    "backprop": backprop.LESSON,
    "spoken-digit": spoken_digit.LESSON,
}


def system_of(run: Traces) -> str:
    """The built-in system whose whole lesson ran, without its parameters; empty if none did."""
    try:
        spelling = Spelling.read(str(run.settings.get("model", "")))
        system = SYSTEMS[spelling.system]
        whole = system.seconds(spelling.parameters, run.seed)
    except (KeyError, ValueError, BadInput):  # a user's model, or a file's, which may say anything
        return ""
    return spelling.system if run.n_steps >= round(whole / run.dt) else ""


def lesson_of(run: Traces) -> Optional[Lesson]:
    """The lesson that a run is of, if it is whole and has the traces that it is measured on."""
    lesson = LESSONS.get(system_of(run))
    return lesson if lesson is not None and lesson.needs <= set(run.traces) else None


def hallmarks(run: Traces) -> List[Measured]:
    """What a run of a worked system shows of its lesson; nothing for other models."""
    lesson = lesson_of(run)
    return [] if lesson is None else lesson.measure(run)


def accepted(reference: Traces) -> Mapping[str, Tolerance]:
    """Limits that a worked system's lesson sets in the place of the verdict's margins."""
    lesson = lesson_of(reference)
    return {} if lesson is None or lesson.accepts is None else lesson.accepts(reference)


def hallmark_figures(run: Traces) -> List[Figure]:
    """The hallmarks as figures of a comparison, each with the target in its name."""
    return [
        Figure(LESSON, f"{m.name}, {run.target}", m.value, m.unit, m.goal) for m in hallmarks(run)
    ]


def lesson_pictures(comparison: Comparison) -> List[Picture]:
    """The lesson's own pictures of a comparison; none for other models."""
    lesson = LESSONS.get(system_of(comparison.reference))
    if lesson is None or not lesson.needs | lesson.draw_needs <= set(comparison.other.traces):
        return []
    with styled():
        return lesson.draw(comparison)


__all__ = [
    "LESSONS",
    "Lesson",
    "Measured",
    "accepted",
    "hallmark_figures",
    "hallmarks",
    "lesson_of",
    "lesson_pictures",
    "system_of",
]
