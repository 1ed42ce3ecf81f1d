"""Two traces of the same probe, and what their metrics share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

import numpy as np

from deploy.traces import Trace

LONGEST_LAG = 0.1  # s; nothing between host and chip takes longer


@dataclass(frozen=True)
class Pair:
    """One probe on two targets.

    Attributes
    ----------
    reference, other : Trace
    dt : float
        Step in seconds.
    reference_ideal, other_ideal : Trace or None
        What each should come to equal.
    """

    reference: Trace
    other: Trace
    dt: float
    reference_ideal: Optional[Trace] = None
    other_ideal: Optional[Trace] = None

    @property
    def label(self) -> str:
        return self.reference.label

    @property
    def sampling(self) -> float:
        """Sampling period in seconds."""
        return self.reference.period * self.dt


def flat(trace: Trace) -> np.ndarray:
    """(n_samples, n) samples."""
    samples = np.asarray(trace.samples, dtype=float)
    return samples.reshape(len(samples), -1)


def rms(x: np.ndarray) -> float:
    """Root of the mean square; 0 of nothing."""
    return float(np.sqrt(np.mean(np.square(x)))) if x.size else 0.0


def lag_of(reference: np.ndarray, other: np.ndarray, sampling: float) -> int:
    """How many samples ``other`` is late: the peak of the normalised cross-correlation.

    For each lag, ``Σ a·b / √(Σ a² · Σ b²)`` over the samples that overlap at it, so
    that equal signals have lag 0 however slow they are. Dimensions are taken
    about their means and added up.

    Parameters
    ----------
    reference, other : (n_samples, n) ndarray
    sampling : float
        Sampling period in seconds.
    """
    n = min(len(reference), len(other))
    reach = min(int(round(LONGEST_LAG / sampling)), n - 1)
    if reach < 1:
        return 0
    a = reference[:n] - reference[:n].mean(axis=0)
    b = other[:n] - other[:n].mean(axis=0)
    total = _cross_correlation(a, b).sum(axis=1)
    lags = np.arange(-reach, reach + 1)
    power = _overlapping_power(a, lags, leading=True) * _overlapping_power(b, lags, leading=False)
    near = np.zeros(len(lags))
    np.divide(total[n - 1 + lags], np.sqrt(power), out=near, where=power > 0)
    # the FFT's rounding must not make a lag of two equal signals
    best = near.max()
    candidates = lags[near >= best - 1e-12]
    return int(candidates[np.argmin(np.abs(candidates))]) if best > 0 else 0


def _cross_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``Σ a·b`` of each column at every lag of ``b``; lag 0 is at ``len(a) - 1``.

    As of `scipy.signal.correlate`, whose import takes longer than a short comparison.
    """
    length = len(a) + len(b) - 1
    size = 2 ** (length - 1).bit_length()
    spectrum = np.fft.rfft(b, size, axis=0) * np.fft.rfft(a[::-1], size, axis=0)
    return np.fft.irfft(spectrum, size, axis=0)[:length]


def _overlapping_power(x: np.ndarray, lags: np.ndarray, leading: bool) -> np.ndarray:
    """Sum of squares of the samples that overlap when the other is so much later."""
    n = len(x)
    summed = np.concatenate([[0.0], np.cumsum(np.sum(x * x, axis=1))])
    ahead = lags if leading else -lags  # samples cut off at the end, or at the start
    return summed[n - np.maximum(ahead, 0)] - summed[np.maximum(-ahead, 0)]


def aligned(reference: np.ndarray, other: np.ndarray, lag: int) -> Tuple[np.ndarray, np.ndarray]:
    """The overlapping samples once ``other`` is moved ``lag`` samples earlier."""
    n = min(len(reference), len(other))
    if lag >= 0:
        return reference[: n - lag], other[lag:n]
    return reference[-lag:n], other[: n + lag]
