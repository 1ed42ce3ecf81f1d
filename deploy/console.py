"""What the commands share: what is typed, and tables."""

from __future__ import annotations

import sys
from typing import List, Optional, Sequence

from rich.console import Console
from rich.table import Table

from deploy.errors import BadInput
from deploy.model import parameters_of
from loihi_rules.systems import SYSTEMS

MOST_SEEDS = 100_000
USER_DURATION = 5.0  # s; of a user's model, which does not say how long it wants to run


def duration_of(model: str, duration: Optional[float], seeds: Sequence[int] = (0,)) -> float:
    """Seconds of model time: as asked, a system's own for these seeds, or that of users' models."""
    if duration is not None:
        return duration
    name, given = parameters_of(model)
    if name not in SYSTEMS:
        return USER_DURATION
    try:
        return max(SYSTEMS[name].seconds(given, seed) for seed in seeds)
    except ValueError as error:
        raise BadInput(str(error)) from None


def seeds_of(text: str) -> List[int]:
    """``0:20`` or ``1,4,7``."""
    try:
        if ":" in text:
            first, end = map(int, text.split(":"))
            if end - first > MOST_SEEDS:
                raise BadInput(f"{end - first} seeds are too many; at most {MOST_SEEDS}")
            return list(range(first, end))
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise BadInput(f"seeds are written FIRST:END or with commas, not {text!r}") from None


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
