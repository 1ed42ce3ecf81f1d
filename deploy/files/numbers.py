"""Numbers out of text, a line a row."""

from __future__ import annotations

import warnings
from typing import Any, Optional

import numpy as np

NOTHING = "loadtxt: (input contained no data|Empty input file)"  # NumPy's words, new and old


def read_numbers(source: Any, separator: Optional[str] = None, axes: int = 2) -> np.ndarray:
    """Numbers between separators, or between spaces; of no line an empty array.

    Parameters
    ----------
    source : file or pathlib.Path
    separator : str, optional
    axes : int
        Of the array.

    Raises
    ------
    ValueError
        If something else is in it, or lines have different lengths.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", NOTHING)
        load: Any = np.loadtxt  # whose types know of no axes that vary
        return np.asarray(load(source, delimiter=separator, ndmin=axes, comments=None))
