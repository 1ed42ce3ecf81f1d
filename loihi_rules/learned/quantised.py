"""Matrices of weights in the chip's 8 bits, an exponent a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

import numpy as np

from loihi_rules.chip.fixed_point import FixedPoint, quantise
from loihi_rules.chip.limits import LOIHI


@dataclass(frozen=True)
class Quantised:
    """A matrix in the chip's numbers, one power of two for each row.

    A row goes into one neuron (or one dimension). Neurons of a core share the exponent of
    their weights, but their thresholds may differ by powers of two, which comes to the same.

    Attributes
    ----------
    rows : tuple of FixedPoint
    pruned : int
        How many weights were left out.
    """

    rows: Tuple[FixedPoint, ...]
    pruned: int = 0

    @property
    def values(self) -> np.ndarray:
        """What the mantissas stand for, in the unit of the weights given."""
        return np.array([row.weights for row in self.rows])

    @property
    def error_bounds(self) -> np.ndarray:
        """(n_rows,) largest error of a weight that was kept: half a step of its row."""
        return np.array([row.error_bound for row in self.rows])


def quantise_rows(weights: np.ndarray, fan_in: Optional[int] = None) -> Quantised:
    """Round a matrix to 8-bit mantissas with an exponent for each row.

        w_ji ≈ m_ji · 2^(6 + e_j) / s,        s = 64 m_max / max |w|

    so that the largest weight has the largest mantissa at exponent 0; a row of smaller weights
    has a smaller exponent, down to −6. See `loihi_rules.chip.fixed_point`.

    Parameters
    ----------
    weights : (n_rows, n_columns) ndarray
        Finite.
    fan_in : int, optional
        Keep this many weights of each row, those of largest magnitude.

    Returns
    -------
    Quantised

    Raises
    ------
    ValueError
        If a weight is not finite, or ``fan_in`` is less than 1.
    """
    kept = np.array(weights, float)
    pruned = 0
    if fan_in is not None:
        if fan_in < 1:
            raise ValueError(f"fan_in must be 1 or more, not {fan_in}")
        if fan_in < kept.shape[1]:
            smallest = np.argsort(-np.abs(kept), axis=1, kind="stable")[:, fan_in:]
            pruned = int(np.count_nonzero(np.take_along_axis(kept, smallest, axis=1)))
            np.put_along_axis(kept, smallest, 0.0, axis=1)
    mixed = bool((kept < 0).any() and (kept > 0).any())
    top = float(np.abs(kept).max(initial=0.0)) if np.isfinite(kept).all() else np.nan
    scale = 64.0 * (LOIHI.weight_max - int(mixed)) / top if top else 1.0
    if not np.isfinite(scale):
        raise ValueError("weights must be finite numbers")
    return Quantised(tuple(quantise(row, scale, mixed=mixed) for row in kept), pruned)
