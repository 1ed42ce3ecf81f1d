"""How fast an error falls, and how far."""

from __future__ import annotations

import numpy as np

LEARNT = 0.8  # the error has to fall below this part of its start to have been learnt
SMOOTH = 0.03  # of the run, over which the square of the error is averaged


def final_error(error: np.ndarray) -> float:
    """RMS of an error (n_samples, n) in the last quarter."""
    quarter = error[-max(1, len(error) // 4) :]
    return float(np.sqrt(np.mean(np.square(quarter))))


def time_to_half(error: np.ndarray, level: float) -> float:
    """When the smoothed RMS of an error first is at a level, in parts of the run; NaN if never."""
    power = np.mean(np.square(error), axis=1)
    width = max(1, int(round(SMOOTH * len(power))))
    summed = np.concatenate([[0.0], np.cumsum(power)])
    curve = np.sqrt((summed[width:] - summed[:-width]) / width)
    below = np.flatnonzero(curve <= level)
    return float((below[0] + width / 2) / len(power)) if len(below) else float("nan")


def half_level(errors: np.ndarray) -> float:
    """Half way from the first error of (n_runs, n_samples, n) to what is left; NaN if nothing falls."""
    first = max(1, int(round(SMOOTH * errors.shape[1])))
    start = float(np.sqrt(np.mean(np.square(errors[:, :first]))))
    left = float(np.mean([final_error(error) for error in errors]))
    return (start + left) / 2 if left < LEARNT * start else float("nan")


def along(change: np.ndarray, reference: np.ndarray) -> float:
    """How far a change of weights goes along a reference's: their regression's slope."""
    power = float(np.sum(reference * reference))
    return float(np.sum(change * reference)) / power if power > 0 else float("nan")


def besides(change: np.ndarray, reference: np.ndarray) -> float:
    """What of a change of weights is not along a reference's, as a part of that."""
    power = float(np.sum(reference * reference))
    if power <= 0:
        return float("nan")
    rest = change - along(change, reference) * reference
    return float(np.sqrt(np.sum(rest * rest) / power))
