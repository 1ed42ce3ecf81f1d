"""Probe filters over a whole batch of samples."""

from __future__ import annotations

from typing import Any, Dict, Mapping

import numpy as np
from nengo.synapses import LinearFilter

from deploy.compiling.jit import HAVE_NUMBA, jit
from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.private_names import HOST, missing


@jit
def _lowpass(samples: np.ndarray, x: np.ndarray, a: float, b: float, filtered: np.ndarray) -> None:
    """Nengo's ``LinearFilter.OneX`` on a state of single precision.

    x ← a·x is computed in single precision, x ← x + b·u in double, and both are rounded
    to single: NumPy's in-place operators do so.
    """
    for i in range(samples.shape[0]):
        for j in range(samples.shape[1]):
            decayed = np.float32(x[0, j] * np.float32(a))
            x[0, j] = np.float32(np.float64(decayed) + b * samples[i, j])
            filtered[i, j] = x[0, j]


@jit
def _lowpass_of_one(
    samples: np.ndarray, x: np.ndarray, a: float, b: float, filtered: np.ndarray
) -> None:
    """``LinearFilter.OneXScalar``: all in double, and rounded once."""
    for i in range(samples.shape[0]):
        x[0, 0] = np.float32(a * np.float64(x[0, 0]) + b * samples[i, 0])
        filtered[i, 0] = x[0, 0]


COMPILED: Dict[Any, Any] = {
    LinearFilter.OneX: _lowpass,
    LinearFilter.OneXScalar: _lowpass_of_one,
}


class BatchFilter:
    """nengo-loihi's ``ProbeFilter``: the same filter steps, those of a low-pass compiled.

    Parameters
    ----------
    dt : float
        Step in seconds.
    """

    def __init__(self, dt: float):
        self.dt = dt
        self._make_step = load_nengo_loihi().compat.make_process_step
        self._steps: Dict[Any, Any] = {}
        self._done: Dict[Any, int] = {}

    def rename(self, named: Mapping[Any, Any]) -> None:
        """Go on with other probes in the place of these."""
        self._steps = {named[probe]: step for probe, step in self._steps.items()}
        self._done = {named[probe]: n for probe, n in self._done.items()}

    def __call__(self, probe: Any, samples: np.ndarray) -> np.ndarray:
        """(n, k) samples after the probe's synapse."""
        if probe.synapse is None:
            return samples
        if probe not in self._steps:
            shape = (probe.output_size,)
            self._steps[probe] = self._make_step(
                probe.synapse, shape, shape, dt=self.dt, rng=None, dtype=np.float32
            )
            self._done[probe] = 0
        step = self._steps[probe]
        filtered = np.zeros_like(samples)
        known = HAVE_NUMBA and missing(HOST) is None
        compiled = COMPILED.get(type(step)) if known else None
        if compiled and samples.dtype == np.float64 and step.X.dtype == np.float32:
            compiled(samples, step.X, float(step.a), float(step.b), filtered)
            return filtered
        done = self._done[probe]
        for i, sample in enumerate(samples):
            filtered[i] = step((done + i) * self.dt, sample)
        self._done[probe] += len(samples)
        return filtered
