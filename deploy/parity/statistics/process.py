"""What a path is like by itself: its distribution, and its rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

import numpy as np

QUANTILES = (0.05, 0.5, 0.95)
DOMINANT = 0.5  # of a path's power about its peak, from which on it is an oscillation
AROUND = 0.4  # of the peak's frequency, on both sides, that belongs to it


@dataclass(frozen=True)
class Process:
    """Each dimension's statistics; NaN where there are none.

    Attributes
    ----------
    level : (n,) ndarray
        Mean.
    amplitude : (n,) ndarray
        Standard deviation.
    quantiles : (n, 3) ndarray
        Of its distribution, at `QUANTILES`.
    frequency : (n,) ndarray
        Hz, of an oscillation: mean slope of its phase.
    diffusion : (n,) ndarray
        Of an oscillation's phase: RMS change in one period besides the mean, in radians.
    """

    level: np.ndarray
    amplitude: np.ndarray
    quantiles: np.ndarray
    frequency: np.ndarray
    diffusion: np.ndarray


def describe_process(path: np.ndarray, sampling: float) -> Process:
    """Statistics of a path (n_samples, n).

    The phase is that of the analytic signal of the band about the spectrum's peak.

    References
    ----------
    Pikovsky, Rosenblum & Kurths (2001), Synchronization, appendix A2.
    """
    path = np.asarray(path, float)
    rhythm = np.array([_rhythm(path[:, k], sampling) for k in range(path.shape[1])])
    rhythm = rhythm.reshape(-1, 2)
    return Process(
        path.mean(axis=0),
        path.std(axis=0),
        np.quantile(path, QUANTILES, axis=0).T,
        rhythm[:, 0],
        rhythm[:, 1],
    )


def _rhythm(x: np.ndarray, sampling: float) -> Tuple[float, float]:
    none = (np.nan, np.nan)
    x = x - x.mean()
    if len(x) < 64 or x.std() <= 1e-9:
        return none
    spectrum = np.fft.rfft(x)
    power = np.abs(spectrum) ** 2
    frequency = np.fft.rfftfreq(len(x), sampling)
    peak = frequency[np.argmax(power)]
    length = len(x) * sampling
    if peak * length < 4:  # fewer than four periods are no rhythm
        return none
    band = np.abs(frequency - peak) <= AROUND * peak
    if power[band].sum() < DOMINANT * power.sum():
        return none
    analytic = np.zeros(len(x), complex)  # positive frequencies alone
    analytic[: len(spectrum)] = np.where(band, 2 * spectrum, 0)
    phase = np.unwrap(np.angle(np.fft.ifft(analytic)))
    edge = int(round(1 / peak / sampling))
    phase = phase[edge:-edge]
    t = sampling * np.arange(len(phase))
    slope, start = np.polyfit(t, phase, 1)
    wander = phase - slope * t - start
    steps = wander[edge:] - wander[:-edge]
    return float(slope / (2 * np.pi)), float(np.sqrt(np.mean(steps**2))) if len(steps) else np.nan
