"""Rounding of a matrix of weights whose errors cancel instead of adding up.

What a neuron i gets is the current Σ_j w_ij a_j(x). With few bits left most weights are less than
a step or two, and those of alike sources round the same way: all to nothing, or all up. The error
of the sum is then as large as that of each weight, however many there are. Rounding the sums

    k_ij = [S_ij] − [S_i,j−1],        S_ij = Σ_l≤j w_il / step,

[·] being the nearest whole number, leaves each weight within a step, and the error

    Σ_j (k_ij − w_ij / step) a_j(x) = Σ_j R_ij (a_j(x) − a_j+1(x)),        |R_ij| ≤ 1/2,

in which only differences of neighbours are left (summation by parts; the error diffusion of
Floyd & Steinberg 1976, in one dimension). So neighbours are to be alike, and sources follow one
another by their tuning.
"""

from __future__ import annotations

import numpy as np


def round_along(weights: np.ndarray, targets: np.ndarray, step: float) -> np.ndarray:
    """Whole multiples of a step, with errors that cancel along each target's sources.

    Parameters
    ----------
    weights : (n,) ndarray
        In the order of their sources.
    targets : (n,) ndarray of int
        Which neuron each leads to.
    step : float

    Returns
    -------
    (n,) ndarray
        Each within a step of its weight; what is 0 stays 0.
    """
    order = np.argsort(targets, kind="stable")
    ordered = targets[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    sums = np.cumsum(weights[order] / step)
    before = np.concatenate([[0.0], sums])[starts]
    whole = np.round(sums - np.repeat(before, np.diff(np.append(starts, len(sums)))))
    counts = np.diff(whole, prepend=0.0)
    counts[starts] = whole[starts]
    rounded = np.empty(len(weights))
    rounded[order] = counts * step
    return rounded


def round_table(weights: np.ndarray, step: float) -> np.ndarray:
    """As `round_along`, of sources that all lead to the same targets.

    Parameters
    ----------
    weights : (n_sources, n_targets) ndarray
        In the order of their sources.
    step : float

    Returns
    -------
    (n_sources, n_targets) ndarray
    """
    sums = np.cumsum(np.ascontiguousarray(weights.T).ravel() / step).reshape(weights.shape[::-1])
    before = np.concatenate([[0.0], sums[:-1, -1]])
    whole = np.round(sums - before[:, np.newaxis])
    counts = np.diff(whole, axis=1, prepend=0.0)
    return np.ascontiguousarray(counts.T * step)


def by_likeness(activities: np.ndarray) -> np.ndarray:
    """An order of neurons in which each is followed by the one most like it that is left.

    Parameters
    ----------
    activities : (n_neurons, n_points) ndarray
        Rates at points of what they represent.

    Returns
    -------
    (n_neurons,) ndarray of int
    """
    size = np.linalg.norm(activities, axis=1, keepdims=True)
    unit = activities / np.where(size > 0, size, 1.0)
    alike = unit @ unit.T
    chain = np.zeros(len(unit), int)
    for k in range(1, len(chain)):
        alike[:, chain[k - 1]] = -np.inf  # no more to be chosen
        chain[k] = alike[chain[k - 1]].argmax()
    return chain
