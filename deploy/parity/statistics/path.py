"""How one path follows another, with the lag below a step and the drift in one fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Collection, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from deploy.parity.statistics.design import (
    TERMS,
    Mixed,
    Precision,
    columns,
    contrasts_of,
    local_line,
    mixed,
    precision,
)

LONGEST_LAG = 0.1  # s; nothing between host and chip takes longer
OCTILES = 8  # ranges of the reference, of equal counts, over which the shape is taken
ROUNDS = 12  # of Gauss-Newton; three are enough where the reference has no noise
SMALLEST_MOVE = np.array([1e-7, 1e-8])  # s of the lag, and of the time base
WORSE = 1.001  # times what is left, from which on a move was too far
MOST_RATIO = 0.95  # of a move to the one before
EXPLAINED = 0.8  # of the variance: a fit so good is no false peak
MOST_POWER = 0.95  # of a reference's, up to what counts as its fastest frequency
MOST_STRETCH = 0.1  # of the time base
VARIES = 1e-6  # of its size, that a signal has to vary by to have a gain
MOVES = ("lag", "time base")  # terms that are not linear


@dataclass(frozen=True)
class PathFit:
    """How each dimension of a path follows its reference; NaN where that has no meaning, or where
    the reference does not tell it from something simpler (`design.mixed`).

    Attributes
    ----------
    gain : (n,) ndarray
        g, in the middle of the run.
    offset : (n,) ndarray
        a, where the reference is at its mean.
    lag : (n,) ndarray
        L in seconds, in the middle of the times at which the reference moves (of a single jump,
        there); positive if the path is late.
    time_base : (n,) ndarray
        s: how much longer a second takes.
    gain_drift : (n,) ndarray
        From the start of the run to its end, as a part of the gain.
    offset_drift : (n,) ndarray
        From the start of the run to its end.
    residual : (n,) ndarray
        RMS of what is left: noise, and what the path makes of the reference otherwise.
    noise : (n,) ndarray
        RMS of the fast part of it, faster than the reference: what it makes of the reference
        otherwise is mostly as slow as that.
    slow : (n,) ndarray
        RMS of the other part of it.
    explained : (n,) ndarray
        Part of the path's variance that the reference explains.
    shape : (n, OCTILES) ndarray
        Mean of the residual where the reference is in each of its octiles.
    """

    gain: np.ndarray
    offset: np.ndarray
    lag: np.ndarray
    time_base: np.ndarray
    gain_drift: np.ndarray
    offset_drift: np.ndarray
    residual: np.ndarray
    noise: np.ndarray
    slow: np.ndarray
    explained: np.ndarray
    shape: np.ndarray


def fit_path(
    reference: np.ndarray,
    other: np.ndarray,
    sampling: float,
    without: Optional[Sequence[Collection[str]]] = None,
) -> PathFit:
    r"""Fit ``other`` by its reference, dimension by dimension.

    With the time :math:`t \in [-T/2, T/2]` and :math:`\tau = t / T`,

    .. math::

        o(t) = a + g\,(1 + d\,\tau)\,r\big(t - L - s\,t\big) + e\,\tau + \text{residual},

    by Gauss-Newton: the model is linear in everything but L and s, and in these by the
    reference's derivative, so that a round is one least-squares fit. Where a start from no lag
    does not explain the path, others are tried: the peak of the cross-correlation, of the whole
    run and of its halves.

    Parameters
    ----------
    reference, other : (n_samples, n) ndarray
    sampling : float
        Sampling period in seconds.
    without : sequence of collection of str, optional
        For each dimension the terms to leave out; by default those that `mixed_terms` finds.

    References
    ----------
    Time delay from the linearised signal: Lucas & Kanade (1981), IJCAI 674-679.
    """
    reference, other = np.asarray(reference, float), np.asarray(other, float)
    n = reference.shape[1]
    left_out = mixed_terms(reference, sampling) if without is None else without
    fitted = [_fit(reference[:, k], other[:, k], sampling, left_out[k]) for k in range(n)]
    found = [np.array(column, float) for column in zip(*fitted)]
    if not found:
        found = [np.zeros(0)] * 10 + [np.zeros((0, OCTILES))]
    return PathFit(*found)


def mixed_terms(reference: np.ndarray, sampling: float) -> List[Mixed]:
    """For each dimension of a reference (n_samples, n) what it cannot tell, see `design.mixed`."""
    return [_mixed(r, sampling) for r in np.asarray(reference, float).T]


def _mixed(r: np.ndarray, sampling: float) -> Mixed:
    if not _varies(r):
        return {}
    t = sampling * (np.arange(len(r)) - (len(r) - 1) / 2)
    level, rate = local_line(r - r.mean(), sampling)
    seconds = sampling * len(r)
    return mixed(columns(level, rate, t, t / seconds), seconds)


class PathPrecision(NamedTuple):
    """How well the fit of one dimension is known, by what it leaves.

    Attributes
    ----------
    terms : Precision
        Of each of `design.TERMS`; infinite for what is left out.
    shape : Precision
        Of each octile.
    """

    terms: Precision
    shape: Precision


def path_precision(
    reference: np.ndarray, other: np.ndarray, sampling: float, without: Collection[str]
) -> PathPrecision:
    """How well `fit_path` of one pair of runs knows what it says.

    Parameters
    ----------
    reference, other : (n_samples,) ndarray
        One dimension.
    sampling : float
    without : collection of str
    """
    r, o = np.asarray(reference, float), np.asarray(other, float)
    if not _varies(r):
        return _level_precision(r, o)
    follower, found = _best(r, o, sampling, without)
    kept = follower.columns_at(found.point)[follower.kept]
    coefficients = contrasts_of(kept)
    octiles = _octiles(found.warped)[0] == np.arange(OCTILES)[:, None]
    means = octiles / np.maximum(octiles.sum(axis=1), 1)[:, None]
    means = means - means @ kept.T @ coefficients  # of what the fit leaves
    if not {"lag", "time base"} & set(without):  # lags are known where the signal moves
        coefficients[-2] += middle_of_moves(r, sampling) * coefficients[-1]
    own = precision(coefficients, kept, found.residual)
    error, freedom = np.full(len(TERMS), np.inf), np.ones(len(TERMS))
    error[follower.kept], freedom[follower.kept] = own
    gain = abs(found.linear[0])
    if gain > 0:  # the others are in its unit
        for name in ("gain drift", *MOVES):
            error[TERMS.index(name)] /= gain
    return PathPrecision(Precision(error, freedom), precision(means, kept, found.residual))


def lost_gain(
    reference: np.ndarray, other: np.ndarray, sampling: float, without: Collection[str]
) -> float:
    r"""By what part the gain of a pair of runs may come out too small, at most.

    Least squares takes the reference for what is true. One run has noise of its own, which the
    other has not: with its variance :math:`\sigma^2` the normal equations have
    :math:`n \sigma^2` too much at the gain, which is so too small by

    .. math::

        n \sigma^2 \, [(X^T X)^{-1}]_{gg}

    of itself (errors in variables). What the fit leaves is noise of both runs, and
    :math:`\sigma^2` no more than its variance; of two healthy runs half of it.

    Parameters
    ----------
    reference, other : (n_samples,) ndarray
        One dimension.
    sampling : float
    without : collection of str

    References
    ----------
    Fuller (1987), Measurement Error Models, 1.1: attenuation.
    """
    r, o = np.asarray(reference, float), np.asarray(other, float)
    if not _varies(r) or "gain" in without:
        return 0.0
    follower, found = _best(r, o, sampling, without)
    kept = follower.columns_at(found.point)[follower.kept]
    of_gain = contrasts_of(kept)[[name for name in TERMS if name not in without].index("gain")]
    of_reference = found.left / max(1.0, abs(float(found.linear[0])))  # a larger path has more
    too_much: float = kept.shape[1] * of_reference**2
    return too_much * float(of_gain @ of_gain)


class _Fit(NamedTuple):
    """`PathFit` of one dimension."""

    gain: float
    offset: float
    lag: float
    time_base: float
    gain_drift: float
    offset_drift: float
    residual: float
    noise: float
    slow: float
    explained: float
    shape: np.ndarray


NOTHING = np.full(OCTILES, np.nan)


def _level_precision(r: np.ndarray, o: np.ndarray) -> PathPrecision:
    """Of a reference that does not vary: of the offset, and its drift."""
    tau = (np.arange(len(r)) - (len(r) - 1) / 2) / len(r)
    kept = np.stack([np.ones_like(tau), tau])
    coefficients = contrasts_of(kept)
    own = precision(coefficients, kept, o - r - (coefficients @ (o - r)) @ kept)
    error, freedom = np.full(len(TERMS), np.inf), np.ones(len(TERMS))
    for k, name in enumerate(("offset", "drift")):
        error[TERMS.index(name)], freedom[TERMS.index(name)] = own.error[k], own.freedom[k]
    return PathPrecision(
        Precision(error, freedom), Precision(np.full(OCTILES, np.inf), np.ones(OCTILES))
    )


def _fit(r: np.ndarray, o: np.ndarray, sampling: float, without: Collection[str]) -> _Fit:
    """One dimension."""
    if not _varies(r):
        return _level(r, o)
    follower, best = _best(r, o, sampling, without)
    found = follower.fit(best)
    if abs(found.gain) * r.std() <= VARIES * (o.std() + VARIES * r.std()):
        return found._replace(lag=np.nan, time_base=np.nan, gain_drift=np.nan)
    return found


def _varies(r: np.ndarray) -> bool:
    """Whether it does, and is long enough to be followed."""
    size = float(np.sqrt(np.mean(r * r)))
    return bool(r.std() > VARIES * size) and len(r) >= 4 * OCTILES


def _best(
    r: np.ndarray, o: np.ndarray, sampling: float, without: Collection[str]
) -> Tuple[_Follower, _Point]:
    """The fit, from as many starts as it needs."""
    follower = _Follower(r, o, sampling, without)
    found = follower.follow(0.0, 0.0)
    if found.left**2 > (1 - EXPLAINED) * found.power and "lag" not in without:
        turns = "time base" not in without
        starts = [(lag, turn if turns else 0.0) for lag, turn in _starts(r, o, sampling)]
        others = [follower.follow(*start) for start in starts]
        found = min([found, *others], key=lambda point: point.left)
    return follower, found


def _level(r: np.ndarray, o: np.ndarray) -> _Fit:
    """Of a reference that does not vary: how far away, and how much that drifts."""
    tau = (np.arange(len(r)) - (len(r) - 1) / 2) / len(r)
    away = o - r
    mean = float(away.mean())
    drift = float(tau @ away / (tau @ tau)) if len(r) > 1 else 0.0
    left = away - mean - drift * tau
    size = float(np.sqrt(np.mean(left**2)))
    return _Fit(np.nan, mean, np.nan, np.nan, np.nan, drift, size, size, 0.0, 0.0, NOTHING)


def _starts(r: np.ndarray, o: np.ndarray, sampling: float) -> List[Tuple[float, float]]:
    """(lag, time base) to begin with: of the run, and of its halves."""
    half = len(r) // 2
    whole = sampling * peak_lag(r[:, None], o[:, None], sampling)
    first = sampling * peak_lag(r[:half, None], o[:half, None], sampling)
    last = sampling * peak_lag(r[half:, None], o[half:, None], sampling)
    turn = float(np.clip((last - first) / (sampling * half), -MOST_STRETCH, MOST_STRETCH))
    return [(whole, 0.0), ((first + last) / 2, turn)]


class _Point(NamedTuple):
    """A lag and a time base, and the rest of the fit there.

    Attributes
    ----------
    point : (2,) ndarray
        Lag in seconds, and time base.
    move : (2,) ndarray
        To where the linearised signal has them.
    linear : (4,) ndarray
        Coefficients of gain, offset, gain drift times gain, and drift.
    left : float
        RMS of the residual.
    power : float
        Variance of the path.
    warped, residual : (n_inside,) ndarray
    """

    point: np.ndarray
    move: np.ndarray
    linear: np.ndarray
    left: float
    power: float
    warped: np.ndarray
    residual: np.ndarray


class _Follower:
    """One dimension of a path and its reference."""

    def __init__(self, r: np.ndarray, o: np.ndarray, sampling: float, without: Collection[str]):
        self._r, self._o, self._sampling = r, o, sampling
        self._t = sampling * (np.arange(len(r)) - (len(r) - 1) / 2)
        self._mean, self._slope = float(r.mean()), _slope(r, sampling)
        self._tau = self._t / (sampling * len(r))
        self._sizes = float(r.std()), float(o.std())
        self._without = without
        self.kept = np.array([name not in without for name in TERMS])
        self._linear = self.kept & np.array([name not in MOVES for name in TERMS])
        self._ahead = np.array([1.0, sampling * len(r)])  # of lag and time base, in seconds

    def follow(self, lag: float, base: float) -> _Point:
        """Gauss-Newton from one start; a move that makes it worse is made shorter."""
        found = self.at(np.array([lag, base]))
        before, factor = np.zeros(2), 1.0
        for _ in range(ROUNDS):
            move = factor * _accelerated(found.move, before, self._ahead)
            there = found.point + move
            if self.is_nothing(found) or np.all(np.abs(move) < SMALLEST_MOVE):
                break
            if abs(there[0]) > _longest(self._r, self._sampling) or abs(there[1]) > MOST_STRETCH:
                break
            tried = self.at(there)
            if tried.left > WORSE * found.left:
                before, factor = np.zeros(2), factor / 4
            else:
                before, factor = found.move, 1.0
                found = tried
        return found

    def columns_at(self, point: np.ndarray) -> np.ndarray:
        """(len(TERMS), n_inside) of all terms, at a lag and a time base."""
        at, inside = self._warp(point)
        warped = np.interp(at, self._t, self._r)[inside] - self._mean
        rate = np.interp(at, self._t, self._slope)[inside]
        return columns(warped, rate, self._t[inside], self._tau[inside])

    def at(self, point: np.ndarray) -> _Point:
        """The fit at a lag and a time base."""
        of_terms = self.columns_at(point)
        goal = self._o[self._warp(point)[1]] - self._mean
        found = _least_squares(of_terms, goal, self.kept)
        coefficients = _least_squares(of_terms, goal, self._linear)
        residual = goal - coefficients @ of_terms
        move = found[4:] / found[0] if found[0] else np.zeros(2)
        left = float(np.sqrt(np.mean(residual**2)))
        power = float(goal.var())
        return _Point(point, move, coefficients[:4], left, power, of_terms[0], residual)

    def _warp(self, point: np.ndarray) -> Tuple[np.ndarray, slice]:
        """When the reference was where the path is, and at which samples that is known."""
        t = self._t
        at = t - point[0] - point[1] * t
        begin, end = np.searchsorted(at, (t[0], t[-1] + self._sampling / 2))
        return at, slice(int(begin), int(end))

    def is_nothing(self, found: _Point) -> bool:
        """Whether the path has nothing of its reference."""
        of_reference, of_path = self._sizes
        return bool(abs(found.linear[0]) * of_reference <= VARIES * of_path)

    def fit(self, found: _Point) -> _Fit:
        """All that is asked of it."""
        gain, offset, fading, drift = found.linear
        residual = found.residual
        explained = max(0.0, 1.0 - found.left**2 / found.power) if found.power > 0 else 0.0
        fast = _fast(residual, self._r, self._sampling)
        noise, slow = (float(np.sqrt(np.mean(part**2))) for part in (fast, residual - fast))
        gain_drift = fading / gain if gain else np.nan
        shape = _by_octile(found.warped, residual)
        base = found.point[1]
        lag = found.point[0] + base * middle_of_moves(self._r, self._sampling)
        every = _Fit(
            gain, offset, lag, base, gain_drift, drift, found.left, noise, slow, explained, shape
        )
        names = {"gain drift": "gain_drift", "drift": "offset_drift", "time base": "time_base"}
        left_out: Dict[str, Any] = {names.get(name, name): np.nan for name in self._without}
        return every._replace(**left_out)


def _accelerated(move: np.ndarray, before: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """A move as long as all that would follow it, each by the same part shorter (Aitken).

    Of a reference that was measured the derivative has noise, by which moves are too short.
    """
    last, own = before * ahead, move * ahead
    power = float(last @ last)
    ratio = float(own @ last) / power if power > 0 else 0.0
    return np.asarray(move / (1 - min(max(ratio, 0.0), MOST_RATIO)))


def _fast(residual: np.ndarray, reference: np.ndarray, sampling: float) -> np.ndarray:
    """What is faster than the reference: less its mean over half of its shortest period."""
    width = _shortest_period(reference, sampling) // 2
    if width < 2:
        return np.asarray(residual)
    fast: np.ndarray = residual - moving_mean(residual, width)
    return fast


def _slope(reference: np.ndarray, sampling: float) -> np.ndarray:
    """Its derivative, but for what is faster than itself.

    A reference that was measured has noise, which is small beside it, and whose derivative is not:
    a lag that is measured by that comes out too small, and only many rounds would mend it.
    """
    width = _shortest_period(reference, sampling) // 8
    smooth = reference if width < 2 else moving_mean(reference, width)
    return np.asarray(np.gradient(smooth, sampling))


def middle_of_moves(reference: np.ndarray, sampling: float) -> float:
    """When a reference (n_samples,) moves, on average, in seconds from the middle of the run.

    There a lag is known best: what the time base adds elsewhere is not.
    """
    power = _slope(reference, sampling) ** 2
    t = sampling * (np.arange(len(reference)) - (len(reference) - 1) / 2)
    return float(power @ t / power.sum()) if power.any() else 0.0


def _shortest_period(reference: np.ndarray, sampling: float) -> int:
    """In samples; at most the whole of it."""
    power = np.cumsum(np.abs(np.fft.rfft(reference - reference.mean())) ** 2)
    edge = int(np.searchsorted(power, MOST_POWER * power[-1]))
    return int(round(len(reference) / edge)) if edge > 0 else len(reference)


def moving_mean(x: np.ndarray, width: int) -> np.ndarray:
    """Mean of so many neighbours; at the ends of those that are there."""
    summed = np.concatenate([[0.0], np.cumsum(x)])
    at = np.arange(len(x))
    begin, end = np.maximum(at - width // 2, 0), np.minimum(at - width // 2 + width, len(x))
    return np.asarray((summed[end] - summed[begin]) / (end - begin))


def _least_squares(of_terms: np.ndarray, goal: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Coefficients of the kept rows, each scaled to one size first; 0 of the others."""
    rows = of_terms[kept]
    size = np.sqrt(np.sum(rows**2, axis=1))
    size[size == 0] = 1.0
    scaled = rows / size[:, None]
    found = np.zeros(len(of_terms))
    found[kept] = np.linalg.lstsq(scaled @ scaled.T, scaled @ goal, rcond=1e-12)[0] / size
    return found


