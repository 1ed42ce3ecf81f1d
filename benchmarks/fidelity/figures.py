"""Figures of merit: a recording's samples to one number."""

from __future__ import annotations

from typing import Optional, Tuple

import nengo
import numpy as np

MOST_LAG = 0.04  # s


def filtered(samples: np.ndarray, *synapses: Optional[float], dt: float = 0.001) -> np.ndarray:
    """Samples after lowpass filters of these time constants, as connections in a row do."""
    for tau in synapses:
        if tau:
            samples = nengo.Lowpass(tau).filt(samples, y0=0, dt=dt)
    return samples


def best_lag(ideal: np.ndarray, output: np.ndarray, most: int) -> int:
    """By how many samples, 0 to ``most``, the output comes after its ideal."""
    errors = [rmse(ideal[: len(ideal) - k], output[k:]) for k in range(most + 1)]
    return int(np.argmin(errors))


def rmse(ideal: np.ndarray, output: np.ndarray) -> float:
    return float(np.sqrt(np.mean((output - ideal) ** 2)))


def aligned(
    ideal: np.ndarray, output: np.ndarray, dt: float, settled: float = 0.2
) -> Tuple[np.ndarray, np.ndarray]:
    """Both, the output's lag taken out, without what comes before it has settled (seconds)."""
    lag = best_lag(ideal, output, int(MOST_LAG / dt))
    begin = int(settled / dt)
    return ideal[begin : len(ideal) - lag], output[begin + lag :]


def aligned_error(
    ideal: np.ndarray, output: np.ndarray, dt: float, scale: float = 1.0, settled: float = 0.2
) -> float:
    """Root mean square of what an output is off its ideal, its lag taken out, by a scale."""
    return rmse(*aligned(ideal, output, dt, settled)) / scale


def gain(ideal: np.ndarray, output: np.ndarray, dt: float, settled: float = 0.2) -> float:
    """Regression of the output on its ideal."""
    ideal, output = aligned(ideal, output, dt, settled)
    return float(np.sum(ideal * output) / np.sum(ideal**2))


def lag_ms(output: np.ndarray, dt: float, hertz: float, settled: float = 0.5) -> float:
    """By how many ms an output comes after sin(2πft): the phase of its Fourier component."""
    begin = int(settled / dt)
    whole = int((len(output) - begin) * dt * hertz) / hertz  # whole periods
    part = output[begin : begin + int(round(whole / dt)), 0]
    t = dt * (begin + 1 + np.arange(len(part)))
    phase = np.angle(np.sum(part * np.exp(-2j * np.pi * hertz * t))) + np.pi / 2
    return float(-1e3 * ((phase + np.pi) % (2 * np.pi) - np.pi) / (2 * np.pi * hertz))


def frequency(samples: np.ndarray, dt: float, settled: float = 0.5) -> float:
    """Mean speed in Hz with which a point of two dimensions goes round; its sign is the way."""
    part = samples[int(settled / dt) :]
    angle = np.unwrap(np.arctan2(part[:, 1], part[:, 0]))
    return float(np.polyfit(dt * np.arange(len(angle)), angle, 1)[0] / (2 * np.pi))


def rates_error(ideal: np.ndarray, rates: np.ndarray) -> float:
    """Norm of the difference of rates by neuron, as a share of the ideal's norm."""
    return float(np.linalg.norm(rates - ideal) / np.linalg.norm(ideal))


def late(samples: np.ndarray, share: float = 0.25) -> np.ndarray:
    """The last part of the samples."""
    return samples[-max(1, int(share * len(samples))) :]
