"""All runs of one cell, and what they amount to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterator, List, Mapping, Sequence

import numpy as np

from benchmarks.fidelity.cell import Cell
from benchmarks.fidelity.judging import Verdict, judge
from benchmarks.fidelity.measuring import Job, Measured, measure_all

# Texts that say nothing of an object of the user's and its fidelity
NOT_FOR_USERS = (
    "divide by zero",
    "invalid value",
    "Non-finite values",
    "Specifying the gains",
    "Lost ",
    "Overflow in",
    "Clipping ",
)


@dataclass(frozen=True)
class MeasuredCell:
    """A cell, its runs by target, and the emulators' verdicts.

    Attributes
    ----------
    cell : Cell
    runs : mapping of str to list of Measured
    """

    cell: Cell
    runs: Mapping[str, List[Measured]]

    def figures(self, target: str) -> np.ndarray:
        return np.array([run.figure for run in self.runs[target]])

    def verdict(self, target: str = "emulator") -> Verdict:
        cell = self.cell
        return judge(self.figures("cpu"), self.figures(target), cell.better, cell.slack)

    @property
    def warnings(self) -> List[str]:
        """What a user of the emulator is warned of, each once."""
        texts = [text for run in self.runs["emulator"] for text in run.warnings]
        return [t for t in dict.fromkeys(texts) if not t.startswith(NOT_FOR_USERS)]

    @property
    def seconds(self) -> float:
        return sum(run.seconds for runs in self.runs.values() for run in runs)


def measure_cells(
    cells: Mapping[str, Cell], seeds: Mapping[str, Sequence[int]], at_once: int
) -> Iterator[MeasuredCell]:
    """Each cell when all its runs are done.

    Parameters
    ----------
    cells : mapping of str to Cell
    seeds : mapping of str to sequence of int
        Of each target.
    at_once : int
        Processes.
    """
    jobs = [Job(name, target, s) for name in cells for target in seeds for s in seeds[target]]
    each = sum(map(len, seeds.values()))
    found: Dict[str, Dict[Job, Measured]] = {name: {} for name in cells}
    for job, measured in measure_all(cells, jobs, at_once):
        runs = found[job.name]
        runs[job] = measured
        if len(runs) == each:
            ordered = {t: [runs[Job(job.name, t, s)] for s in seeds[t]] for t in seeds}
            yield MeasuredCell(cells[job.name], ordered)
