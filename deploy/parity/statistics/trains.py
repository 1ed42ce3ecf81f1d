"""Statistics of spike trains."""

from __future__ import annotations

import numpy as np

BIN = 0.005  # s; spikes so close are together
FEWEST = 5  # intervals that a neuron has to have for its regularity


def regularity(steps: np.ndarray, neurons: np.ndarray) -> float:
    r"""Local variation of intervals, mean over all pairs of neighbours.

    .. math:: CV_2 = \left\langle
        \frac{2 \max(|I_{k+1} - I_k| - 1, 0)}{I_{k+1} + I_k} \right\rangle

    in steps; 0 of a clock, 1 of a Poisson process of low rate; slow changes of the rate do not
    enter. Of intervals that are equal, spikes at whole steps make some that differ by one step: how
    many, depends on what becomes of the rest of a step, and at 100 Hz that alone would be 0.1.

    Parameters
    ----------
    steps, neurons : (n_spikes,) ndarray
        Of each spike.

    References
    ----------
    Holt, Softky, Koch & Douglas (1996), J. Neurophysiol. 75(5), 1806-1814.
    """
    order = np.lexsort((steps, neurons))
    who, when = neurons[order], steps[order].astype(float)
    interval = np.diff(when)
    same = who[1:] == who[:-1]
    pair = same[1:] & same[:-1]
    first, second = interval[:-1][pair], interval[1:][pair]
    if len(first) < FEWEST:
        return float("nan")
    more = np.maximum(np.abs(second - first) - 1, 0)
    return float(np.mean(2 * more / (second + first)))


def synchrony(
    steps: np.ndarray, neurons: np.ndarray, n_neurons: int, n_steps: int, dt: float
) -> float:
    r"""How much of the neurons' variance is common.

    .. math:: \chi = \sqrt{\operatorname{Var}_t \langle c_i \rangle_i
              \big/ \langle \operatorname{Var}_t c_i \rangle_i}

    of spike counts c_i in bins of 5 ms: 1 if all fire together, :math:`1/\sqrt n` if none do.

    References
    ----------
    Golomb & Rinzel (1994), Physica D 72, 259-282; Golomb (2007), Scholarpedia 2(1):1347.
    """
    width = max(1, int(round(BIN / dt)))
    bins = n_steps // width
    if bins < 10 or n_neurons < 2:
        return float("nan")
    which = (steps - 1) // width
    inside = which < bins
    flat = which[inside].astype(np.int64) * n_neurons + neurons[inside]
    counts = np.bincount(flat, minlength=bins * n_neurons).reshape(bins, n_neurons)
    own = float(counts.var(axis=0).mean())
    return float(np.sqrt(counts.mean(axis=1).var() / own)) if own > 0 else float("nan")
