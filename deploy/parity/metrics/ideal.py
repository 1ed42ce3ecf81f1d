"""How far each side is from what it should come to equal."""

from __future__ import annotations

from typing import List

from deploy.parity.figure import Figure
from deploy.parity.metrics.pair import Pair, aligned, flat, lag_of, rms
from deploy.traces import Trace


def error_to_ideal(pair: Pair) -> List[Figure]:
    """RMSE to the ideal on each side, each aligned with its own, and their ratio.

    Raw units, over the whole run: what was wrong while it was being learnt
    counts as well.
    """
    if pair.reference_ideal is None or pair.other_ideal is None:
        return []
    own = _error(pair.reference, pair.reference_ideal, pair.sampling)
    its = _error(pair.other, pair.other_ideal, pair.sampling)
    towards = pair.reference_ideal.label
    return [
        Figure(pair.label, "error to ideal, reference", own, note=f"aligned RMSE to {towards}"),
        Figure(pair.label, "error to ideal, other", its, note=f"aligned RMSE to {towards}"),
        Figure(pair.label, "error to ideal, ratio", its / own if own else float("nan")),
    ]


def _error(trace: Trace, ideal: Trace, sampling: float) -> float:
    wanted, had = flat(ideal), flat(trace)
    w, h = aligned(wanted, had, lag_of(wanted, had, sampling))
    return rms(h - w)
