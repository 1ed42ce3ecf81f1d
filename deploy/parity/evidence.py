"""What of two runs can tell anything: not what is the same by construction."""

from __future__ import annotations

from typing import FrozenSet

import numpy as np

from deploy.traces.trace import Trace
from deploy.traces.traces import OFF_CHIP, Traces


def same_by_construction(reference: Traces, other: Traces) -> FrozenSet[str]:
    """Labels of the traces that the chip has no part in, and whose samples are the same bits.

    Both is asked, as nodes may share what no connection shows.
    """
    return same_samples(reference, other).intersection(other.record.get(OFF_CHIP, ()))


def same_samples(reference: Traces, other: Traces) -> FrozenSet[str]:
    """Labels of the traces of two runs whose samples are the same bits."""
    return frozenset(
        trace.label
        for trace in reference
        if trace.label in other.traces and _same_bits(trace, other[trace.label])
    )


def _same_bits(a: Trace, b: Trace) -> bool:
    pairs = (
        (a.samples, b.samples),
        (a.spike_steps, b.spike_steps),
        (a.spike_neurons, b.spike_neurons),
    )
    return all(np.array_equal(one, two) for one, two in pairs)
