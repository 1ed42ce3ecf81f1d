"""What a file of arrays is."""

from __future__ import annotations

from typing import NamedTuple


class FileKind(NamedTuple):
    """What a file is.

    Attributes
    ----------
    format : str
        Written into it.
    version : int
        The newest that can be read.
    name : str
        For messages: "a NAME file".
    source : str
        Which command makes such files.
    """

    format: str
    version: int
    name: str
    source: str
