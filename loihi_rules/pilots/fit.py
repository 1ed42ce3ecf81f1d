"""Gains and biases of neurons, fitted to the rates of a pilot run."""

from __future__ import annotations

from typing import Callable, Tuple

import numpy as np

ROUNDS = 8
NUDGE = 0.1  # of the gain, and of the spread of currents: what a slope is taken over
FARTHEST = 3.0  # by which factor a gain may be changed
SPIKE = 0.05  # weight of leaving things as they are, per spike that a count errs by
ENOUGH = 0.01  # a smaller gain in cost ends the search
FAR_OFF = 0.05  # of the rates that are wanted, from which on other gains are looked at, far apart
OTHERS = np.geomspace(0.65, 1.6, 9)  # of them

# (n_runs, n_neurons) gains and biases to the (n_runs, n_inputs, n_neurons) rates of runs, Hz
Rates = Callable[[np.ndarray, np.ndarray], np.ndarray]


def fit_to_pilot(
    rates: Rates,
    wanted: np.ndarray,
    gain: np.ndarray,
    bias: np.ndarray,
    spread: np.ndarray,
    shared: bool = False,
    leaps: bool = False,
) -> Tuple[np.ndarray, np.ndarray]:
    """Gains and biases at which neurons come nearest to the rates that are wanted.

    They minimise, neuron by neuron, over the inputs x of the pilot,

        Σ_x [ q(x; g', b') − r(x) ]²,

    r being the rates that are wanted and q those of a run with gains g' and biases b', by
    Gauss–Newton steps, damped, whose slopes are differences of two runs. A neuron that is not
    made better keeps what it had.

    A neuron that few others drive fires with their spikes, one for each, or three for two, over a
    range of gains, and between these ranges rates leap: a slope says nothing of that. Where rates
    stay 5 % off, neuron by neuron, the gain may be the best of nine from 0.65 to 1.6 times; not of
    what is decoded, by tuning curves that these gains would move.

    Parameters
    ----------
    rates : callable
        (n_runs, n_neurons) gains and biases to the (n_runs, n_inputs, n_neurons) rates of runs, Hz.
    wanted : (n_inputs, n_neurons) ndarray
        Hz.
    gain, bias : (n_neurons,) ndarray
        To begin with.
    spread : (n_neurons,) ndarray
        Standard deviation of the currents.
    shared : bool
        Multiply all gains by one factor.
    leaps : bool
        Whether gains far apart are looked at where rates stay off.

    Returns
    -------
    gain, bias : (n_neurons,) ndarray
    """

    def pooled(values: np.ndarray) -> np.ndarray:
        return np.full_like(values, values.sum()) if shared else values

    nudge_gain = NUDGE * gain
    nudge_bias = NUDGE * np.maximum(np.abs(spread), 0.01 * np.abs(gain))
    some = np.where(gain == 0, 1.0, gain)  # currents are nothing to the others
    best_gain, best_bias = np.array(gain, float), np.array(bias, float)
    residual = rates(best_gain[np.newaxis], best_bias[np.newaxis])[0] - wanted
    cost = pooled(np.sum(residual**2, axis=0))
    damping = np.full(len(gain), 0.1)
    stay = SPIKE * (wanted.mean(axis=0) + 1)
    for _ in range(ROUNDS):
        at = residual + wanted
        nudged = (best_gain + nudge_gain, best_gain), (best_bias, best_bias + nudge_bias)
        by_gain, by_bias = rates(*map(np.array, nudged)) - at
        a = np.sum(by_gain**2, axis=0) * (1 + damping) + stay
        b = np.sum(by_gain * by_bias, axis=0)
        c = np.sum(by_bias**2, axis=0) * (1 + damping) + stay
        u, v = np.sum(residual * by_gain, axis=0), np.sum(residual * by_bias, axis=0)
        step_gain = np.clip(pooled(u - b * v / c) / pooled(a - b * b / c), -2, 2)
        step_bias = np.clip((v - b * step_gain) / c, -3, 3)
        new_gain = best_gain - step_gain * nudge_gain
        new_gain = gain * np.clip(new_gain / some, 1 / FARTHEST, FARTHEST)
        new_bias = best_bias - step_bias * nudge_bias
        new_residual = rates(new_gain[np.newaxis], new_bias[np.newaxis])[0] - wanted
        new_cost = pooled(np.sum(new_residual**2, axis=0))
        better = new_cost < cost
        before = cost.sum()
        best_gain = np.where(better, new_gain, best_gain)
        best_bias = np.where(better, new_bias, best_bias)
        residual = np.where(better, new_residual, residual)
        cost = np.where(better, new_cost, cost)
        damping = np.where(better, damping / 3, damping * 4)
        if better.any() and cost.sum() > (1 - ENOUGH) * before:
            break
    if shared or not leaps or cost.sum() <= FAR_OFF**2 * np.sum(wanted**2):
        return best_gain, best_bias
    found = rates(best_gain * OTHERS[:, np.newaxis], np.tile(best_bias, (len(OTHERS), 1)))
    costs = np.sum((found - wanted) ** 2, axis=1)
    best = costs.argmin(axis=0)
    better = costs.min(axis=0) < cost
    return np.where(better, best_gain * OTHERS[best], best_gain), best_bias
