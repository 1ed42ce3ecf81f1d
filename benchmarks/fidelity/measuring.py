"""Cells measured in several processes."""

from __future__ import annotations

from typing import Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

from benchmarks.fidelity.cell import Cell, measure
from deploy.workflows import processes


class Job(NamedTuple):
    """One run."""

    name: str
    target: str
    seed: int


class Measured(NamedTuple):
    """What a run gave: its figure (NaN where it failed), warnings and seconds, and of which code.

    The code is a commit of this project; none for Nengo core.
    """

    figure: float
    warnings: Tuple[str, ...]
    seconds: float
    code: str = ""


def measure_all(
    cells: Mapping[str, Cell], jobs: Sequence[Job], at_once: int
) -> Iterator[Tuple[Job, Measured]]:
    """Each job with what it gave, as they are done."""
    yield from processes.spread(_measure, jobs, at_once, cells)


def _measure(job: Job, cells: Mapping[str, Cell]) -> Measured:
    import time

    begun = time.perf_counter()
    figure, warnings = measure(cells[job.name], job.target, job.seed)
    return Measured(figure, warnings, time.perf_counter() - begun)


def by_target(
    found: Mapping[Job, Measured], name: str, targets: Sequence[str], seeds: Sequence[int]
) -> Dict[str, List[Measured]]:
    """What a cell's runs gave, by target."""
    return {target: [found[Job(name, target, seed)] for seed in seeds] for target in targets}
