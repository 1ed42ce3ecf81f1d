"""Many arrays as one, which is read at once."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from deploy.files.npz import Arrays
from loihi_rules.solutions import NUMBERS, Solution, is_turned

LINE = 64  # bytes; each array begins on a line of its own, as compiled code needs it


def is_in_one_piece(array: np.ndarray) -> bool:
    """Whether its numbers are one behind the other."""
    return array.flags.c_contiguous or array.flags.f_contiguous


def packed(solutions: Mapping[str, Solution]) -> Tuple[Dict[str, Any], np.ndarray]:
    """All arrays one after the other, and where each is.

    Parameters
    ----------
    solutions : mapping of str to tuple of ndarray
        Each in one piece of memory.

    Returns
    -------
    record : dict
        In terms of JSON.
    data : (n,) ndarray of uint8
    """
    pieces: List[np.ndarray] = []
    places: Dict[str, List[Any]] = {}
    start = 0
    for key, solution in solutions.items():
        places[key] = []
        for array in solution:
            turned = is_turned(array)
            flat = (array.T if turned else array).reshape(-1).view(np.uint8)
            pieces += [flat, np.zeros(-len(flat) % LINE, np.uint8)]
            places[key].append([array.dtype.str, list(array.shape), turned, start])
            start += len(flat) + len(pieces[-1])
    return {"places": places}, np.concatenate([np.zeros(0, np.uint8), *pieces])


def unpacked(record: Mapping[str, Any], arrays: Arrays) -> Dict[str, Solution]:
    """The arrays, which share their memory.

    Raises
    ------
    ValueError, KeyError, TypeError
        If the record is not as it must be.
    """
    data, places = arrays["data"], dict(record["places"])
    return {key: tuple(_at(data, *place) for place in of) for key, of in places.items()}


def _at(data: np.ndarray, kind: str, shape: Sequence[int], turned: bool, start: int) -> np.ndarray:
    dtype = np.dtype(kind)
    if dtype.kind not in NUMBERS:
        raise ValueError(kind)
    shape = shape[::-1] if turned else shape
    array: np.ndarray = np.ndarray(tuple(shape), dtype, data.data, start)
    return array.T if turned else array
