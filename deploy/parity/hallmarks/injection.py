"""Injection: each value shows at its own time."""

from __future__ import annotations

from typing import List

import numpy as np

from deploy.parity.hallmarks.base import Hallmark, Measured
from deploy.parity.tolerances import Tolerance
from deploy.traces import Trace, Traces
from loihi_rules.systems.injection import CURRENT, VOLLEY, VOLTAGE


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


HALLMARK = Hallmark(frozenset({"spikes", "voltage", "volley"}), measure)
