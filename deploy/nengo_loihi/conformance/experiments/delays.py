"""Delays of synapses, up to what accumulators of 3 bits take, and up to what 6 bits do."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from deploy.nengo_loihi.conformance.experiment import (
    DELAY_BITS,
    Compartment,
    Core,
    Experiment,
    Synapses,
)

SHORT, LONG = (0, 1, 2, 3, 4, 5, 6), (0, 1, 7, 8, 15, 31, 33, 62)
MOST_BITS = 6
STEPS = 160


def _core(name: str, delays: Sequence[int], delay_bits: int) -> Core:
    """Each input has one weight, with a delay of its own."""
    n = len(delays)
    own = tuple(Compartment(f"delay of {delay} steps", "synapses.Dly") for delay in delays)
    rows = [np.where(np.arange(n) == k, 100 + 2 * k, 0)[np.newaxis] for k in range(n)]
    synapses = Synapses(rows, {k: (k, 0) for k in range(n)}, delays=delays)
    return Core(name, own, (synapses,), keys=("current",), delay_bits=delay_bits)


N_INPUTS = max(len(SHORT), len(LONG))

DELAYS = Experiment(
    "delays",
    "delays of synapses, of every length",
    (
        _core("delays up to 6 steps", SHORT, DELAY_BITS),
        _core("delays up to 62 steps", LONG, MOST_BITS),
    ),
    STEPS,
    N_INPUTS,
    # each alone, then all together, then some twice in steps that follow each other
    {
        **{1 + k: [k] for k in range(N_INPUTS)},
        40: list(range(N_INPUTS)),
        70: [0, 3, N_INPUTS - 1],
        71: [0, 3, N_INPUTS - 1],
    },
)
