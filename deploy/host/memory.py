"""Arrays as parts of one piece of memory, which can be written and read at once."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

import numpy as np

LINE = 64  # bytes; each array begins on a line of its own
WORD = 8


def _root(array: np.ndarray) -> np.ndarray:
    """The array that holds the numbers of this one, which may be a view."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


class Memory:
    """Says where in one piece of memory the numbers of some arrays are.

    Parameters
    ----------
    groups : mapping of str to sequence of ndarray
        Each is in one piece, which `header` says by its name.
    others : sequence of ndarray
        Those that are zero come last, and are not written.
    """

    def __init__(self, groups: Mapping[str, Sequence[np.ndarray]], others: Sequence[np.ndarray]):
        first: Dict[int, np.ndarray] = {}
        counts = [0]
        for group in groups.values():
            first.update({id(_root(a)): _root(a) for a in group if id(_root(a)) not in first})
            counts.append(len(first))
        rest = {id(_root(a)): _root(a) for a in others}
        later = [root for key, root in rest.items() if key not in first]
        full = [bool(np.any(root)) for root in later]
        written = [*first.values(), *(root for root, any_ in zip(later, full) if any_)]
        roots = [*written, *(root for root, any_ in zip(later, full) if not any_)]
        ends = np.cumsum([-(-root.nbytes // LINE) * LINE for root in roots]).tolist()
        self._start = {id(root): start for root, start in zip(roots, [0, *ends])}
        self._roots = roots  # so that no other array gets one of these numbers
        self.size = ends[-1] if ends else 0
        at = [([0, *ends])[count] for count in counts]
        self._groups = {name: [*of] for name, of in zip(groups, zip(at, at[1:]))}
        self.data = np.zeros(ends[len(written) - 1] if written else 0, np.uint8)
        for root in written:
            start = self._start[id(root)]
            flat = np.ascontiguousarray(root.T if root.flags.f_contiguous else root)
            if not (root.flags.c_contiguous or root.flags.f_contiguous):
                raise ValueError("pieces")
            self.data[start : start + root.nbytes] = flat.reshape(-1).view(np.uint8)

    def has(self, array: np.ndarray) -> bool:
        """Whether an array's numbers are in it."""
        return id(_root(array)) in self._start

    def address(self, array: np.ndarray) -> int:
        """Where the first number of an array is."""
        root = _root(array)
        within = array.__array_interface__["data"][0] - root.__array_interface__["data"][0]
        return int(self._start[id(root)]) + int(within)

    def place(self, array: np.ndarray) -> List[Any]:
        """Where an array is, in terms of JSON, for `view`."""
        return [self.address(array), array.dtype.str, list(array.shape), list(array.strides)]

    def header(self) -> Dict[str, Any]:
        """What has to be known of it besides its ``data``."""
        return {"size": self.size, "groups": self._groups}


def memory_of(header: Any, data: np.ndarray, most: int) -> np.ndarray:
    """(n,) ndarray of float64: the piece of memory again, beginning on a line.

    Raises
    ------
    ValueError, KeyError, TypeError
        If its header is not as it must be.
    """
    size = int(header["size"])
    if not len(data) <= size <= most or size % LINE or data.dtype != np.uint8:
        raise ValueError("memory")
    room = np.zeros(size // WORD + LINE // WORD, np.float64)
    skip = -room.ctypes.data % LINE // WORD
    memory = room[skip : skip + size // WORD]
    memory.view(np.uint8)[: len(data)] = data
    return memory


def group_of(memory: np.ndarray, header: Any, name: str) -> np.ndarray:
    """A group of `Memory`, as float64.

    Raises
    ------
    ValueError, KeyError, TypeError
        If it would not lie within the memory.
    """
    start, end = header["groups"][name]
    if not 0 <= start <= end <= memory.nbytes or start % WORD or end % WORD:
        raise ValueError("groups")
    return memory[start // WORD : end // WORD]


def view(memory: np.ndarray, place: Sequence[Any]) -> np.ndarray:
    """An array of `Memory.place`.

    Raises
    ------
    ValueError, TypeError
        If it would not lie within the memory.
    """
    start, kind, shape, strides = place
    dtype = np.dtype(kind)
    if dtype.kind not in "fiub" or start < 0 or any(s < 0 for s in strides):
        raise ValueError("array")
    array: np.ndarray = np.ndarray(tuple(shape), dtype, memory, start, tuple(strides))
    return array
