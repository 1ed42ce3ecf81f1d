"""What two runs have and cannot be compared, with the reason."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deploy.traces.trace import Trace

LARGEST = 1e15  # of a sample: what is larger has no square in single precision


class Uncompared(NamedTuple):
    """A trace that both runs have, and that could not be compared."""

    trace: str
    why: str


def why_no_numbers(trace: Trace, dt: float) -> str:
    """Which samples of a trace nothing can be reckoned with; empty if all are numbers."""
    if trace.sparse or not trace.samples.size:
        return ""
    samples = trace.samples.reshape(len(trace.samples), -1)
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
