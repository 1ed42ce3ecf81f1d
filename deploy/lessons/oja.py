"""Oja: weights turn to the first principal component, and stay bounded."""

from __future__ import annotations

from typing import List

import numpy as np

from deploy.lessons.base import Lesson, Measured, panels
from deploy.parity.comparison import Comparison
from deploy.parity.tolerances import Tolerance
from deploy.report.picture import IDEAL, OTHER, REFERENCE, Picture, svg
from deploy.traces.traces import Traces
from loihi_rules.learning_rules.oja import principal_component


def alignment(run: Traces) -> np.ndarray:
    """(n_samples, n_post) cosine of each neuron's weights to the first principal component."""
    weights = run["weights of learned"].samples
    component = principal_component(run["pre rates"].samples)
    return np.asarray(weights @ component / np.linalg.norm(weights, axis=2))


def measure(run: Traces) -> List[Measured]:
    """Alignment and length at the end, mean and worst over the neurons."""
    cosines = alignment(run)
    lengths = np.linalg.norm(run["weights of learned"].samples, axis=2)
    grown = lengths[-1] / lengths[0]
    return [
        Measured("cosine to the principal component, start", float(cosines[0].mean())),
        Measured(
            "cosine to the principal component, least at the end",
            float(cosines[-1].min()),
            goal=Tolerance(low=0.95, why="a direction drawn at random has about 0.3"),
        ),
        Measured(
            "‖w‖, largest of the run",
            float(lengths.max()),
            goal=Tolerance(high=1.1, why="1 / √β; without forgetting it grows without bound"),
        ),
        Measured(
            "‖w‖ at the end ÷ start, least",
            float(grown.min()),
            goal=Tolerance(low=1.2, why="Hebb's part makes weights grow from small ones"),
        ),
    ]


# ------------------------------------------------------------------------------------ pictures


def draw(parity: Comparison) -> List[Picture]:
    """Cosine to the first principal component, length of the weights, and the weights."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    figure, (turn, grow) = panels(2.2, sharex=True)
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
    turn.set_ylabel("alignment (cosine)")
    grow.set_ylim(bottom=0)
    grow.set_ylabel("‖w‖")
    grow.set_xlabel("time (s)")
    turn.legend(loc="lower right")
    course = Picture(
        "Weights turn to the principal component, and stop growing",
        "A line for each neuron of post. Above: alignment with the first principal component of "
        "what it hears; the dotted line is 0.95. Below: length of its weights.",
        svg(figure, "oja course"),
    )
    figure, axes = panels(2.2, sharex=True, sharey=True)
    for axis, (run, colour) in zip(axes, runs):
        component = principal_component(run["pre rates"].samples)
        last = run["weights of learned"].samples[-1]
        unit = last / np.linalg.norm(last, axis=1, keepdims=True)
        axis.bar(np.arange(len(component)), component, color=IDEAL, alpha=0.4, label="PCA")
        axis.plot(unit.T, "o-", ms=3, lw=0.8, color=colour)
        axis.plot([], [], "o-", ms=3, color=colour, label=run.target)
        axis.set_ylabel("weight, of length 1")
        axis.legend()
    axes[-1].set_xlabel("channel")
    pattern = Picture(
        "What was learnt",
        "Each neuron's weights at the end, beside the first principal component that PCA finds.",
        svg(figure, "oja pattern"),
    )
    return [course, pattern]


LESSON = Lesson(needs=frozenset({"weights of learned", "pre rates"}), measure=measure, draw=draw)
