"""Solutions of problems that take long, by all that goes into these."""

from __future__ import annotations

import hashlib
from typing import Any, Callable, List, Optional, Sequence, Tuple

import numpy as np
from nengo.params import FrozenObject, iter_params

Solution = Tuple[np.ndarray, ...]
PACKAGES = {"nengo", "nengo_loihi", "loihi_rules", "deploy"}  # whose versions say what they do
NUMBERS = "fiub"  # kinds of arrays


class Solutions:
    """Solves each problem when it is asked. `deploy.files.solutions` has one that keeps them."""

    def of(self, problem: Sequence[Any], solve: Callable[[], Solution]) -> Solution:
        """The solution of a problem.

        Parameters
        ----------
        problem : sequence
            What it is, in a word, and everything that the solution depends on.
        solve : callable
            Gives arrays, each in one piece of memory, which depend on nothing else.
        """
        return solve()

    def of_all(
        self,
        problems: Sequence[Sequence[Any]],
        solve: Callable[[Sequence[int]], Sequence[Solution]],
    ) -> List[Solution]:
        """The solutions of several problems.

        Parameters
        ----------
        problems : sequence of sequence
            As `of` takes them.
        solve : callable
            Takes which of them to solve, and gives those solutions.
        """
        return list(solve(range(len(problems))))


SOLVED_ANEW = Solutions()


class _NotKnown(Exception):
    """Something is not known by its numbers, such as what a user wrote."""


def content_of(problem: Sequence[Any]) -> Optional[str]:
    """A number by which two problems are the same, of 40 hexadecimal digits.

    Parameters
    ----------
    problem : sequence
        Of numbers, text, arrays, and of Nengo's immutable objects.

    Returns
    -------
    str or None
        None if something in it is not known by its numbers.
    """
    digest = hashlib.blake2b(digest_size=20)
    try:
        _add(digest, problem)
    except _NotKnown:
        return None
    return digest.hexdigest()


def content_of_array(array: np.ndarray) -> str:
    """That of one array of numbers."""
    digest = hashlib.blake2b(digest_size=20)
    _add_array(digest, array)
    return digest.hexdigest()


def _add(digest: Any, value: Any) -> None:
    if value is None or isinstance(value, (bool, int, str)):
        digest.update(f"{type(value).__name__} {value!r};".encode())
    elif isinstance(value, float):  # NumPy's too
        digest.update(f"float {float(value).hex()};".encode())
    elif isinstance(value, (np.ndarray, np.generic)):
        _add_array(digest, np.asarray(value))
    elif isinstance(value, (tuple, list)):
        digest.update(f"list {len(value)};".encode())
        for each in value:
            _add(digest, each)
    elif isinstance(value, slice):
        _add(digest, ("slice", value.start, value.stop, value.step))
    elif isinstance(value, FrozenObject) and type(value).__module__.split(".")[0] in PACKAGES:
        names = sorted(iter_params(value))
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        _add(digest, (kind, *((name, getattr(value, name)) for name in names)))
    else:
        raise _NotKnown


def is_turned(array: np.ndarray) -> bool:
    """Whether an array in one piece of memory is the transpose of one that has its rows in order.

    The last bits of products differ by it. A single row or column may be either, by its strides
    alone: NumPy and BLAS go by them.
    """
    if not array.flags.c_contiguous:
        return array.flags.f_contiguous
    if not array.flags.f_contiguous:
        return False
    stride = array.itemsize
    for size, own in zip(array.shape[::-1], array.strides[::-1]):
        if own != stride:
            return True
        stride *= size
    return False


def copied(array: np.ndarray) -> np.ndarray:
    """A copy in one piece of memory that is turned if the array is."""
    return np.array(array.T).T if is_turned(array) else np.array(array)


def _add_array(digest: Any, array: np.ndarray) -> None:
    """With its order in memory, by which the last bits of products differ."""
    if array.dtype.kind not in NUMBERS:
        raise _NotKnown
    turned = is_turned(array)
    digest.update(f"array {array.dtype.str} {array.shape} {turned};".encode())
    digest.update(np.ascontiguousarray(array.T if turned else array))
