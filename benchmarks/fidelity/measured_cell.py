"""All runs of one cell, and what they amount to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Mapping, Optional, Sequence, Set

import numpy as np

from benchmarks.fidelity import stored as stored_figures
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
    def code(self) -> Set[str]:
        """The commits of which the emulators' runs are."""
        return {run.code for t, runs in self.runs.items() if t != "cpu" for run in runs}

    @property
    def seconds(self) -> float:
        return sum(run.seconds for runs in self.runs.values() for run in runs)


def measure_cells(
    cells: Mapping[str, Cell],
    seeds: Mapping[str, Sequence[int]],
    at_once: int,
    figures: Optional[Path] = None,
    resume: bool = False,
    code: str = "",
) -> Iterator[MeasuredCell]:
    """Each cell when all its runs are done.

    Parameters
    ----------
    cells : mapping of str to Cell
    seeds : mapping of str to sequence of int
        Of each target.
    at_once : int
        Processes.
    figures : pathlib.Path, optional
        File of figures: those of the CPU are taken from it, and all are written to it.
    resume : bool
        Whether the emulators' figures are taken from it too, of whatever commit.
    code : str
        The commit that is measured.
    """
    own = {n: {t: list(seeds[t])[: cell.seeds] for t in seeds} for n, cell in cells.items()}
    jobs = [Job(n, t, s) for n, targets in own.items() for t, of in targets.items() for s in of]
    stored = {} if figures is None else stored_figures.read(figures)
    known = {job: stored[job] for job in jobs if job in stored and (resume or job.target == "cpu")}
    left = {name: sum(j.name == name and j not in known for j in jobs) for name in cells}
    found = {**stored, **known}

    def whole(name: str) -> MeasuredCell:
        runs = {t: [found[Job(name, t, s)] for s in of] for t, of in own[name].items()}
        return MeasuredCell(cells[name], runs)

    yield from (whole(name) for name, count in left.items() if not count)
    for job, measured in measure_all(cells, [j for j in jobs if j not in known], at_once):
        found[job] = measured if job.target == "cpu" else measured._replace(code=code)
        left[job.name] -= 1
        if not left[job.name]:
            if figures is not None:
                stored_figures.write(figures, found)
            yield whole(job.name)
