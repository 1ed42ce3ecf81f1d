"""Steady: where the value ends."""

from typing import List

from deploy.lessons.base import Lesson, Measured
from deploy.parity.comparison import Comparison
from deploy.parity.tolerances import Tolerance
from deploy.report.picture import IDEAL, OTHER, REFERENCE, Picture, new_figure, svg
from deploy.traces.traces import Traces
from loihi_rules.systems.steady import VALUE


def measure(run: Traces) -> List[Measured]:
    goal = Tolerance(low=VALUE - 0.15, high=VALUE + 0.15, why="it stays")
    return [Measured("where it ends", float(run["value"].samples[-1, 0]), goal=goal)]


def draw(parity: Comparison) -> List[Picture]:
    figure = new_figure(5, 2)
    axes = figure.subplots()
    axes.axhline(VALUE, color=IDEAL)
    for run, colour in ((parity.reference, REFERENCE), (parity.other, OTHER)):
        axes.plot(run["value"].times(run.dt), run["value"].samples[:, 0], color=colour)
    return [
        Picture("Where it comes to rest", "The value, and what it should be.", svg(figure, "s"))
    ]


LESSON = Lesson(needs=frozenset({"value"}), measure=measure, draw=draw)
