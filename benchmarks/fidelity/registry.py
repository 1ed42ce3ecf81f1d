"""Cells by name."""

from __future__ import annotations

import fnmatch
from typing import Dict, Iterable, List, Sequence

from benchmarks.fidelity.cell import Cell


def by_name(cells: Iterable[Cell]) -> Dict[str, Cell]:
    """Cells by their names, each once.

    Raises
    ------
    ValueError
        If two have one name.
    """
    named: Dict[str, Cell] = {}
    for cell in cells:
        if cell.name in named:
            raise ValueError(f"two cells are named {cell.name!r}")
        named[cell.name] = cell
    return named


def chosen(names: Sequence[str], patterns: Sequence[str]) -> List[str]:
    """Those names that match one of the patterns (``*`` for anything), all for no pattern.

    Raises
    ------
    ValueError
        If a pattern matches none.
    """
    if not patterns:
        return list(names)
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            raise ValueError(f"no name matches {pattern!r}; there are: {', '.join(names)}")
    return [name for name in names if any(fnmatch.fnmatchcase(name, p) for p in patterns)]
