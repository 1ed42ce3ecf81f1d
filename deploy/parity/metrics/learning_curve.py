"""How fast, and how far, the error of a learned connection falls."""

from __future__ import annotations

import math
from typing import List, Optional

import numpy as np

from deploy.parity.figure import Figure
from deploy.parity.metrics.pair import Pair, flat, rms
from deploy.parity.statistics.learning import while_taught
from deploy.traces.trace import Trace

WINDOWS = 20  # the run is cut into so many; the curve is the RMS error in each
LEARNT = 0.8  # the error has to fall below this part of its start to have been learnt


def curve(trace: Trace, taught: Optional[np.ndarray] = None) -> np.ndarray:
    """(WINDOWS,) RMS of the error in each part of the run, or of the time in which it teaches."""
    error = flat(trace) if taught is None else flat(trace)[taught]
    return np.array([rms(part) for part in np.array_split(error, WINDOWS)])


def learning_curve(pair: Pair) -> List[Figure]:
    """The error left in the last quarter, and the time until it is halved.

    The time to half is when the curve first is half way down from its first
    window to the reference's level in the last quarter, in parts of the run. Where the
    error is switched off, nothing is learnt, and what it falls to there is not counted.
    """
    taught = while_taught(np.stack([flat(pair.reference), flat(pair.other)]))
    seconds = float(np.sum(taught)) * pair.sampling
    if np.sum(taught) < 2 * WINDOWS:
        why = f"{np.sum(taught)} samples, of {2 * WINDOWS} that are needed"
        return [Figure(pair.label, "final error, ratio", math.nan, note=why)]
    own, its = (curve(trace, taught) for trace in (pair.reference, pair.other))
    quarter = WINDOWS // 4
    left_own, left_its = rms(own[-quarter:]), rms(its[-quarter:])
    whole = bool(taught.all())
    note = "" if whole else f"of the {seconds:g} s in which the error is not switched off"
    figures = [
        Figure(pair.label, "error at first, reference", float(own[0]), note="RMS"),
        Figure(pair.label, "final error, reference", left_own, note="RMS, last quarter"),
        Figure(pair.label, "final error, other", left_its, note="RMS, last quarter"),
    ]
    if left_own > 0:
        figures.append(Figure(pair.label, "final error, ratio", left_its / left_own))
    if left_own < LEARNT * own[0]:
        level = (own[0] + left_own) / 2
        mine, theirs = _first_below(own, level), _first_below(its, level)
        for name, at in (("reference", mine), ("other", theirs)):
            if at is not None:
                figures.append(
                    Figure(pair.label, f"time to half, {name}", at * seconds, "s", note=note)
                )
        late = float("inf") if theirs is None or mine is None else theirs - mine
        figures.append(
            Figure(pair.label, "time to half, difference", late, "of the run", note=note)
        )
    else:
        why = f"the reference's error does not fall to {LEARNT:g} of its start"
        figures.append(Figure(pair.label, "time to half, difference", math.nan, note=why))
    return figures


def _first_below(values: np.ndarray, level: float) -> Optional[float]:
    """Where a curve first is at or below a level, in parts of its length."""
    below = np.flatnonzero(values <= level)
    return (below[0] + 0.5) / len(values) if len(below) else None
