"""NumPy's and Python's global random generators, the same in every run."""

from __future__ import annotations

import contextlib
import random
from typing import Iterator

import numpy as np


@contextlib.contextmanager
def fixed_generators(seed: int) -> Iterator[None]:
    """Give code that draws from the global generators the same numbers each time.

    Afterwards they are where they were.
    """
    numpy_state, python_state = np.random.get_state(), random.getstate()
    seed_generators(seed)
    try:
        yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)


def seed_generators(seed: int) -> None:
    """Have both begin anew, within `fixed_generators`."""
    np.random.seed(seed)
    random.seed(seed)
