"""Oja: alignment with PCA, and length, over time; and the weights beside the component."""

from __future__ import annotations

from typing import List

import numpy as np
from matplotlib.figure import Figure

from deploy.parity.hallmarks.oja import HALLMARK, alignment
from deploy.parity.parity import Parity
from deploy.report.lessons.base import Lesson
from deploy.report.picture import IDEAL, OTHER, REFERENCE, Picture, svg
from loihi_rules.rules.oja import principal_component


def draw(parity: Parity) -> List[Picture]:
    """Cosine to the first principal component, length of the weights, and the weights."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    figure = Figure(figsize=(8, 3), layout="constrained")
    turn, grow = figure.subplots(1, 2, sharex=True)
    for run, colour in runs:
        weights = run["weights of learned"]
        times = weights.times(run.dt)
        for axis, lines in (
            (turn, alignment(run)),
            (grow, np.linalg.norm(weights.samples, axis=2)),
        ):
            axis.plot(times, lines, color=colour, lw=0.9, alpha=0.8)
            axis.plot([], [], color=colour, label=run.target)
    turn.axhline(0.95, color=IDEAL, ls=":", lw=1)
    turn.set_ylim(top=1.02)
    turn.set_ylabel("cosine to the principal component")
    grow.set_ylim(bottom=0)
    grow.set_ylabel("‖w‖")
    for axis in (turn, grow):
        axis.set_xlabel("time (s)")
    turn.legend(loc="lower right")
    course = Picture(
        "Weights turn to the principal component, and stop growing",
        "A line for each neuron of post. Left: alignment with the first principal component of "
        "what it hears; the dotted line is 0.95. Right: length of its weights.",
        svg(figure, "oja course"),
    )
    figure = Figure(figsize=(8, 2.8), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for axis, (run, colour) in zip(axes, runs):
        component = principal_component(run["pre rates"].samples)
        last = run["weights of learned"].samples[-1]
        unit = last / np.linalg.norm(last, axis=1, keepdims=True)
        axis.bar(np.arange(len(component)), component, color=IDEAL, alpha=0.4, label="PCA")
        axis.plot(unit.T, "o-", ms=3, lw=0.8, color=colour)
        axis.plot([], [], "o-", ms=3, color=colour, label=run.target)
        axis.set_xlabel("channel")
        axis.legend()
    axes[0].set_ylabel("weight, of length 1")
    pattern = Picture(
        "What was learnt",
        "Each neuron's weights at the end, beside the first principal component that PCA finds.",
        svg(figure, "oja pattern"),
    )
    return [course, pattern]


LESSON = Lesson(HALLMARK.needs, draw)
