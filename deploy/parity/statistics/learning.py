"""How fast an error falls, and how far."""

from __future__ import annotations

import numpy as np

LEARNT = 0.8  # the error has to fall below this part of its start to have been learnt
OFF = 1e-4  # of its largest, below which an error is switched off: less than any neuron's noise
SMOOTH = 0.03  # of the run, over which the square of the error is averaged


def while_taught(errors: np.ndarray) -> np.ndarray:
    """(n_samples,) where an error teaches: not where it is switched off in all runs.

    Once it is off, an error falls to nothing without anything being learnt.

    Parameters
    ----------
    errors : (n_runs, n_samples, n) ndarray
    """
    largest = np.abs(errors).max(axis=(0, 2), initial=0.0)
    off = largest <= OFF * largest.max(initial=0.0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], off.astype(int), [0]])))
    taught = np.ones(len(off), bool)
    for begin, end in zip(edges[::2], edges[1::2]):
        if end - begin >= max(2, SMOOTH * len(off)):  # shorter ones are the error crossing 0
            taught[begin:end] = False
    return taught if taught.any() else np.ones(len(off), bool)


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
    """Half way down from the start of errors (n_runs, n_samples, n); NaN if none falls."""
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


def mean_between(signal: np.ndarray, steps: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(n_ends - 1, n) mean of a signal (n_samples, n), taken at steps, between two ends."""
    summed = np.concatenate([np.zeros((1, signal.shape[1])), np.cumsum(signal, axis=0)])
    at = np.searchsorted(steps, ends, side="right")
    counts = np.maximum(np.diff(at), 1)[:, None]
    return np.asarray((summed[at[1:]] - summed[at[:-1]]) / counts)


def drive(changes: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """What a unit of error changed in each part of a run: least squares over runs.

    Parameters
    ----------
    changes : (n_runs, n_parts, size_out, n_pre) ndarray
    errors : (n_runs, n_parts, size_out) ndarray

    Returns
    -------
    (n_parts, n_pre) ndarray
    """
    power = np.sum(errors**2, axis=(0, 2))[:, None]
    product = np.einsum("rkdn,rkd->kn", changes, errors)
    share: np.ndarray = np.divide(product, power, out=np.zeros_like(product), where=power > 0)
    return share


def rate(change: np.ndarray, error: np.ndarray, driven: np.ndarray, steady: np.ndarray) -> float:
    r"""How fast weights follow their error, as a part of what others do.

    An error rule changes weights by :math:`\Delta w_{di} = -\kappa E_d a_i`. Where the activities
    :math:`a_i` are those of other runs, whose :math:`-\kappa a_i` in each part of the run is
    ``driven``, the ratio of the rates is the slope of :math:`\Delta w_{di}` on
    :math:`E_d\,(-\kappa a_i)`: it does not matter how far the learning has come. Where an error
    crosses zero within a part, its mean tells little of what it taught, as activities change
    meanwhile; parts count as much as their error is steady.

    Parameters
    ----------
    change : (n_parts, size_out, n_pre) ndarray
    error : (n_parts, size_out) ndarray
    driven : (n_parts, n_pre) ndarray
        See `drive`.
    steady : (n_parts, size_out) ndarray
        See `steadiness`.
    """
    weight = np.sqrt(steady)[:, :, None]
    expected = error[:, :, None] * driven[:, None, :]
    return along(weight * change, weight * expected)


def steadiness(signal: np.ndarray, steps: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(n_ends - 1, n) square of a signal's mean in each part, of the mean of its square: 0 to 1."""
    mean, power = mean_between(signal, steps, ends), mean_between(signal**2, steps, ends)
    share: np.ndarray = np.divide(mean**2, power, out=np.zeros_like(mean), where=power > 0)
    return share
