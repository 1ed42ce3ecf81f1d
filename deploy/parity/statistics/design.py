"""The terms of a path's fit: which of them a signal tells apart, and how well a fit knows them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Dict, Mapping, NamedTuple, Tuple

import numpy as np

TERMS = ("gain", "offset", "gain drift", "drift", "lag", "time base")
SIMPLEST = ("offset", "gain", "lag", "drift", "gain drift", "time base")  # first, to be kept
MOST_INFLATION = 5.0  # of a term's variance, by simpler ones, and of theirs by it
MOST_POWER = 0.9  # of a signal's, up to what counts as its fastest frequency; beyond is noise
SHARE = 0.1  # of a term, from which on another stands for it
COSINES = 8  # over a run, in which the noise of slow terms is looked at

Mixed = Mapping[str, Tuple[str, ...]]  # terms that are left out, with those that stand for them


def columns(warped: np.ndarray, rate: np.ndarray, t: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """(len(TERMS), n_samples) what the path changes by with each term.

    Parameters
    ----------
    warped : (n_samples,) ndarray
        The reference, about its mean.
    rate : (n_samples,) ndarray
        Its derivative.
    t, tau : (n_samples,) ndarray
        Time from the middle of the run, in seconds and in its length.
    """
    linear = [warped, np.ones_like(tau), tau * warped, tau]
    return np.stack([*linear, -rate, -rate * t])


def mixed(of_terms: np.ndarray, seconds: float) -> Mixed:
    r"""Terms that a signal cannot tell from simpler ones.

    Of a ramp a lag is an offset, and a drift is a gain: least squares would make up both, each as
    large as it likes and the other as large to match. From the simplest on, a term is kept if
    what the kept ones explain of its column, :math:`R^2`, makes its variance no more than
    :math:`1 / (1 - R^2) \le 5` times as large, and theirs by it (the variance inflation factor).
    A time base is a
    lag that changes, for which the signal has to move at different times: its variance is set
    against that of a signal that moves evenly. Of a single jump it is a lag.

    Parameters
    ----------
    of_terms : (len(TERMS), n_samples) ndarray
        Of `columns`.
    seconds : float
        Length of the run.

    Returns
    -------
    mapping of str to tuple of str
        Each term that is left out, with those that stand for it.

    References
    ----------
    Marquardt (1970), Technometrics 12, 591-612: inflation factors. James, Witten, Hastie &
    Tibshirani (2013), An Introduction to Statistical Learning, 3.3.3: more than 5 or 10 is trouble.
    """
    size = np.sqrt(np.sum(of_terms**2, axis=1))
    scaled = dict(zip(TERMS, of_terms / np.where(size > 0, size, 1.0)[:, None]))
    kept = [SIMPLEST[0]]
    left_out: Dict[str, Tuple[str, ...]] = {}
    evenly = seconds**2 / 12
    if MOST_INFLATION * _variance_of_moves(of_terms) < evenly:
        left_out["time base"] = ("lag",)
    for name in (each for each in SIMPLEST[1:] if each not in left_out):
        known = np.stack([scaled[each] for each in kept])
        found = np.linalg.lstsq(known @ known.T, known @ scaled[name], rcond=None)[0]
        left = scaled[name] - found @ known
        if left @ left * MOST_INFLATION >= 1:
            kept.append(name)
            continue
        parts = zip(kept, found**2)
        left_out[name] = tuple(each for each, part in parts if part >= SHARE)
    if "lag" in left_out and left_out.get("time base") == ("lag",):
        left_out["time base"] = left_out["lag"]
    return MappingProxyType(left_out)


def _variance_of_moves(of_terms: np.ndarray) -> float:
    """Variance, in s², of the times at which a signal moves."""
    rate, turn = of_terms[TERMS.index("lag")], of_terms[TERMS.index("time base")]
    power = float(rate @ rate)
    if power <= 0:
        return 0.0
    return float(turn @ turn / power - (rate @ turn / power) ** 2)


def local_line(signal: np.ndarray, sampling: float) -> Tuple[np.ndarray, np.ndarray]:
    """(n_samples,) level and derivative of a signal that was measured, without its noise.

    Each is of the straight line through its neighbours, an eighth of its fastest period, so that a
    ramp is one to its ends. Periods are of the mirrored signal, which does not jump at them.

    Parameters
    ----------
    signal : (n_samples,) ndarray
        About its mean.
    sampling : float
        Sampling period in seconds.
    """
    n = len(signal)
    power = np.cumsum(np.abs(np.fft.rfft(np.concatenate([signal, signal[::-1]]))) ** 2)
    edge = max(1, int(np.searchsorted(power, MOST_POWER * power[-1])))
    reach = max(1, n // (8 * edge))
    at = np.arange(n)
    begin, end = np.maximum(at - reach, 0), np.minimum(at + reach + 1, n)
    t = at - (n - 1) / 2
    count = end - begin

    def mean(values: np.ndarray) -> np.ndarray:
        summed = np.concatenate([[0.0], np.cumsum(values)])
        return np.asarray((summed[end] - summed[begin]) / count)

    middle, level = mean(t), mean(signal)
    slope = (mean(t * signal) - middle * level) / (mean(t * t) - middle**2)
    return level + slope * (t - middle), slope / sampling


class Precision(NamedTuple):
    """How well something is known.

    Attributes
    ----------
    error : (k,) ndarray
        Standard error.
    freedom : (k,) ndarray
        Its degrees of freedom.
    """

    error: np.ndarray
    freedom: np.ndarray


def precision(contrasts: np.ndarray, kept: np.ndarray, residual: np.ndarray) -> Precision:
    r"""How well sums over a path are known, by what a fit leaves, which is correlated in time.

    Of a sum :math:`\sum_t a_t o_t` the error is that of the products :math:`a_t u_t` of its weights
    and the noise, which is known by their part at other low frequencies,
    :math:`\Lambda_j = \sum_t a_t u_t \cos(\pi j (t + ½) / n)`. A fit takes some of the noise away,
    :math:`u = M u_0` with its projection M, and more of what is slow. Of white noise
    :math:`\sum_j \Lambda_j^2` is so :math:`\sigma^2 \mathrm{tr}\,G` in the mean, with
    :math:`G_{ij} = (M a c_i) \cdot (M a c_j)`, and

    .. math::

        s^2 = |a|^2 \sum_j \Lambda_j^2 / \mathrm{tr}\,G, \qquad
        f = (\mathrm{tr}\,G)^2 / \mathrm{tr}\,G^2 .

    Parameters
    ----------
    contrasts : (k, n_samples) ndarray
        a.
    kept : (p, n_samples) ndarray
        Columns of the fit.
    residual : (n_samples,) ndarray
        u.

    References
    ----------
    Lazarus, Lewis, Stock & Watson (2018), J. Bus. Econ. Stat. 36, 541-559: equal-weighted cosines.
    Satterthwaite (1946), Biometrics Bull. 2, 110-114: degrees of freedom.
    """
    n = len(residual)
    at = np.pi * (np.arange(n) + 0.5) / n
    cosines = np.cos(np.arange(1, COSINES + 1)[:, None] * at)
    basis = np.linalg.qr(kept.T)[0].T
    errors, freedoms = [], []
    for a in contrasts:
        weighted = a * cosines
        free = weighted - (weighted @ basis.T) @ basis
        gram = free @ free.T
        trace = float(np.trace(gram))
        power = float(np.sum((weighted @ residual) ** 2))
        errors.append(np.sqrt(a @ a * power / trace) if trace > 0 else np.inf)
        freedoms.append(trace**2 / float(np.sum(gram**2)) if trace > 0 else 1.0)
    return Precision(np.array(errors), np.array(freedoms))


def contrasts_of(kept: np.ndarray) -> np.ndarray:
    """(p, n_samples) weights by which least squares takes each coefficient of its columns."""
    size = np.sqrt(np.sum(kept**2, axis=1))
    size[size == 0] = 1.0
    return np.asarray(np.linalg.pinv((kept / size[:, None]).T) / size[:, None])
