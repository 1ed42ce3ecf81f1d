"""Gains and biases of neurons, fitted to the rates of a pilot run."""

from __future__ import annotations

from typing import Callable, Tuple

import numpy as np

ROUNDS = 8
NUDGE = 0.1  # of the gain, and of the spread of currents: what a slope is taken over
FARTHEST = 3.0  # by which factor a gain may be changed
SPIKE = 0.05  # weight of leaving things as they are, per spike that a count errs by
ENOUGH = 0.01  # a smaller gain in cost ends the search

Rates = Callable[[np.ndarray, np.ndarray], np.ndarray]


def fit_to_pilot(
    rates: Rates,
    wanted: np.ndarray,
    gain: np.ndarray,
    bias: np.ndarray,
    spread: np.ndarray,
    shared: bool = False,
) -> Tuple[np.ndarray, np.ndarray]:
    """Gains and biases at which neurons come nearest to the rates that are wanted.

    They minimise, neuron by neuron, over the inputs x of the pilot,

        Σ_x [ q(x; g', b') − r(x) ]²,

    r being the rates that are wanted and q those of a run with gains g' and biases b', by
    Gauss–Newton steps, damped, whose slopes are differences of two runs. A neuron that is not
    made better keeps what it had.

    Parameters
    ----------
    rates : callable
        Gains and biases to the (n_inputs, n_neurons) rates of a run, Hz.
    wanted : (n_inputs, n_neurons) ndarray
        Hz.
    gain, bias : (n_neurons,) ndarray
        To begin with.
    spread : (n_neurons,) ndarray
        Standard deviation of the currents.
    shared : bool
        Multiply all gains by one factor, and shift all biases alike in units of gain.

    Returns
    -------
    gain, bias : (n_neurons,) ndarray
    """

    def total(values: np.ndarray) -> np.ndarray:
        added = values.sum(axis=0)
        return np.full(len(gain), added.sum()) if shared else np.asarray(added)

    if shared:
        spread = gain * np.mean(spread / np.abs(gain))
    nudge_gain, nudge_bias = NUDGE * gain, NUDGE * np.maximum(spread, 0.01 * np.abs(gain))
    best_gain, best_bias = np.array(gain, float), np.array(bias, float)
    residual = rates(best_gain, best_bias) - wanted
    cost = total(residual**2)
    damping = np.full(len(gain), 0.1)
    stay = SPIKE * (total(wanted) / len(wanted) + 1)
    for _ in range(ROUNDS):
        at = residual + wanted
        by_gain = rates(best_gain + nudge_gain, best_bias) - at
        by_bias = rates(best_gain, best_bias + nudge_bias) - at
        a = total(by_gain**2) * (1 + damping) + stay
        b = total(by_gain * by_bias)
        c = total(by_bias**2) * (1 + damping) + stay
        u, v = total(residual * by_gain), total(residual * by_bias)
        determinant = a * c - b * b
        new_gain = best_gain - np.clip((c * u - b * v) / determinant, -2, 2) * nudge_gain
        new_bias = best_bias - np.clip((a * v - b * u) / determinant, -3, 3) * nudge_bias
        new_gain = gain * np.clip(new_gain / gain, 1 / FARTHEST, FARTHEST)
        new_residual = rates(new_gain, new_bias) - wanted
        new_cost = total(new_residual**2)
        better = new_cost < cost
        before = cost.sum()
        best_gain = np.where(better, new_gain, best_gain)
        best_bias = np.where(better, new_bias, best_bias)
        residual = np.where(better, new_residual, residual)
        cost = np.where(better, new_cost, cost)
        damping = np.where(better, damping / 3, damping * 4)
        if better.any() and cost.sum() > (1 - ENOUGH) * before:
            break
    return best_gain, best_bias
