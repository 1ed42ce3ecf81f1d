"""How large weights and traces grow while PES learns: a trial of one connection alone.

No code of the model runs in it, and nothing of the model enters but what its build knows: the
neurons' rates on the chip, and the size of what is to be learnt. Same rates and seed, same result.
"""

from __future__ import annotations

from typing import NamedTuple, Tuple

import numpy as np

from loihi_rules.chip.limits import Chip

DURATION = 4.0  # s
TIME_CONSTANTS = 40  # of learning, at least, that a trial goes through
LONG_RUN = 100.0  # s
SEEN = 10  # epochs between two looks at the weights
MOST_STEP = 0.5  # of what would undo an error at once


class Pilot(NamedTuple):
    """What a trial has seen.

    Attributes
    ----------
    weights : (n_looks, n_neurons, size) ndarray of float32
        Magnitudes of the learned weights, A · d, in units of the decoded value per Hz.
    traces : (n_epochs, n_neurons) ndarray of float32
        Filtered spikes at each change of weights, Hz.
    peak : float
        Largest magnitude of a value that the spikes of one step gave, v · spikes / dt.
    """

    weights: np.ndarray
    traces: np.ndarray
    peak: float

    def weights_cut(self, largest: float) -> float:
        """Share of the weights, over time, that are larger than this."""
        return float(np.mean(self.weights > largest))

    def learning_lost(self, largest: float) -> float:
        """Share of what the traces add up to that is above this, Hz."""
        total = float(self.traces.sum(dtype=float))
        above = np.maximum(self.traces - np.float32(largest), 0).sum(dtype=float)
        return float(above) / total if total else 0.0


def epochs(dt: float, chip: Chip) -> int:
    """How many changes of weights a trial has."""
    return max(1, round(DURATION / dt / chip.learning_epoch))


def pilot(
    rates: np.ndarray,
    targets: np.ndarray,
    learning_rate: float,
    tau: float,
    error_tau: float,
    dt: float,
    chip: Chip,
    rng: np.random.RandomState,
) -> Pilot:
    """Let PES learn from nothing, on spikes of these rates.

    Each neuron fires at even intervals, from a phase that is drawn. Every four steps

        Δv = −κ E aᵀ / n · 4 dt,        E = filtered (v · spikes) − target.

    A slow rule is taken through as many of its time constants, n / (κ Σ a²), as a long run
    would take it: κ is raised until 4 s hold 40 of them, or as many as 100 s would.

    Parameters
    ----------
    rates : (n_epochs, n_neurons) ndarray
        Spikes a second.
    targets : (n_epochs, size) ndarray
        What is to be learnt.
    learning_rate : float
        κ A², of weights that are A d.
    tau : float
        Of the rule's filter of activity, s.
    error_tau : float
        Of the filters through which the output comes back as an error, s.
    dt : float
        Step, s.
    chip : Chip
        How often it learns.
    rng : numpy.random.RandomState
    """
    every = chip.learning_epoch * dt
    traces, fired = _activity(rates, tau, dt, chip, rng)
    n = rates.shape[1]
    weights, output, seen = np.zeros((n, targets.shape[1])), np.zeros(targets.shape[1]), []
    power = float(np.mean(traces**2))  # Σ a² / n
    if not power:
        return Pilot(weights[None].astype(np.float32), traces, 0.0)
    enough = TIME_CONSTANTS / (len(rates) * every * power)
    rate = max(learning_rate, min(enough, learning_rate * LONG_RUN / DURATION))
    step = min(rate * every, MOST_STEP / power)
    keep, peak = np.exp(-every / error_tau), 0.0
    change, share = np.empty_like(weights), step / n
    for k, (trace, spikes, target) in enumerate(zip(traces[:, :, np.newaxis], fired, targets)):
        given = spikes @ weights  # in each step
        given /= dt
        peak = max(peak, given.max(), -given.min())
        output = keep * output + (1 - keep) * (np.add.reduce(given) / len(given))
        np.multiply(trace, (output - target) * share, out=change)
        weights -= change
        if k % SEEN == SEEN - 1:
            seen.append(np.abs(weights).astype(np.float32))
    return Pilot(np.array(seen), traces, float(peak))


def _activity(
    rates: np.ndarray, tau: float, dt: float, chip: Chip, rng: np.random.RandomState
) -> Tuple[np.ndarray, np.ndarray]:
    """Filtered spikes, (n_epochs, n_neurons), Hz; and spikes, (n_epochs, steps, n_neurons)."""
    steps = chip.learning_epoch
    phase = rng.uniform(size=rates.shape[1]) + np.cumsum(rates, axis=0) * (steps * dt)
    phase = phase[:, None, :] + rates[:, None, :] * (dt * np.arange(1 - steps, 1)[:, None])
    turns = np.floor(phase.reshape(-1, rates.shape[1]))
    fired = np.diff(turns, axis=0, prepend=turns[:1]).reshape(len(rates), steps, -1)
    late = np.exp(-np.arange(steps - 1, -1, -1) * dt / tau) * -np.expm1(-dt / tau) / dt
    traces = np.einsum("s,esn->en", late, fired)
    kept = np.exp(-steps * dt / tau)
    for k in range(1, len(traces)):
        traces[k] += kept * traces[k - 1]
    return traces.astype(np.float32), fired.astype(np.float32)
