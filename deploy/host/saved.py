"""Arrays as they were where a batch of steps started."""

from __future__ import annotations

from typing import Any, List

import numpy as np

from deploy.compiling.jit import HAVE_NUMBA
from deploy.host import kernels as k


class Saved:
    """Arrays as they were where a batch started.

    Parameters
    ----------
    arrays : list of ndarray
    """

    def __init__(self, arrays: List[np.ndarray]):
        self._pairs = [(array, array.copy()) for array in arrays]
        self._codes = np.zeros((0, k.COLUMNS), np.int64)
        if HAVE_NUMBA:  # a short run has many arrays for few steps
            plain = [(a, b) for a, b in self._pairs if is_plain(a, b)]
            rows = [(k.COPY, a.size, b.ctypes.data, a.ctypes.data, 0, 0) for a, b in plain]
            self._codes = np.array(rows, np.int64).reshape(len(rows), k.COLUMNS)
        self._others = self._pairs
        if len(self._codes):
            self._others = [(a, b) for a, b in self._pairs if not is_plain(a, b)]
        self._no_floats = np.zeros((len(self._codes), 6))

    def save(self) -> None:
        """Note what they are now."""
        if len(self._codes):
            k.run_operators(self._codes, self._no_floats, 0, len(self._codes), 0)
        for array, copy in self._others:
            copy[...] = array

    def restore(self) -> None:
        """Make them what they were."""
        for array, copy in self._pairs:
            array[...] = copy


def is_plain(*arrays: Any) -> bool:
    """Whether these are arrays that the compiled operators can work on."""
    return all(
        isinstance(a, np.ndarray) and a.dtype == np.float64 and a.flags.c_contiguous and a.size
        for a in arrays
    )
