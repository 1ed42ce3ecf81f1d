"""One-hot: tuning curves, and the raster over the classes shown."""

from __future__ import annotations

from typing import List

import nengo
import numpy as np
from matplotlib.figure import Figure

from deploy.parity.hallmarks.one_hot import HALLMARK, shown
from deploy.parity.parity import Parity
from deploy.report.lessons.base import Lesson
from deploy.report.picture import IDEAL, OTHER, REFERENCE, Picture, svg
from loihi_rules.one_hot import INTERCEPT, refractory_time, representable

MOST_SHOWN = 20  # times a class was shown, in the raster


def draw(parity: Parity) -> List[Picture]:
    """The step that each neuron is, and the staircase of the raster."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    seen = [shown(run) for run, _ in runs]
    rate = float(seen[0].counts.max() / seen[0].seconds)
    rate = representable(min(rate, 500.0))
    neurons = nengo.LIF(tau_ref=refractory_time(rate))
    gain, bias = neurons.gain_bias(np.array([rate]), np.array([INTERCEPT]))
    x = np.linspace(-0.2, 1.1, 400)
    figure = Figure(figsize=(8, 2.6), layout="constrained")
    tuning, counts = figure.subplots(1, 2)
    tuning.plot(x, neurons.rates(x, gain, bias), color=IDEAL)
    for (run, colour), one in zip(runs, seen):
        tuning.plot(
            [0, 1],
            [0, one.counts.mean() / one.seconds],
            "o",
            color=colour,
            label=run.target,
            mfc="none" if run is parity.reference else colour,
        )
    tuning.set_xlabel("x of the neuron's own class")
    tuning.set_ylabel("Hz")
    tuning.legend()
    low = min(one.counts.min() for one in seen)
    high = max(one.counts.max() for one in seen)
    bins = np.arange(low - 1, high + 3) - 0.5
    counts.hist([one.counts for one in seen], bins, color=[c for _, c in runs])
    counts.set_xlabel("spikes of the right neuron, each time shown")
    counts.set_ylabel("times")
    first = Picture(
        "A step up at one half",
        "Left: the tuning curve that all neurons share, and the mean rates that were measured at 0 "
        "and 1. Right: how often the right neuron fired.",
        svg(figure, "one-hot tuning"),
    )
    each = parity.reference.n_steps // max(1, len(seen[0].classes))
    end = min(MOST_SHOWN, len(seen[0].classes)) * each
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    for axis, (run, colour) in zip(axes, runs):
        spikes = run["spikes"]
        early = spikes.spike_steps <= end
        staircase = run["class shown"].samples[:end, 0]
        order = {c: k for k, c in enumerate(dict.fromkeys(staircase.astype(int)))}
        rows = np.array([order.get(n, -1) for n in spikes.spike_neurons[early]])
        axis.plot(
            np.arange(1, end + 1) * run.dt,
            [order[int(c)] for c in staircase],
            color=IDEAL,
            lw=5,
            alpha=0.25,
            label="shown",
        )
        axis.plot(spikes.spike_steps[early] * run.dt, rows, "|", ms=7, color=colour)
        axis.set_title(run.target, fontsize=9)
        axis.set_xlabel("time (s)")
    axes[0].set_ylabel("class, in the order shown")
    axes[0].legend()
    raster = Picture(
        "Each class its neuron",
        "Spikes over the classes shown; a spike off the band would be a stray one.",
        svg(figure, "one-hot raster"),
    )
    return [raster, first]


LESSON = Lesson(HALLMARK.needs, draw)
