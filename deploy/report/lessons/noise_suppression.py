"""Noise suppression: what each synapse gives over time, and the spikes second by second."""

from __future__ import annotations

from typing import List

import numpy as np
from matplotlib.figure import Figure

from deploy.parity.hallmarks.noise_suppression import HALLMARK, belongs
from deploy.parity.parity import Parity
from deploy.report.lessons.base import Lesson
from deploy.report.picture import IDEAL, OTHER, REFERENCE, Picture, svg
from deploy.traces import Traces
from loihi_rules.systems.noise_suppression import BEGIN, EVERY, LASTS


def synaptic_weights(run: Traces) -> np.ndarray:
    """(n_seconds, 2) what the wanted and the noisy synapse make of their inputs, each second.

    The least-squares factor between what goes in and what comes out, which is 1 at first.
    """
    each = round(EVERY / run.dt)
    n = run.n_steps // each
    pairs = []
    for source, drive in (("teacher", "drive by wanted"), ("hiss", "drive by noise")):
        x, y = (run[label].samples[: n * each, 0] for label in (source, drive))
        lag = int(np.argmax([np.dot(x[: -k or None], y[k:]) for k in range(40)]))
        x = np.roll(x, lag)
        rows = [(a - a.mean(), b - b.mean()) for a, b in zip(x.reshape(n, -1), y.reshape(n, -1))]
        pairs.append([float(a @ b / max(a @ a, 1e-12)) for a, b in rows])
    return np.array(pairs).T


def draw(parity: Parity) -> List[Picture]:
    """Both weights, and a row of spikes for each second."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    figure = Figure(figsize=(8, 2.8), layout="constrained")
    axis = figure.subplots()
    for run, colour in runs:
        weights = synaptic_weights(run)
        times = (np.arange(len(weights)) + 0.5) * EVERY
        axis.plot(times, weights[:, 0], "-", color=colour, label=f"wanted, {run.target}")
        axis.plot(times, weights[:, 1], "--", color=colour, label=f"noise, {run.target}")
    axis.axvline(BEGIN, color=IDEAL, lw=0.8)
    axis.annotate(
        "learning begins", (BEGIN, 0.5), xytext=(-4, 0), textcoords="offset points", ha="right"
    )
    axis.set_ylim(-0.1, 1.3)
    axis.set_xlabel("time (s)")
    axis.set_ylabel("weight of the synapse")
    axis.legend(ncols=2)
    weights_picture = Picture(
        "One synapse stays, the other goes",
        "What each learned synapse makes of its input, second by second: 1 hands it on as it is.",
        svg(figure, "noise weights"),
    )
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    for axis, (run, colour) in zip(axes, runs):
        times = run["post spikes"].spike_times(run.dt)
        shifted = times + EVERY / 2  # so that a pulse lies in the middle of its row
        rows, phase = shifted // EVERY, shifted % EVERY - EVERY / 2
        good = belongs(times)
        axis.axvspan(-LASTS, 0, color=IDEAL, alpha=0.3)
        axis.axhline(BEGIN, color=IDEAL, lw=0.8)
        axis.plot(phase[good], rows[good], "|", ms=8, mew=1.5, color=colour)
        axis.plot(phase[~good], rows[~good], "x", ms=4, color=IDEAL)
        axis.set_title(run.target, fontsize=9)
        axis.set_xlabel("time to the end of the pulse (s)")
    axes[0].set_ylabel("second")
    axes[0].invert_yaxis()
    raster = Picture(
        "Spikes before and after",
        "A row for each second. The band is the pulse; crosses are spikes that the noise made. "
        "Learning begins at the line.",
        svg(figure, "noise raster"),
    )
    return [weights_picture, raster]


LESSON = Lesson(HALLMARK.needs | {"teacher", "hiss"}, draw)
