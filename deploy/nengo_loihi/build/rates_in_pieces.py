"""Rates of chip neurons at many points, a piece at a time."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

import numpy as np

PIECE = 2**16  # rates: what nengo-loihi makes of them on the way stays in the processor's cache


@contextlib.contextmanager
def rates_in_pieces(nengo_loihi: Any) -> Iterator[None]:
    """While this lasts, nengo-loihi solves for decoders with rates that it has a piece at a time.

    Of 2000 neurons at 4000 points it makes a dozen arrays of 64 MB each, one after the other
    (``neurons.py``, ``loihi_lif_rates``).
    """
    solving: Any = nengo_loihi.builder.connection
    whole = solving.loihi_rates

    def pieces(neuron_type: Any, x: np.ndarray, gain: Any, bias: Any, dt: float) -> np.ndarray:
        n_points = max(PIECE // x.shape[-1], 1)
        parts = (
            whole(neuron_type, x[start : start + n_points], gain, bias, dt)
            for start in range(0, len(x), n_points)
        )
        first = next(parts)
        if len(first) == len(x):
            return np.asarray(first)
        rates = np.empty((len(x), *first.shape[1:]), first.dtype)
        rates[:n_points] = first
        for k, part in enumerate(parts, 1):
            rates[k * n_points : k * n_points + len(part)] = part
        return rates

    solving.loihi_rates = pieces
    try:
        yield
    finally:
        solving.loihi_rates = whole
