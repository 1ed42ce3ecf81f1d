"""How far a value is from its reference, once both are brought into step."""

from __future__ import annotations

import math
from typing import List

import numpy as np

from deploy.parity.figure import Figure
from deploy.parity.metrics.pair import Pair, aligned, flat, rms
from deploy.parity.statistics.path import peak_lag

VARIES = 0.3  # std ÷ RMS above which a signal is more than a constant with noise
SMALL = 0.3  # radii of RMS below which an ensemble's spike noise is a good part of it
CERTAIN = 0.95  # correlation above which the peak of the cross-correlation is the lag
NAMES = {"current": "current, aligned error", "activity": "activity, aligned error"}


def aligned_error(pair: Pair) -> List[Figure]:
    """Lag, root-mean-square error raw and aligned, gain and correlation.

    With reference r(t), other o(t) and lag τ from their cross-correlation: error
    ``RMS(o(t + τ) − r(t)) / RMS(r)``; and about the means, gain ``Σ o·r / Σ r²`` and
    Pearson's correlation of r(t) and o(t + τ).

    A signal that is hardly more than its ensemble's spike noise (an error that
    has been learnt away) is measured against `SMALL` radii instead of its own
    RMS. Of it, and of a signal that hardly varies, gain, correlation and lag are not
    measurable, nor is the lag of two that do not correlate well: NaN, with the reason.
    """
    reference, other = flat(pair.reference), flat(pair.other)
    lag = peak_lag(reference, other, pair.sampling)
    r, o = aligned(reference, other, lag)
    own = rms(reference)
    scale = max(own, SMALL * pair.reference.radius)
    figures = [Figure(pair.label, "error", rms(reference - other), note="RMS, not aligned")]
    name = NAMES.get(pair.reference.kind, "aligned error")
    if scale == 0:
        note = "RMS, aligned; the reference is zero throughout"
        return [*figures, Figure(pair.label, name, rms(r - o), note=note)]
    note = "" if scale == own else f"of {SMALL:g} radii; the signal's RMS is {own:.2g}"
    figures.append(Figure(pair.label, name, rms(r - o) / scale, "of RMS", note=note))
    valued = pair.reference.kind in ("decoded", "value")
    names = ["lag", "gain", "correlation"] if valued else ["lag"]
    if scale != own:
        why = f"the signal, of {own:.2g}, is hardly more than its ensemble's spike noise"
        return figures + [_unknown(pair, name, why) for name in names]
    varies = float(np.std(reference, axis=0).max()) / own
    if varies < VARIES:
        why = f"the signal hardly varies, by {100 * varies:.0f} % of its RMS about its mean"
        return figures + [_unknown(pair, name, why) for name in names]
    r0, o0 = r - r.mean(axis=0), o - o.mean(axis=0)
    power, product = float(np.sum(r0 * r0)), float(np.sum(r0 * o0))
    norm = np.sqrt(power * float(np.sum(o0 * o0)))
    correlation = product / norm if norm > 0 else 0.0
    if correlation >= CERTAIN:
        figures.append(Figure(pair.label, "lag", 1000 * lag * pair.sampling, "ms"))
    else:
        why = f"the two correlate by {correlation:.2f} only, and {CERTAIN:g} make a lag certain"
        figures.append(_unknown(pair, "lag", why))
    if valued:
        figures.append(Figure(pair.label, "gain", product / power))
        figures.append(Figure(pair.label, "correlation", correlation))
    return figures


def _unknown(pair: Pair, name: str, why: str) -> Figure:
    return Figure(pair.label, name, math.nan, note=why)
