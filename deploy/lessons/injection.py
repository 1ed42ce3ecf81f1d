"""Injection: each value shows at its own time."""

from __future__ import annotations

from typing import List

import numpy as np

from deploy.lessons.base import Lesson, Measured, panels
from deploy.parity.comparison import Comparison
from deploy.parity.tolerances import Tolerance
from deploy.report.picture import IDEAL, OTHER, REFERENCE, Picture, svg
from deploy.traces.trace import Trace
from deploy.traces.traces import Traces
from loihi_rules.systems.injection import CURRENT, VOLLEY, VOLTAGE

MOST_NEURONS = 20


def counts(spikes: Trace, begin: float, end: float, dt: float) -> np.ndarray:
    """(n_neurons,) spikes from one time to another."""
    times = spikes.spike_times(dt)
    inside = (times > begin + dt / 2) & (times <= end + dt / 2)
    return np.bincount(spikes.spike_neurons[inside], minlength=spikes.n_neurons)


def measure(run: Traces) -> List[Measured]:
    """What the current, the voltage and the volley did."""
    spikes, dt = run["spikes"], run.dt
    length = CURRENT[1] - CURRENT[0]
    extra = counts(spikes, *CURRENT, dt) - counts(spikes, CURRENT[0] - length, CURRENT[0], dt)
    half = len(extra) // 2
    voltage = run["voltage"].samples
    set_at = round(VOLTAGE / dt)
    before = voltage[set_at - 1]
    jumped = np.abs(voltage[set_at] - before)
    busy = counts(spikes, VOLTAGE - 3 * dt, VOLTAGE + 2 * dt, dt) > 0  # firing, or refractory
    volley = run["volley"]
    on_time = np.round(VOLLEY / dt) + np.round(0.005 / dt) * np.arange(volley.n_neurons)
    exact = len(volley.spike_steps) == len(on_time) and bool(
        np.all(np.abs(volley.spike_steps[np.argsort(volley.spike_neurons)] - on_time) <= 1)
    )
    return [
        Measured(
            "more spikes by the current, larger half",
            float(extra[half:].mean()),
            "spikes",
            Tolerance(low=2.0, why="a current of 1 to 2 thresholds for 0.1 s"),
        ),
        Measured("more spikes by the current, smaller half", float(extra[:half].mean()), "spikes"),
        Measured(
            "voltages that jumped when set",
            100 * float(np.mean(busy | (jumped > 0.02) | (np.abs(before - 0.9) < 0.1))),
            "%",
            Tolerance(low=90.0, why="a membrane moves by a twentieth of its distance in a step"),
        ),
        Measured(
            "volley in its own steps",
            float(exact),
            goal=Tolerance(low=1.0, why="spike times are whole steps"),
        ),
    ]


# ------------------------------------------------------------------------------------ pictures


def draw(parity: Comparison) -> List[Picture]:
    """A raster over membrane voltages."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    n = min(MOST_NEURONS, parity.reference["spikes"].n_neurons)
    figure, axes = panels(0.6 + 0.35 * n, sharex=True, sharey=True)
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
        axis.set_ylabel("neuron: voltage, spikes")
    axes[-1].set_xlabel("time (s)")
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


LESSON = Lesson(needs=frozenset({"spikes", "voltage", "volley"}), measure=measure, draw=draw)
