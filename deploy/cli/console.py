"""Text and tables on a terminal, or in a pipe: the one way by which the commands say anything.

What is in them may be of a model, a file or a site; see `deploy.shown`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from typing import Any, List, Optional, Sequence, Tuple, Union

import click
from rich.console import Console
from rich.table import Table

from deploy.cli.encoding import PlainText, plain
from deploy.shown import one_line, printable

Cell = Union[str, Tuple[str, ...]]  # of a table; several lines, one below the other

PIPE = 140  # characters: a pipe has no width, and tables must not be cut there
GAP = 2  # between two columns
COLOURS = {"PARITY": "green", "NO PARITY": "red", "OPEN": "yellow", "NOT TESTED": "yellow"}


def width_of_output() -> int:
    """Of what standard output goes to, in characters."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE


def say(text: str, indent: str = "") -> None:
    """A line, which a terminal gets with its words whole; what it is continued by is indented."""
    _say_line(one_line(text), indent)


def _say_line(text: str, indent: str = "") -> None:
    if sys.stdout.isatty():
        text = textwrap.fill(
            text,
            width_of_output(),
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
    click.echo(text)


def say_error(text: str) -> None:
    """A line on standard error."""
    click.echo(" ".join(one_line(text).split()), err=True)


def say_text(text: str) -> None:
    """Lines of somebody else's, such as a log."""
    click.echo(printable(text), nl=False)


def say_json(value: Any, indent: Optional[int] = 1) -> None:
    """For programs; JSON writes in ASCII what a terminal would obey."""
    click.echo(json.dumps(value, indent=indent))


def say_verdict(text: str) -> None:
    """A verdict, its first words in colour where the terminal has it."""
    outcome, colon, rest = one_line(text).partition(":")
    colour = COLOURS.get(outcome) if _has_colour() else None
    shown = click.style(outcome, fg=colour, bold=True) if colour else outcome
    _say_line(shown + colon + rest)


def _has_colour() -> bool:
    dull = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not dull


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """A table, or, where its words would have to be broken, its rows one below the other."""
    shown = [[_shown(cell) for cell in row] for row in rows]
    least = [max(map(_longest_word, column)) for column in zip(headings, *shown)]
    width = width_of_output()
    if sum(least) + GAP * (len(least) - 1) > width:
        _print_below_each_other(headings, shown)
        return
    table = Table(box=None, pad_edge=False)
    for heading, narrowest in zip(headings, least):
        table.add_column(heading, overflow="fold", min_width=narrowest)
    for row in shown:
        table.add_row(*row)
    # without both, rich takes a dumb terminal to be 80 wide
    Console(width=width, height=len(rows) + 1).print(table, markup=False, highlight=False)


def _print_below_each_other(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        said: List[str] = [
            f"{heading}: {cell}" if heading else cell
            for heading, cell in zip(headings, row)
            if cell
        ]
        say("; ".join(said).replace("\n", ", "), indent="    ")


def _longest_word(cell: str) -> int:
    return max(map(len, cell.split()), default=0)


def _shown(cell: Cell) -> str:
    """A cell as standard output can show it, so that columns are as wide as what is in them."""
    text = "\n".join(map(one_line, cell)) if isinstance(cell, tuple) else one_line(cell)
    encoding: Optional[str] = getattr(sys.stdout, "shown_in", None)
    return plain(text, encoding) if encoding and isinstance(sys.stdout, PlainText) else text
