"""How far each silicon mode moves the lessons' figures: the table of docs/board.md.

python benchmarks/silicon_modes.py [--seed 0] [--only TEXT]

Each lesson runs on the emulator as it is, with one mode at a time, and on the CPU; `=` where all of
a run's samples are the emulator's own. Those without figures of their own have that of a value that
is off what it is to be.
"""

from __future__ import annotations

import argparse
import os
import warnings
from typing import Any, Dict, List, NamedTuple, Tuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np

import deploy
from deploy.emulator.silicon import MODES
from deploy.lessons import hallmarks
from deploy.models.loading import load_model
from deploy.targets.emulated import EMULATOR, EmulatorTarget
from deploy.workflows.run import record
from loihi_rules.systems import SYSTEMS

DT = 0.001
CHOICES: List[Dict[str, str]] = [
    {mode.name: value} for mode in MODES for value in mode.values if value != mode.own
]
SAME = "="
OTHERS = range(1, 6)  # other random numbers of the emulator's


class OtherNumbers(EmulatorTarget):
    """The emulator with other random numbers, and all else as it is."""

    def __init__(self, k: int):
        super().__init__(EMULATOR.name, EMULATOR.summary, discretize=True)
        self.k = k

    def open_rewritten(self, copied: Any, rewritten: Any, dt: float, seed: int, *more: Any) -> Any:
        return super().open_rewritten(copied, rewritten, dt, seed + 1000 * self.k, *more)


class Off(NamedTuple):
    """By how much a value is off what it is to be, in the second half of a run: its RMS."""

    name: str
    value: float
    unit: str = ""


def figures_of(traces: deploy.Traces) -> List[Any]:
    """A lesson's own, or how far what has an ideal is off it."""
    found: List[Any] = list(hallmarks(traces))
    for trace in traces:
        if not found and trace.ideal is not None:
            half = len(trace.samples) // 2
            off = trace.samples[half:] - traces[trace.ideal].samples[half:]
            found.append(Off(f"{trace.label}, RMS error", float(np.sqrt(np.mean(off**2)))))
    return found


def measure(lesson: str, seed: int, target: str, silicon: Dict[str, str]) -> Tuple[List[Any], Any]:
    """The figures of a run, and all that it recorded."""
    seconds = SYSTEMS[lesson].seconds({}, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traces = deploy.run(lesson, seconds, target, seed, silicon=silicon)
    return figures_of(traces), traces.arrays()


def with_other_numbers(lesson: str, seed: int, k: int) -> Dict[str, float]:
    """The figures of a run with other random numbers."""
    steps = round(SYSTEMS[lesson].seconds({}, seed) / DT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traces = record(OtherNumbers(k), load_model(lesson, seed), steps, DT, seed, {})
    return {figure.name: figure.value for figure in figures_of(traces)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="a part of the lesson's name")
    asked = parser.parse_args()
    names = [f"{name}={value}" for choice in CHOICES for name, value in choice.items()]
    chance = f"by {len(OTHERS)} other random numbers"
    print(f"| lesson | figure | CPU | emulator | {chance} | {' | '.join(names)} |")
    print("|---" * (5 + len(names)) + "|", flush=True)
    unmoved = []
    for lesson in SYSTEMS:
        if (asked.only or "") not in lesson:
            continue
        on_cpu = {f.name: f.value for f in measure(lesson, asked.seed, "cpu", {})[0]}
        own, samples = measure(lesson, asked.seed, "emulator", {})
        columns = [measure(lesson, asked.seed, "emulator", choice) for choice in CHOICES]
        moved = [{f.name: f.value for f in figures} for figures, _ in columns]
        same = [all(np.array_equal(samples[k], of[k]) for k in samples) for _, of in columns]
        others = [with_other_numbers(lesson, asked.seed, k) for k in OTHERS]
        if all(same):
            unmoved.append(lesson)
        for figure in own if not all(same) else ():
            cells = [
                SAME if equal else f"{figures[figure.name]:.4g}"
                for figures, equal in zip(moved, same)
            ]
            cpu = f"{on_cpu[figure.name]:.4g}" if figure.name in on_cpu else ""
            values = [of[figure.name] for of in others]
            low, high = (f"{of:.4g}" for of in (min(values), max(values)))
            spread = low if low == high else f"{low} to {high}"
            row = [cpu, f"{figure.value:.4g} {figure.unit}".strip(), spread, *cells]
            print(f"| {lesson} | {figure.name} | {' | '.join(row)} |", flush=True)
    if unmoved:
        print(f"\nThe same bits in all modes: {', '.join(unmoved)}.")


if __name__ == "__main__":
    main()
