"""How far each side is from what it should come to equal."""

from __future__ import annotations

from typing import List

from deploy.parity.figure import Figure
from deploy.parity.metrics.pair import Pair, aligned, flat, rms
from deploy.parity.statistics.path import peak_lag
from deploy.traces.trace import Trace


def error_to_ideal(pair: Pair) -> List[Figure]:
    """RMSE to the ideal on each side, each aligned with its own, and their ratio.

    Raw units, over the whole run: what was wrong while it was being learnt
    counts as well.
    """
    if pair.reference_ideal is None or pair.other_ideal is None:
        return []
    own = error_to(pair.reference, pair.reference_ideal, pair.sampling)
    its = error_to(pair.other, pair.other_ideal, pair.sampling)
    towards = pair.reference_ideal.label
    return [
        Figure(pair.label, "error to ideal, reference", own, note=f"aligned RMSE to {towards}"),
        Figure(pair.label, "error to ideal, other", its, note=f"aligned RMSE to {towards}"),
        Figure(pair.label, "error to ideal, ratio", its / own if own else float("nan")),
    ]


def error_to(trace: Trace, ideal: Trace, sampling: float) -> float:
    """RMS of a trace less its ideal, once they are aligned by whole samples."""
    wanted, had = flat(ideal), flat(trace)
    w, h = aligned(wanted, had, peak_lag(wanted, had, sampling))
    return rms(h - w)
