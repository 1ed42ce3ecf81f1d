"""Backpropagation next to PES: accuracy against the time to look, and some decisions."""

from __future__ import annotations

from typing import List

import numpy as np
from matplotlib.figure import Figure

from deploy.parity.hallmarks.backprop import HALLMARK, float_accuracy, told
from deploy.parity.parity import Parity
from deploy.report.lessons.base import Lesson
from deploy.report.picture import IDEAL, OTHER, REFERENCE, Picture, svg
from loihi_rules.systems.backprop import SHOWN

MOST_SHOWN = 12  # images in the raster


def draw(parity: Parity) -> List[Picture]:
    """How soon each network knows, and the spikes by which it tells."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    figure = Figure(figsize=(8, 2.8), layout="constrained")
    axis = figure.subplots()
    axis.axhline(100 * float_accuracy(), color=IDEAL, lw=1, ls=":")
    for run, colour in runs:
        found = told(run)
        if not len(found.labels):
            return []
        axis.plot(
            1e3 * found.seconds,
            100 * found.backprop,
            "-",
            color=colour,
            label=f"backpropagation, {run.target}",
        )
        axis.plot(
            1e3 * found.seconds, 100 * found.pes, "--", color=colour, label=f"PES, {run.target}"
        )
    axis.set_ylim(0, 102)
    axis.set_xlabel("time that an image is looked at (ms)")
    axis.set_ylabel("right, %")
    axis.legend(ncols=2, loc="lower right")
    accuracy = Picture(
        "Who knows it, and how soon",
        f"Accuracy over {len(told(parity.reference).labels)} images that neither network has seen. "
        "Dotted: the trained network in floating point.",
        svg(figure, "backprop accuracy"),
    )
    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    for axis, (run, colour) in zip(axes, runs):
        first = int(np.argmax(run["testing"].samples[:, 0] > 0))
        last = min(run.n_steps, first + round(MOST_SHOWN * SHOWN / run.dt))
        rates = run["backprop rates"].samples[first:last]
        label = run["label"].samples[first:last, 0]
        time = (np.arange(len(label)) + 1) * run.dt
        axis.plot(time, label, color=IDEAL, lw=6, alpha=0.3)
        for k in range(rates.shape[1]):
            axis.plot(time, k + 0.8 * rates[:, k] / max(rates.max(), 1.0), color=colour, lw=0.8)
        axis.set_yticks(np.arange(10))
        axis.set_title(run.target, fontsize=9)
        axis.set_xlabel("time since testing began (s)")
    axes[0].set_ylabel("digit")
    raster = Picture(
        "Ten neurons name the digit",
        "Filtered spikes of the trained network's output neurons over the true digit (band).",
        svg(figure, "backprop raster"),
    )
    return [accuracy, raster]


LESSON = Lesson(HALLMARK.needs, draw)
