"""Weights that are whole parts of a threshold, as small integers are.

A neuron whose weights add up to just its threshold does not spike (v > θ), and has to spike neither
where all of them are integers of the chip. Rounded to the nearest ones, a weight may be above a
threshold that it was equal to, and neurons spike twice as often. So thresholds are chosen of which
these parts are whole steps of weights.
"""

from __future__ import annotations

from typing import Optional

import numpy as np

from loihi_rules.chip.levels import STEP, levels
from loihi_rules.chip.limits import LOIHI

MOST_PARTS = 127  # of a threshold; weights have no more steps
SAME = 1e-6  # relative, of numbers kept in 32 bits of floating point


def parts_of(ratios: np.ndarray, places: np.ndarray, n_neurons: int) -> np.ndarray:
    """In how many parts each threshold has to be divided, for all of a neuron to be whole parts.

    Parameters
    ----------
    ratios : (n,) ndarray
        Magnitudes of weights and biases, over their neuron's threshold.
    places : (n,) ndarray of int
        Of which neuron each is.
    n_neurons : int

    Returns
    -------
    (n_neurons,) ndarray of int
        The smallest number; 0 where none up to `MOST_PARTS` will do, or a neuron has nothing.
    """
    largest = np.zeros(n_neurons)
    np.maximum.at(largest, places, ratios)
    every = np.arange(n_neurons)
    hopeful = (_smallest(largest, every, n_neurons) > 0) & (largest > 0)
    some = hopeful[places]
    return np.where(hopeful, _smallest(ratios[some], places[some], n_neurons), 0)


def _smallest(ratios: np.ndarray, places: np.ndarray, n_neurons: int) -> np.ndarray:
    found = np.zeros(n_neurons, int)
    for parts in range(1, MOST_PARTS + 1):
        if not len(ratios):
            break
        scaled = ratios * parts
        off = np.abs(scaled - np.rint(scaled)) > SAME * np.maximum(scaled, 1.0)
        whole = (np.bincount(places, off, n_neurons) == 0) & (found == 0)
        found[whole] = parts
        left = ~whole[places]
        ratios, places = ratios[left], places[left]
    return found


def whole_parts(
    most: np.ndarray, weight: np.ndarray, parts: np.ndarray, step: int
) -> Optional[np.ndarray]:
    """For each neuron one of eight thresholds, none above its ``most``, of whole parts.

    Neurons of equally many parts get one; the others as `loihi_rules.chip.levels.levels` says.

    Parameters
    ----------
    most : (n,) ndarray
        The largest threshold of each neuron, in the chip's integers.
    weight : (n,) ndarray
        Magnitude of each neuron's largest weight, over its threshold.
    parts : (n,) ndarray of int
        Of `parts_of`.
    step : int
        Between two weights.

    Returns
    -------
    (n,) ndarray or None
        None if no neuron has whole parts, or that cannot be.
    """
    found = np.zeros(len(most))
    kinds = 0
    for number in np.unique(parts[parts > 0]):
        same = parts == number
        size = step * int(number)
        times = np.floor(most[same].min() / size * (1 + SAME))
        if times:
            found[same] = times * size
            kinds += 1
    others = found == 0
    left = LOIHI.thresholds_a_core - kinds
    if not kinds or left < int(others.any()):
        return None
    if others.any():
        free = levels(most[others], weight[others], left)
        found[others] = np.maximum(np.floor(free / STEP), 1) * STEP
    return found
