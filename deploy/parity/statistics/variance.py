"""The variance of few replicates, moderated by that of their neighbours."""

from __future__ import annotations

from typing import Tuple

import numpy as np
from scipy.special import polygamma, psi

MOST_PRIOR = 1e6  # degrees of freedom: as good as known
FEWEST = 5  # variances that can tell how far variances agree


def moderated(replicates: np.ndarray) -> Tuple[np.ndarray, float]:
    r"""Standard deviations of quantities from few replicates each, and their degrees of freedom.

    Each variance is drawn towards what is common to all, as much as they agree:

    .. math::

        \tilde s_k^2 = \frac{d_0 s_0^2 + d\, s_k^2}{d_0 + d},

    with :math:`d = n - 1` and :math:`d_0, s_0^2` of an inverse-gamma prior that is fitted to
    the observed :math:`\log s_k^2` by their mean and variance. :math:`\tilde s_k^2` has
    :math:`d_0 + d` degrees of freedom.

    Parameters
    ----------
    replicates : (n, k) ndarray
        n of each of k quantities of one kind.

    Returns
    -------
    (k,) ndarray, float

    References
    ----------
    Smyth (2004), Stat. Appl. Genet. Mol. Biol. 3(1) article 3, equations 6.2 ff.
    """
    n, k = replicates.shape
    d = n - 1.0
    own = replicates.var(axis=0, ddof=1)
    positive = own > 0
    if positive.sum() < FEWEST:
        return np.sqrt(own), d
    e = np.log(own[positive]) - psi(d / 2) + np.log(d / 2)
    # so few variances may agree by chance: their disagreement is taken a standard error larger
    disagreement = e.var(ddof=1) * (1 + np.sqrt(2 / (len(e) - 1)))
    spread = max(disagreement - float(polygamma(1, d / 2)), 1 / MOST_PRIOR)
    prior = 2 * _inverse_trigamma(spread)
    common = float(np.exp(e.mean() + psi(prior / 2) - np.log(prior / 2)))
    pulled = np.sqrt((prior * common + d * own) / (prior + d))
    return np.where(positive, pulled, 0.0), float(min(prior + d, d * len(e)))


def _inverse_trigamma(value: float) -> float:
    """The y with ψ'(y) = value; Newton's method, of Smyth's appendix."""
    if value > 1e7:
        return float(1 / np.sqrt(value))
    if value < 1e-6:
        return 1 / value
    y = 0.5 + 1 / value
    for _ in range(50):
        now = float(polygamma(1, y))
        step = now * (1 - now / value) / float(polygamma(2, y))
        y += step
        if -step / y < 1e-8:
            break
    return float(y)
