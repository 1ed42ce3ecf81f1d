"""Rounding of small tables of weights, compiled, with NumPy's bits.

`loihi_rules.chip.rounding` has the same in NumPy, and the equations. Of a hundred rows of fifty
weights, NumPy takes ten times as long to begin with each row as to compute.
"""

from __future__ import annotations

from typing import Optional

import numpy as np

from deploy.compiling.jit import HAVE_NUMBA, jit
from loihi_rules.chip.rounding import RoundRows


@jit
def round_rows(left, most, spread, whole, errors):
    """Round the rows of a table, one after the other.

    Parameters
    ----------
    left : (n, n_columns) ndarray
        In steps; is changed.
    most : number
        Of steps, of the type of ``left``.
    spread : (n, n) ndarray of float64
        U.
    whole : (n, n_columns) ndarray
        Is written.
    errors : (n_columns,) ndarray of float64
        Room for those of a row.
    """
    n, n_columns = left.shape
    for k in range(n):
        back = 1.0 / spread[k, k]
        for i in range(n_columns):
            steps = np.rint(left[k, i])
            steps = -most if steps < -most else steps
            steps = most if steps > most else steps
            whole[k, i] = steps
            errors[i] = (left[k, i] - steps) * back
        for j in range(k + 1, n):
            share = spread[k, j]
            for i in range(n_columns):
                left[j, i] = left[j, i] - share * errors[i]


def _rounded(left: np.ndarray, most: float, spread: np.ndarray) -> np.ndarray:
    left, spread = np.array(left, order="C"), np.ascontiguousarray(spread)
    whole = np.empty_like(left)
    round_rows(left, left.dtype.type(most), spread, whole, np.empty(left.shape[1]))
    return whole


ROUND_ROWS: Optional[RoundRows] = _rounded if HAVE_NUMBA else None
