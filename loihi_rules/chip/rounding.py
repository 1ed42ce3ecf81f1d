"""Rounding of a matrix of weights whose errors cancel instead of adding up.

What a neuron i gets is the current Σ_j w_ij a_j(x). With few bits left most weights are less than
a step or two, and those of alike sources round the same way: all to nothing, or all up. The error
of the sum is then as large as that of each weight, however many there are.

Where all sources lead to the same targets, each weight in its turn becomes a whole number of steps,
and what that is off goes into the weights that are still to be rounded, so that

    Σ_x (Σ_j d_ij a_j(x))² + m σ² Σ_j d_ij²,        d_ij = k_ij − w_ij / step,

stays as small as these can make it, of m points x. With H = Σ_x a(x) a(x)ᵀ + m σ² 1 and H⁻¹ = Uᵀ U,
U upper triangular, ``w_il −= (w_ij − k_ij) U_jl / U_jj`` for all l after j: the nearest plane of
Babai (1986), as Frantar et al. (2023, "OPTQ") do it for all targets at once. Of more than a hundred
sources a few are rounded at a time, which costs next to nothing of it. σ is what single
spikes are besides their rate: a tenth of the highest, as in `nengo.solvers.LstsqL2`. Without it,
weights of alike sources would become large and opposite.

Elsewhere the sums

    k_ij = [S_ij] − [S_i,j−1],        S_ij = Σ_l≤j w_il / step,

are rounded, [·] being the nearest whole number: each weight stays within a step, and the error is

    Σ_j (k_ij − w_ij / step) a_j(x) = Σ_j R_ij (a_j(x) − a_j+1(x)),        |R_ij| ≤ 1/2,

in which only differences of neighbours are left (summation by parts; the error diffusion of
Floyd & Steinberg 1976, in one dimension). So neighbours are to be alike, and sources follow one
another by their tuning.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from scipy.linalg import cholesky
from scipy.linalg.blas import dgemm
from scipy.linalg.lapack import dtrtri, dtrtrs

NOISE = 0.1  # of spikes, over the highest rate
MOST_TOGETHER = 1024  # sources whose errors cancel; of more, each of the parts has all directions
BESIDE = 2**16  # weights that are rounded side by side, which the processor's cache holds
IN_TURN = 64  # groups of rows, at least; rows of one group know nothing of each other's errors

# (n, n_columns) weights in steps, the largest magnitude, and U, to whole steps
RoundRows = Callable[[np.ndarray, float, np.ndarray], np.ndarray]


class Together(NamedTuple):
    """How the errors of rows of weights cancel; see `together`.

    Attributes
    ----------
    order : (n,) ndarray of int
        In which they are rounded: what has most effect first.
    spread : (n, n) ndarray
        U.
    """

    order: np.ndarray
    spread: np.ndarray


def together(effects: np.ndarray, n_points: int, highest: float) -> Tuple[Together, ...]:
    """How errors of rows of weights cancel in what they do.

    Parameters
    ----------
    effects : (n, n) ndarray
        Σ_x a(x) a(x)ᵀ, of what one step in each row does at the points x.
    n_points : int
        m.
    highest : float
        The largest a_j(x).

    Returns
    -------
    tuple of Together
        More than one where there are many rows.
    """
    most = np.argsort(-np.diag(effects), kind="stable")
    n_parts = -(-len(most) // MOST_TOGETHER)
    return tuple(_part(effects, most[k::n_parts], n_points, highest) for k in range(n_parts))


def _part(effects: np.ndarray, order: np.ndarray, n_points: int, highest: float) -> Together:
    if highest <= 0:
        return Together(order, np.eye(len(order)))
    back = order[::-1]
    own = np.array(effects[np.ix_(back, back)], float)
    own.flat[:: len(own) + 1] += n_points * (NOISE * highest) ** 2
    lower, _ = dtrtri(cholesky(own, lower=True, overwrite_a=True), lower=1, overwrite_c=1)
    return Together(order, np.ascontiguousarray(lower[::-1, ::-1]))  # (L⁻¹)ᵀ L⁻¹, turned round


class Asked(NamedTuple):
    """A table of weights that is to be rounded.

    Attributes
    ----------
    weights : (n, n_columns) ndarray
    step : float
    most : float
        The largest magnitude, a multiple of the step.
    parts : tuple of Together
        Of the rows.
    """

    weights: np.ndarray
    step: float
    most: float
    parts: Tuple[Together, ...]


def round_table(
    weights: np.ndarray,
    step: float,
    most: float,
    parts: Tuple[Together, ...],
    compiled: Optional[RoundRows] = None,
) -> np.ndarray:
    """Whole multiples of a step, with errors that cancel in each column.

    Parameters
    ----------
    weights : (n, n_columns) ndarray
    step : float
    most : float
        The largest magnitude, a multiple of the step.
    parts : tuple of Together
        Of the rows.
    compiled : callable, optional
        Rounds small tables row by row, with the same bits.

    Returns
    -------
    (n, n_columns) ndarray
    """
    return round_tables([Asked(weights, step, most, parts)], compiled)[0]


def round_tables(tables: Sequence[Asked], compiled: Optional[RoundRows] = None) -> List[np.ndarray]:
    """`round_table` of each; those of one small shape are rounded side by side in NumPy."""
    found = [np.empty(asked.weights.shape) for asked in tables]
    alike: Dict[Any, List[_Part]] = {}
    for whole, (weights, step, most, parts) in zip(found, tables):
        for order, spread in parts:
            part = _Part(whole, order, weights[order] / step, step, most / step, spread)
            if _at_once(len(order)) > 1:
                _put(part, _rounded(part.left, part.most, spread))
            elif compiled is not None:
                _put(part, compiled(part.left, part.most, spread))
            else:
                alike.setdefault((part.left.shape, part.left.dtype), []).append(part)
    for (shape, _), own in alike.items():
        n = max(BESIDE // max(int(np.prod(shape)), 1), 1)
        for start in range(0, len(own), n):
            some = own[start : start + n]
            for part, whole in zip(some, _rounded_beside(some)):
                _put(part, whole)
    return found


class _Part(NamedTuple):
    whole: np.ndarray  # the table that the part's rows go to
    order: np.ndarray
    left: np.ndarray  # in steps
    step: float
    most: float
    spread: np.ndarray


def _put(part: _Part, whole: np.ndarray) -> None:
    part.whole[part.order] = whole * part.step


def _at_once(n_rows: int) -> int:
    return max(n_rows // IN_TURN, 1)


def _rounded(left: np.ndarray, most: float, spread: np.ndarray) -> np.ndarray:
    left = np.ascontiguousarray(left, float)
    turned, whole = left.T, np.empty_like(left)  # as BLAS has columns, it subtracts in place
    at_once = _at_once(len(left))
    for start in range(0, len(left), at_once):
        own, rest = slice(start, start + at_once), slice(start + at_once, None)
        np.minimum(np.maximum(np.rint(left[own]), -most), most, out=whole[own])
        errors, _ = dtrtrs(spread[own, own].T, left[own] - whole[own], lower=1)
        if start + at_once < len(left):
            dgemm(-1.0, errors.T, spread[own, rest], 1.0, turned[:, rest], overwrite_c=1)
    return whole


def _rounded_beside(parts: Sequence[_Part]) -> np.ndarray:
    """(n_parts, n, n_columns) of parts of one shape, a row of each at a time."""
    left = np.array([part.left for part in parts])
    most = np.array([[part.most] for part in parts], left.dtype)
    spreads = np.array([part.spread for part in parts])
    back = 1 / np.diagonal(spreads, axis1=1, axis2=2)
    whole = np.empty_like(left)
    for k in range(left.shape[1]):
        whole[:, k] = np.round(left[:, k]).clip(-most, most)
        errors = (left[:, k] - whole[:, k]) * back[:, k, np.newaxis]
        left[:, k + 1 :] -= spreads[:, k, k + 1 :, np.newaxis] * errors[:, np.newaxis]
    return whole


def round_along(weights: np.ndarray, targets: np.ndarray, step: float) -> np.ndarray:
    """Whole multiples of a step, with errors that cancel along each target's sources.

    Parameters
    ----------
    weights : (n,) ndarray
        In the order of their sources.
    targets : (n,) ndarray of int
        Which neuron each leads to.
    step : float

    Returns
    -------
    (n,) ndarray
        Each within a step of its weight; what is 0 stays 0.
    """
    order = np.argsort(targets, kind="stable")
    ordered = targets[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    sums = np.cumsum(weights[order] / step)
    before = np.concatenate([[0.0], sums])[starts]
    whole = np.round(sums - np.repeat(before, np.diff(np.append(starts, len(sums)))))
    counts = np.diff(whole, prepend=0.0)
    counts[starts] = whole[starts]
    rounded = np.empty(len(weights))
    rounded[order] = counts * step
    return rounded


def by_likeness(activities: np.ndarray) -> np.ndarray:
    """An order of neurons in which each is followed by the one most like it that is left.

    Parameters
    ----------
    activities : (n_neurons, n_points) ndarray
        Rates at points of what they represent.

    Returns
    -------
    (n_neurons,) ndarray of int
    """
    size = np.linalg.norm(activities, axis=1, keepdims=True)
    unit = activities / np.where(size > 0, size, 1.0)
    alike = unit @ unit.T
    chain = np.zeros(len(unit), int)
    for k in range(1, len(chain)):
        alike[:, chain[k - 1]] = -np.inf  # no more to be chosen
        chain[k] = alike[chain[k - 1]].argmax()
    return chain
