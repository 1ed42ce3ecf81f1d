"""The tutorials' programs, seed by seed: the chip's figure beside the CPU's at the same neurons.

python -m benchmarks.tutorials [--seeds 0:20] [--bar 0.15]

For each of docs/programs.md's lessons the ratios' median and range, and every seed whose figure is
further off than the bar, with what the run warned of.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.fidelity.cell import measure
from benchmarks.fidelity.programs.lessons import programs

SHOWN = 100  # characters of a warning


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seeds", default="0:20", help="first, and one past the last")
    parser.add_argument("--bar", type=float, default=0.15, help="share of the CPU's figure")
    asked = parser.parse_args()
    seeds = range(*map(int, asked.seeds.split(":")))
    for program in programs():
        ratios, beyond = [], []
        for seed in seeds:
            cpu, _ = measure(program, "cpu", seed)
            chip, warned = measure(program, "emulator", seed)
            if cpu:
                ratios.append(chip / cpu)
            if abs(chip - cpu) > asked.bar * abs(cpu):
                said = "; ".join(text[:SHOWN] for text in warned) or "silent"
                beyond.append(f"    seed {seed}: CPU {cpu:.4g}, chip {chip:.4g}; {said}")
        print(
            f"{program.name}: median {np.median(ratios):.3f}, {min(ratios):.3f} to "
            f"{max(ratios):.3f}; {len(beyond)} of {len(seeds)} beyond {100 * asked.bar:g} %"
        )
        for line in beyond:
            print(line)


if __name__ == "__main__":
    main()
