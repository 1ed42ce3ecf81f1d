"""BCM: the threshold slides, and the change of weights has its sign there."""

from __future__ import annotations

from typing import List

import numpy as np
from matplotlib.figure import Figure

from deploy.parity.hallmarks.bcm import HALLMARK, plasticity
from deploy.parity.parity import Parity
from deploy.report.lessons.base import Lesson
from deploy.report.picture import IDEAL, OTHER, REFERENCE, Picture, svg, thin


def draw(parity: Parity) -> List[Picture]:
    """θ beside the rate of one neuron, and ΔW against the rate's distance from θ."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    busiest = int(parity.reference["post rates"].samples.mean(axis=0).argmax())
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    for axis, (run, colour) in zip(axes, runs):
        axis.plot(*thin(run["post rates"], busiest, run.dt), color=IDEAL, lw=0.8, label="rate")
        axis.plot(*thin(run["θ"], busiest, run.dt), color=colour, lw=2, label="θ")
        axis.set_title(run.target, fontsize=9)
        axis.set_xlabel("time (s)")
        axis.legend(loc="upper left")
    axes[0].set_ylabel("Hz")
    slides = Picture(
        "The threshold slides",
        f"Rate of neuron {busiest} of post, and its modification threshold θ, which follows.",
        svg(figure, "bcm threshold"),
    )
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    for axis, (run, colour) in zip(axes, runs):
        found = plasticity(run)
        over, change = (found.rate - found.theta).ravel(), 1e3 * found.change.ravel()
        axis.axhline(0, color=IDEAL, lw=0.8)
        axis.axvline(0, color=IDEAL, lw=0.8)
        axis.plot(over, change, ".", ms=2.5, color=colour, alpha=0.5, rasterized=True)
        axis.set_title(run.target, fontsize=9)
        axis.set_xlabel("post rate − θ (Hz)")
        axis.annotate("LTP", (0.97, 0.93), xycoords="axes fraction", ha="right")
        axis.annotate("LTD", (0.03, 0.25), xycoords="axes fraction")
    axes[0].set_ylabel("change of weights (1/1000 a second)")
    count = np.size(plasticity(parity.reference).change)
    signs = Picture(
        "Growth above θ, decay below",
        f"Each of the {count:,} points is a neuron of post in one short window: how its weights "
        "changed, against how far it fired above or below its θ.",
        svg(figure, "bcm signs"),
    )
    return [slides, signs]


LESSON = Lesson(HALLMARK.needs, draw)
