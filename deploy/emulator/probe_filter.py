"""Probe filters over a whole batch of samples."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np

from deploy.compat import load_nengo_loihi
from deploy.emulator.jit import HAVE_NUMBA, jit


@jit
def _lowpass(samples, state, a, b, filtered):
    """Nengo's ``LinearFilter.OneX``: x ← a·x, x ← x + b·u, each rounded to its type."""
    for i in range(samples.shape[0]):
        for j in range(samples.shape[1]):
            x = np.float32(state[j] * a)
            x = np.float32(x + samples[i, j] * b)
            state[j] = x
            filtered[i, j] = x


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
        done = self._done[probe]
        for i, sample in enumerate(samples):
            filtered[i] = step((done + i) * self.dt, sample)
        self._done[probe] += len(samples)
        return filtered


assert HAVE_NUMBA or _lowpass is not None
