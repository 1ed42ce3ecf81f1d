"""All programs: measured, judged, drawn, and written to docs/programs.md."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence

import numpy as np

from benchmarks.fidelity.cell import TARGETS
from benchmarks.fidelity.fidelity import chosen, commits, core_minutes, seeds_of, show, this_commit
from benchmarks.fidelity.judging import false_alarm
from benchmarks.fidelity.measured_cell import MeasuredCell, measure_cells
from benchmarks.fidelity.pages import share, table
from benchmarks.fidelity.program import Program
from benchmarks.fidelity.programs import learners, lessons, numeric, robots, symbolic
from benchmarks.fidelity.reasons import faults, read_reasons
from deploy.workflows.processes import at_once

KINDS = (numeric, symbolic, lessons, learners, robots)

PAGE = """# Programs that people have

`make programs` runs {count} programs of the kinds that people have written with Nengo: those of
its benchmark suite, at their sizes, of its tutorials, of learning and of closed loops with a
plant on the host. All are written anew (`benchmarks/fidelity/programs/`), with `deploy` in the
place of Nengo's simulator and nothing else changed for the chip. Each has one figure of merit,
and {cpu} seeds of its neurons on the CPU, {chip} on the emulator and {floats} on the float
emulator, none of which was used for anything else. As in [the grid](fidelity.md), a program
passes when the chip's median is not beyond what other neurons give on the CPU, and no run went
astray; the first alarms by chance in {alarm:.0f} % of programs for each side that counts.

**{built} of {count} build, and {share} are inside the CPU's spread.** Measured on {commit};
{minutes:.0f} minutes of one core.

![Each program's figures: the CPU's seeds and the emulator's](programs.svg)

Each figure in units of the CPU's spread: grey the CPU's range, dots the seeds.

{what}

{table}
"""


def all_programs() -> Dict[str, Program]:
    """All programs by name."""
    return {program.name: program for kind in KINDS for program in kind.programs()}


def main(asked: argparse.Namespace) -> None:
    programs = chosen(all_programs(), asked.names)
    begun = time.perf_counter()
    found: Dict[str, MeasuredCell] = {}
    seeds = seeds_of(asked)
    processes = at_once(asked.processes)
    for measured in measure_cells(
        programs, seeds, processes, asked.figures, asked.resume, this_commit()
    ):
        found[measured.cell.name] = measured
        show(measured, seeds)
    if not set(TARGETS) <= set(seeds):
        return  # figures for later
    ordered = [found[name] for name in programs]
    minutes = (time.perf_counter() - begun) / 60
    print(f"{share(ordered)} inside the CPU's spread; {minutes:.1f} minutes")
    reasons = read_reasons()
    if asked.write:
        path = Path(asked.write)
        draw(ordered, path.with_suffix(".svg"))
        path.write_text(page(ordered, seeds, reasons), "utf-8")
    wrong = faults(reasons, {m.cell.name: m.verdict() for m in ordered})
    for text in wrong:
        print(text)
    sys.exit(1 if wrong else 0)


def page(measured: List[MeasuredCell], seeds: Mapping[str, Sequence[int]], reasons: Any) -> str:
    what = [f"- **{m.cell.name}**: {m.cell.what}" for m in measured if isinstance(m.cell, Program)]
    built = sum(not np.any(np.isnan(m.figures("emulator"))) for m in measured)
    return PAGE.format(
        count=len(measured),
        cpu=len(seeds["cpu"]),
        chip=len(seeds["emulator"]),
        floats=len(seeds["float-emulator"]),
        alarm=100 * false_alarm(len(seeds["cpu"]), len(seeds["emulator"]))[1],
        built=built,
        share=share(measured),
        commit=commits(measured),
        minutes=core_minutes(measured),
        what="\n".join(what),
        table="\n".join(table(measured, reasons)),
    )


def draw(measured: Sequence[MeasuredCell], path: Path) -> None:
    """Every program a row: its figures, less the CPU's middle, in half-widths of its range."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "programs", "font.size": 9})
    import matplotlib.pyplot as plt

    most = 8.0  # what is further off is drawn at the edge
    figure, axes = plt.subplots(figsize=(7.5, 0.27 * len(measured) + 1.0), layout="constrained")
    axes.axvspan(-1, 1, color="0.9", lw=0)
    for row, program in enumerate(measured):
        verdict = program.verdict()
        middle = (verdict.low + verdict.high) / 2
        half = max((verdict.high - verdict.low) / 2, 1e-3 * abs(middle), 1e-9)
        worse = -1.0 if program.cell.better == "higher" else 1.0
        for target, colour, shift in (("cpu", "0.45", -0.15), ("emulator", "C0", 0.15)):
            values = worse * (program.figures(target) - middle) / half
            values = np.clip(values[~np.isnan(values)], -most, most)
            colour = "C3" if target == "emulator" and not verdict.ok else colour
            axes.plot(values, np.full(values.shape, row + shift), "o", ms=3.5, color=colour)
    axes.set_yticks(range(len(measured)), [m.cell.name for m in measured])
    axes.invert_yaxis()
    axes.set(
        xlim=(-most - 0.5, most + 0.5),
        xlabel="half-widths of the CPU's range, worse to the right (± 8: at least)",
    )
    handles = [
        axes.plot([], [], "o", ms=3.5, color=colour, label=label)[0]
        for colour, label in (("0.45", "CPU"), ("C0", "emulator"), ("C3", "emulator, outside"))
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=3, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
