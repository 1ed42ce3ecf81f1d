"""Equivalent, different, or open: what replicates allow one to say."""

from __future__ import annotations

from typing import NamedTuple, Optional, Sequence, Union

import numpy as np
from scipy.special import stdtr, stdtrit  # scipy.stats takes longer to import than to judge

LEVEL = 0.05  # of a false NO PARITY, for the whole family
K = 4.0  # standard deviations of equally good builds that the margin is wide


class Judged(NamedTuple):
    """Quantities of one kind, each with its interval and its margin.

    Attributes
    ----------
    effect : (k,) ndarray
        Judged run less the mean of its replicates.
    half : (k,) ndarray
        Half the width of the interval.
    margin : (k,) ndarray
        d: how large an effect may be.
    different : (k,) ndarray
        p-value of an effect that is no larger than the margin.
    build : (k,) ndarray
        Standard deviation between equally good builds.
    deviation : (k,) ndarray
        Of a single run.
    """

    effect: np.ndarray
    half: np.ndarray
    margin: np.ndarray
    different: np.ndarray
    build: np.ndarray
    deviation: np.ndarray

    @property
    def equivalent(self) -> np.ndarray:
        """Whether the whole interval is inside the margin."""
        inside: np.ndarray = np.abs(self.effect) + self.half <= self.margin
        return inside


class Builds(NamedTuple):
    """What is known of equally good builds.

    Attributes
    ----------
    away : (k,) ndarray
        Judged run less the mean of the builds.
    deviation : (k,) ndarray
        s_b, between builds.
    freedom : float
        f_b, of s_b.
    number : int
        m, the model's own build among them.
    """

    away: np.ndarray
    deviation: np.ndarray
    freedom: float
    number: int


def judge(
    effect: np.ndarray,
    replicates: int,
    deviation: np.ndarray,
    freedom: Union[float, np.ndarray],
    floor: float,
    builds: Optional[Builds] = None,
    build: Optional[np.ndarray] = None,
    level: float = LEVEL,
) -> Judged:
    r"""Interval, margin and p-value of an effect.

    The judged run and n replicates are exchangeable but for the effect :math:`\theta`, so that
    its prediction interval is

    .. math::

        x \pm t_{1-\alpha/2,\,f}\; s \sqrt{1 + 1/n}.

    The margin is :math:`d = \max(\text{floor}, K s_b)`, with :math:`s_b` between builds. That
    :math:`|\theta| > d` has to be shown against two doubts, and the larger p counts
    (intersection-union). One is the noise of single runs,
    :math:`P(t_f > (|x| - d)/(s\sqrt{1+1/n}))`; as runs of builds have that noise as well, s_b is
    no less than s, and is better known: twice the smaller p of the two counts (Bonferroni). The
    other is that the run is one that a further build would have given, which lies
    :math:`s_b\sqrt{1+1/m}` about the mean of the m builds that there are:
    :math:`P(|t_{f_b}| > |a|/(s_b\sqrt{1+1/m}))` of a run that is a away from it.

    Parameters
    ----------
    effect : (k,) ndarray
    replicates : int
        n.
    deviation : (k,) ndarray
        s, of a single run.
    freedom : float or (k,) ndarray
        f, of s.
    floor : float
        Below which nobody minds.
    builds : Builds, optional
        Where other builds are a yardstick.
    build : (k,) ndarray, optional
        s_b where there are no such builds; ``deviation`` if not given.
    level : float
        α.

    References
    ----------
    Schuirmann (1987), J. Pharmacokinet. Biopharm. 15: two one-sided tests. Berger & Hsu
    (1996), Stat. Sci. 11: intersection-union tests need no correction for their number.
    """
    error = deviation * np.sqrt(1 + 1 / replicates)
    half = stdtrit(freedom, 1 - level / 2) * error
    between = builds.deviation if builds is not None else deviation if build is None else build
    margin = np.maximum(floor, K * between)
    beyond = np.abs(effect) - margin
    p = _tail(beyond, error, freedom)
    if builds is not None:
        noisiest = builds.deviation * np.sqrt(1 + 1 / replicates)
        p = np.minimum(1.0, 2 * np.minimum(p, _tail(beyond, noisiest, builds.freedom)))
        further = builds.deviation * np.sqrt(1 + 1 / builds.number)
        by_build = 2 * _tail(np.abs(builds.away), further, builds.freedom)
        p = np.maximum(p, np.minimum(by_build, 1.0))
    return Judged(effect, half, margin, p, between, deviation)


def judge_astray(
    effect: np.ndarray,
    replicates: int,
    deviation: np.ndarray,
    freedom: float,
    floor: float,
    astray: np.ndarray,
    builds: np.ndarray,
    builds_astray: np.ndarray,
    level: float = LEVEL,
) -> Judged:
    r"""Interval, margin and p-value of an effect along the path of the same neurons.

    Other builds have other decoders, and what these do otherwise looks in a short run like a
    gain, a lag or a drift, in proportion to how far the build strays from the path besides. Of m
    builds with effects :math:`b_j` that stray by :math:`v_j`, the judged run, that strays by v, may
    so have an effect of standard deviation

    .. math::

        c = v \sqrt{\tfrac{1}{m} \sum_j (b_j / v_j)^2},

    with m degrees of freedom, beside the noise of single runs :math:`s \sqrt{1 + 1/n}`; of both
    together they are Welch's. The margin is that of what has no other yardstick than the same
    neurons, :math:`\max(\text{floor}, K s)`.

    Parameters
    ----------
    effect, replicates, deviation, freedom, floor, level
        As of `judge`.
    astray : (k,) ndarray
        v.
    builds, builds_astray : (m, k) ndarray
        b, and the builds' v.

    References
    ----------
    Welch (1947), Biometrika 34, 28-35: degrees of freedom of a sum of variances.
    """
    run = deviation**2 * (1 + 1 / replicates)
    of_build = astray**2 * np.mean((builds / builds_astray) ** 2, axis=0)
    both = run + of_build
    squares = run**2 / freedom + of_build**2 / len(builds)
    together = np.where(both > 0, both**2 / np.where(squares > 0, squares, 1.0), freedom)
    error = np.sqrt(both)
    margin = np.maximum(floor, K * deviation)
    p = _tail(np.abs(effect) - margin, error, together)
    half = stdtrit(together, 1 - level / 2) * error
    return Judged(effect, half, margin, p, np.sqrt(of_build), deviation)


def _tail(value: np.ndarray, error: np.ndarray, freedom: Union[float, np.ndarray]) -> np.ndarray:
    """P(t > value / error); of an error of 0, whether the value is positive."""
    certain = np.where(value > 0, 0.0, 1.0)
    safe = np.where(error > 0, error, 1.0)
    return np.asarray(np.where(error > 0, stdtr(freedom, -value / safe), certain))


def holm(p: Sequence[float], level: float = LEVEL) -> np.ndarray:
    r"""Which of a family of hypotheses are rejected, with at most ``level`` of one false.

    Sorted, :math:`p_{(1)} \le \dots \le p_{(h)}`: rejected are those before the first with
    :math:`p_{(i)} > \alpha / (h - i + 1)`.

    References
    ----------
    Holm (1979), Scand. J. Stat. 6(2), 65-70.
    """
    values = np.asarray(p, float)
    order = np.argsort(values, kind="stable")
    allowed = level / np.arange(len(values), 0, -1)
    rejected = np.zeros(len(values), bool)
    rejected[order] = np.cumprod(values[order] <= allowed).astype(bool)
    return rejected
