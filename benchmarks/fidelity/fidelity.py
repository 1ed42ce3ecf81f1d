"""The whole grid: measured, judged, and written to docs/fidelity.md."""

from __future__ import annotations

import argparse
import fnmatch
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, Iterable, List, Mapping, Sequence

from benchmarks.fidelity.cell import TARGETS, Cell
from benchmarks.fidelity.grid import all_cells
from benchmarks.fidelity.judging import ASTRAY, false_alarm
from benchmarks.fidelity.measured_cell import MeasuredCell, measure_cells
from benchmarks.fidelity.pages import ratios, share, short, table
from benchmarks.fidelity.reasons import faults, read_reasons
from deploy.errors import BadInput
from deploy.workflows.processes import at_once

PAGE = """# How true the chip is to the CPU

`make fidelity` builds {count} networks, each a cell of a grid: the factors of a channel (size,
dimensions, radius, rates, τ_ref, τ_RC, filters, intercepts, neuron type, step), of learning by
PES (neurons, dimensions, radius, κ, function, signal), of networks with a connection back, of
Nengo's own networks, of connections between neurons and of ways into a population, each swept
around a middle while the others stay, and {drawn} combinations drawn by a fixed generator. What
each is stands in `benchmarks/fidelity/`.

A cell has one figure of merit. **The yardstick is the CPU with other neurons**: the network
runs with {cpu} seeds of its neurons, its input staying the same, in Nengo core, and with {chip}
of these on the emulator (fewer where a run takes a minute). It passes when the chip's median is
not beyond the CPU's range, least to greatest figure (where less or more is better, only the bad
side counts), and no run is further beyond it than {astray:g} times its width. Were chip and CPU
draws of the same, the first would raise an alarm in {alarm} of cells for each side that counts,
whatever the figures' distribution; the second, with figures that spread by a third, in one of a
thousand. The float emulator ({floats} seeds) is the chip without rounding.

**{share} of the cells are inside the CPU's spread** ({floated} in floating point). Of those
outside, {warned} warn of it. Errors are the CPU's times {ratios}. Measured on
{commit}, {minutes:.0f} minutes of one core. All figures are in
[fidelity.json](fidelity.json); the next run takes Nengo core's from there, as they do not depend on
this project, and measures them where the file is missing.

*CPU*, *float* and *emulator* are medians; *warned*: the run says something of it to the user.

{table}
"""


def main(asked: argparse.Namespace) -> None:
    cells = chosen(all_cells(), asked.names)
    if asked.quick:
        cells = {name: cell for name, cell in cells.items() if cell.quick}
    seeds = seeds_of(asked)
    begun = time.perf_counter()
    found: Dict[str, MeasuredCell] = {}
    processes = at_once(asked.processes)
    for measured in measure_cells(
        cells, seeds, processes, asked.figures, asked.resume, this_commit()
    ):
        found[measured.cell.name] = measured
        show(measured, seeds)
    if not set(TARGETS) <= set(seeds):
        return  # figures for later
    ordered = [found[name] for name in cells]
    minutes = (time.perf_counter() - begun) / 60
    print(f"{share(ordered)} inside the CPU's spread; {minutes:.1f} minutes")
    reasons = read_reasons()
    if asked.write:
        Path(asked.write).write_text(page(ordered, seeds, reasons), "utf-8")
    wrong = faults(reasons, {m.cell.name: m.verdict() for m in ordered})
    for text in wrong:
        print(text)
    sys.exit(1 if wrong else 0)


def seeds_of(asked: argparse.Namespace) -> Dict[str, Sequence[int]]:
    """The seeds of each target that is asked for: all for the CPU, the first ones for the rest."""
    count = {"cpu": None, "emulator": asked.chips, "float-emulator": asked.floats}
    return {target: asked.seeds[: count[target]] for target in asked.targets}


def chosen(cells: Mapping[str, Cell], patterns: Sequence[str]) -> Dict[str, Cell]:
    """The cells whose names match one of the patterns; all for no pattern.

    Raises
    ------
    BadInput
        If a pattern matches none.
    """
    for pattern in patterns:
        if not fnmatch.filter(cells, pattern):
            raise BadInput(f"no cell is named {pattern!r}; see benchmarks/fidelity/grid.py")
    return {
        name: cell
        for name, cell in cells.items()
        if not patterns or any(fnmatch.fnmatchcase(name, p) for p in patterns)
    }


def show(measured: MeasuredCell, targets: Iterable[str]) -> None:
    """A line on the screen."""
    if not set(TARGETS) <= set(targets):
        figures = {t: [round(float(f), 5) for f in measured.figures(t)] for t in targets}
        print(measured.cell.name, figures, f"[{measured.seconds:.0f} s]", flush=True)
        return
    verdict = measured.verdict()
    floats = measured.verdict("float-emulator")
    print(
        f"{'ok  ' if verdict.ok else 'FAIL'} {measured.cell.name:44} "
        f"CPU {short(verdict.low)} to {short(verdict.high)}, {short(verdict.cpu)}; "
        f"float {short(floats.chip)}; emulator {short(verdict.chip)}  {verdict.why}  "
        f"[{measured.seconds:.0f} s]",
        flush=True,
    )
    if not verdict.ok:
        for text in measured.warnings[:3]:
            print(f"         warns: {text[:200]}", flush=True)


def page(
    measured: List[MeasuredCell],
    seeds: Mapping[str, Sequence[int]],
    reasons: Mapping[str, str],
) -> str:
    low, high = (100 * p for p in false_alarm(len(seeds["cpu"]), len(seeds["emulator"])))
    outside = [m for m in measured if not m.verdict().ok]
    return PAGE.format(
        count=len(measured),
        drawn=sum("/drawn " in m.cell.name for m in measured),
        cpu=len(seeds["cpu"]),
        chip=len(seeds["emulator"]),
        floats=len(seeds["float-emulator"]),
        astray=ASTRAY,
        alarm=f"{high:.1f} %" if low == high else f"{low:.1f} to {high:.1f} %",
        share=share(measured),
        floated=share(measured, "float-emulator"),
        ratios=ratios(measured),
        warned=sum(bool(m.warnings) for m in outside),
        commit=commits(measured),
        minutes=core_minutes(measured),
        table="\n".join(table(measured, reasons)),
    )


def core_minutes(measured: Iterable[MeasuredCell]) -> float:
    """What all runs took, those of the CPU with them."""
    return sum(cell.seconds for cell in measured) / 60


def commits(measured: Iterable[MeasuredCell]) -> str:
    """Of which commits the figures are, in words."""
    known = sorted(set().union(*(cell.code for cell in measured)))
    return f"{'commits' if len(known) > 1 else 'commit'} {' and '.join(known)}"


def this_commit() -> str:
    """The commit that is measured, as far as Git knows."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else "unknown"
