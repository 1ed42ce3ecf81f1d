"""What two runs have and cannot be compared, with the reason."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deploy.traces.trace import Trace

FEWEST_SAMPLES = 36  # of what is followed in time: 32, and a tenth at the start
ENDS = 2  # samples of weights, of which the first and the last are compared
SHORTEST = 0.05  # s, in which neurons that fire have intervals
LARGEST = 1e15  # of a sample: what is larger has no square in single precision


class Uncompared(NamedTuple):
    """A trace that both runs have, and that could not be compared."""

    trace: str
    why: str
    too_short: bool = False  # more of it would do


def why_too_short(trace: Trace, dt: float, halved: bool = False) -> str:
    """Why there is too little of a trace to tell anything by; empty if there is not.

    Of what is `halved`, as it is learned, the second half counts.
    """
    if not trace.sparse:
        count = len(trace.samples)
        needed = 2 * FEWEST_SAMPLES if halved else FEWEST_SAMPLES
        if trace.kind == "weights":
            needed = ENDS
        if count >= needed:
            return ""
        return (
            f"it has {count} of {needed} samples that are needed; run longer, or sample more often"
        )
    seconds = trace.n_steps * dt
    if seconds >= SHORTEST * (1 - 1e-9):
        return ""
    least = 1000 * SHORTEST
    return f"its spikes are of {1000 * seconds:g} of {least:g} ms that are needed; run longer"


def why_no_numbers(trace: Trace, dt: float) -> str:
    """Which samples of a trace nothing can be reckoned with; empty if all are numbers."""
    if trace.sparse or not trace.samples.size:
        return ""
    samples = trace.rows
    unusable = ~(np.abs(samples) <= LARGEST)  # as NaN is
    bad = unusable.any(axis=1)
    if not bad.any():
        return ""
    first = int(np.argmax(bad))
    value = samples[first][unusable[first]][0]
    return (
        f"NaN, infinite or above {LARGEST:g} in {int(bad.sum())} of {len(bad)} samples, the first, "
        f"{value:g}, at {trace.times(dt)[first]:g} s"
    )
