"""Tables on a terminal, or in a pipe."""

from __future__ import annotations

import sys
from typing import List

from rich.console import Console
from rich.table import Table


def _console() -> Console:
    # a pipe has no width; tables must not be cut there
    return Console() if sys.stdout.isatty() else Console(width=140)


def print_table(headings: List[str], rows: List[List[str]]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(str, row))
    _console().print(table, markup=False, highlight=False)
