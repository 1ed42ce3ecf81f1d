"""Injection: voltages and spikes, with the times at which something was put in."""

from __future__ import annotations

from typing import List

import numpy as np
from matplotlib.figure import Figure

from deploy.parity.hallmarks.injection import HALLMARK
from deploy.parity.parity import Parity
from deploy.report.lessons.base import Lesson
from deploy.report.picture import IDEAL, OTHER, REFERENCE, Picture, svg
from loihi_rules.systems.injection import CURRENT, VOLLEY, VOLTAGE

MOST_NEURONS = 20


def draw(parity: Parity) -> List[Picture]:
    """A raster over membrane voltages."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    n = min(MOST_NEURONS, parity.reference["spikes"].n_neurons)
    figure = Figure(figsize=(8, 1.0 + 0.45 * n), layout="constrained")
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    for axis, (run, colour) in zip(axes, runs):
        axis.axvspan(*CURRENT, color=IDEAL, alpha=0.25)
        for time in (0.0, VOLTAGE, VOLLEY):
            axis.axvline(time, color=IDEAL, lw=0.8)
        voltage = run["voltage"]
        times = voltage.times(run.dt)
        for k in range(n):
            axis.plot(times, k + 0.8 * voltage.samples[:, k], color=colour, lw=0.6)
        for name, mark, where in (("spikes", "|", 0.9), ("volley", "v", -0.1)):
            trace = run[name]
            shown = trace.spike_neurons < n
            axis.plot(
                trace.spike_steps[shown] * run.dt,
                trace.spike_neurons[shown] + where,
                mark,
                ms=4,
                color="k" if mark == "v" else colour,
                lw=0,
            )
        axis.set_title(run.target, fontsize=9)
        axis.set_xlabel("time (s)")
    axes[0].set_ylabel("neuron: voltage, spikes")
    axes[0].set_yticks(np.arange(n))
    return [
        Picture(
            "What was put in, and what came of it",
            "Membrane voltages with spikes above them. Lines: first voltages at 0, all set to 0.9 "
            "at 0.4 s, the volley (triangles) from 0.5 s. Band: a current that rises from the "
            "lowest neuron to the highest.",
            svg(figure, "injection"),
        )
    ]


LESSON = Lesson(HALLMARK.needs, draw)
