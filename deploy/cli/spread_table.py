"""Each figure's spread over seeds, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.cli.console import print_table, say
from deploy.report.numbers import number

if TYPE_CHECKING:
    from deploy.workflows.sweep import Sweep

COLUMNS = ("trace", "metric", "unit", "median", "10 %", "90 %", "lowest", "highest")


def print_spread(found: Sweep) -> None:
    rows = [
        [number(row[c]) if isinstance(row[c], float) else row[c] for c in COLUMNS]
        for row in found.table()
    ]
    print_table(list(COLUMNS), rows)
    for note in found.notes:
        say(f"note: {note}", indent="    ")
    say(found.verdict)
