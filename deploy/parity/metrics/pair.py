"""Two traces of the same probe, and what their metrics share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

import numpy as np

from deploy.traces.trace import Trace


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
    return np.asarray(trace.rows, dtype=float)


def rms(x: np.ndarray) -> float:
    """Root of the mean square; 0 of nothing."""
    return float(np.sqrt(np.mean(np.square(x)))) if x.size else 0.0


def aligned(reference: np.ndarray, other: np.ndarray, lag: int) -> Tuple[np.ndarray, np.ndarray]:
    """The overlapping samples once ``other`` is moved ``lag`` samples earlier."""
    n = min(len(reference), len(other))
    if lag >= 0:
        return reference[: n - lag], other[lag:n]
    return reference[-lag:n], other[: n + lag]
