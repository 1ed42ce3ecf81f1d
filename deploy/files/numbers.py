"""Numbers out of text, a line a row."""

from __future__ import annotations

import warnings
from typing import Any, Iterable, Optional, TextIO

import numpy as np

NOTHING = "loadtxt: (input contained no data|Empty input file)"  # NumPy's words, new and old


def read_numbers(stream: TextIO, separator: Optional[str] = None, axes: int = 2) -> np.ndarray:
    """Numbers between separators, or between spaces; of no line an empty array.

    Parameters
    ----------
    stream : file
        Of text, from where it stands.
    separator : str, optional
    axes : int
        Of the array.

    Raises
    ------
    ValueError
        If something else is in it, or lines have different lengths.
    """
    start = stream.tell() if stream.seekable() else None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", NOTHING)
        load: Any = np.loadtxt  # whose types know of no axes that vary
        try:
            return np.asarray(load(stream, delimiter=separator, ndmin=axes, comments=None))
        except UnicodeDecodeError:
            raise
        except ValueError as error:
            if start is None:
                raise
            stream.seek(start)
            raise ValueError(_first_misfit(stream, separator) or str(error)) from None


def _first_misfit(lines: Iterable[str], separator: Optional[str]) -> str:
    """The first row that is not as the others; each NumPy has other words for it, and counts."""
    expected = 0
    rows = (line.split(separator) for line in lines if line.strip())
    for row, fields in enumerate(rows, 1):
        expected = expected or len(fields)
        if len(fields) != expected:
            return f"row {row} of numbers has {len(fields)} of them, those before have {expected}"
        for column, field in enumerate(fields, 1):
            try:
                float(field)
            except ValueError:
                return f"row {row} of numbers has {field.strip()!r} for one, in column {column}"
    return ""
