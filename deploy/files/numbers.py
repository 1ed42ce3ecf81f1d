"""Numbers out of text, a line a row."""

from __future__ import annotations

import re
import warnings
from typing import Any, Optional

import numpy as np

UNLIKE = re.compile(r"the number of columns changed from (\d+) to (\d+) at row (\d+)")
NO_NUMBER = re.compile(r"could not convert string (.*) to float64 at row (\d+), column (\d+)", re.S)
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
        try:
            return np.asarray(load(source, delimiter=separator, ndmin=axes, comments=None))
        except ValueError as error:
            raise ValueError(_in_our_words(str(error))) from None


def _in_our_words(said: str) -> str:
    """What NumPy says of a row, without its advice to who calls it; rows are counted from 1."""
    unlike, text = UNLIKE.match(said), NO_NUMBER.match(said)
    if unlike is not None:
        before, own, row = unlike.groups()
        return f"row {row} of numbers has {own} of them, and those before have {before}"
    if text is not None:
        return f"row {int(text[2]) + 1} of numbers has {text[1]} for one, in column {text[3]}"
    return said
