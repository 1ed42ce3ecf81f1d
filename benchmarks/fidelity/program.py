"""A program: a cell with a line of what it does."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.fidelity.cell import Cell


@dataclass(frozen=True)
class Program(Cell):
    """A cell, and what it does in a line.

    Attributes
    ----------
    what : str
        For the table of docs/programs.md.
    """

    what: str = ""


def described(cell: Cell, name: str, what: str) -> Program:
    """A cell of the grid as a program of its own name."""
    return Program(
        name, cell.build, cell.figure, cell.duration, cell.unit, cell.better, cell.slack, cell.dt,
        cell.run, what=what,
    )  # fmt: skip