def _octiles(reference: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """(n_samples,) in which octile of it a reference is; and (OCTILES,) how often in each."""
    edges = np.quantile(reference, np.arange(1, OCTILES) / OCTILES)
    bins = np.searchsorted(edges, reference, side="right")
    return bins, np.bincount(bins, minlength=OCTILES)


def _by_octile(reference: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Mean of the residual where the reference is in each of its octiles."""
    bins, counts = _octiles(reference)
    sums = np.bincount(bins, weights=residual, minlength=OCTILES)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def peak_lag(reference: np.ndarray, other: np.ndarray, sampling: float) -> int:
    """How many samples ``other`` is late: the peak of the normalised cross-correlation.

    For each lag, ``Σ a·b / √(Σ a² · Σ b²)`` over the samples that overlap at it, so
    that equal signals have lag 0 however slow they are. Dimensions are taken
    about their means and added up.

    Parameters
    ----------
    reference, other : (n_samples, n) ndarray
    sampling : float
        Sampling period in seconds.
    """
    n = min(len(reference), len(other))
    reach = min(int(round(_longest(reference, sampling) / sampling)), n - 1)
    if reach < 1:
        return 0
    a = reference[:n] - reference[:n].mean(axis=0)
    b = other[:n] - other[:n].mean(axis=0)
    total = _cross_correlation(a, b).sum(axis=1)
    lags = np.arange(-reach, reach + 1)
    power = _overlapping_power(a, lags, leading=True) * _overlapping_power(b, lags, leading=False)
    near = np.zeros(len(lags))
    np.divide(total[n - 1 + lags], np.sqrt(power), out=near, where=power > 0)
    # the FFT's rounding must not make a lag of two equal signals
    best = near.max()
    candidates = lags[near >= best - 1e-12]
    return int(candidates[np.argmin(np.abs(candidates))]) if best > 0 else 0


def _cross_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``Σ a·b`` of each column at every lag of ``b``; lag 0 is at ``len(a) - 1``.

    As of `scipy.signal.correlate`, whose import takes longer than a short comparison.
    """
    length = len(a) + len(b) - 1
    size = 2 ** (length - 1).bit_length()
    spectrum = np.fft.rfft(b, size, axis=0) * np.fft.rfft(a[::-1], size, axis=0)
    return np.fft.irfft(spectrum, size, axis=0)[:length]


def _longest(path: np.ndarray, sampling: float) -> float:
    """Lag in seconds that is looked for at most: of a short run a quarter."""
    return min(LONGEST_LAG, sampling * len(path) / 4)


def _overlapping_power(x: np.ndarray, lags: np.ndarray, leading: bool) -> np.ndarray:
    """Sum of squares of the samples that overlap when the other is so much later."""
    n = len(x)
    summed = np.concatenate([[0.0], np.cumsum(np.sum(x * x, axis=1))])
    ahead = lags if leading else -lags  # samples cut off at the end, or at the start
    return np.asarray(summed[n - np.maximum(ahead, 0)] - summed[np.maximum(-ahead, 0)])
