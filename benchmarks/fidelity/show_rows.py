"""The cases that were reported wrong, as lines on the screen."""

from __future__ import annotations

import argparse
import fnmatch
import sys
from typing import Dict, Sequence

from benchmarks.fidelity.measuring import Job, Measured, by_target, measure_all
from benchmarks.fidelity.rows import ROWS, Row
from deploy.errors import BadInput
from deploy.workflows.processes import at_once


def rows_named(names: list) -> Dict[str, Row]:
    """Rows by ``group/name``, of those groups or patterns.

    Raises
    ------
    BadInput
        If one names none.
    """
    rows = {f"{group}/{row.cell.name}": row for group, of in ROWS.items() for row in of}
    chosen: Dict[str, Row] = {}
    for name in names:
        found = {
            key: row
            for key, row in rows.items()
            if key.split("/")[0] == name or fnmatch.fnmatchcase(key, name)
        }
        if not found:
            raise BadInput(f"no row is named {name!r}; without a name all are listed")
        chosen.update(found)
    return chosen


def main(asked: argparse.Namespace) -> None:
    if not asked.names:
        for group, rows in ROWS.items():
            for row in rows:
                print(f"{group + '/' + row.cell.name:52} {row.cell.unit}; reported {row.reported}")
        return
    rows = rows_named(asked.names)
    cells = {name: row.cell for name, row in rows.items()}
    jobs = [Job(n, target, s) for n in cells for target in asked.targets for s in asked.seeds]
    found: Dict[Job, Measured] = {}
    left = {name: len(asked.targets) * len(asked.seeds) for name in cells}
    for job, measured in measure_all(cells, jobs, at_once(asked.processes)):
        found[job] = measured
        left[job.name] -= 1
        if not left[job.name]:
            show(job.name, rows[job.name], found, asked.targets, asked.seeds)


def show(
    name: str, row: Row, found: Dict[Job, Measured], targets: Sequence[str], seeds: Sequence[int]
) -> None:
    print(f"{name} ({row.cell.unit}; {row.cell.better} is right); reported: {row.reported}")
    runs = by_target(found, name, targets, seeds)
    for target, measured in runs.items():
        figures = "  ".join(f"{m.figure:9.4g}" for m in measured)
        print(f"    {target:15} {figures}   {sum(m.seconds for m in measured):6.1f} s")
        for text in dict.fromkeys(w for m in measured for w in m.warnings):
            print(f"        {text[:240]}")
    sys.stdout.flush()
