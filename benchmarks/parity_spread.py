"""Spread of every figure of parity over seeds.

python benchmarks/parity_spread.py [SYSTEM ...] [--seeds 10] [--targets cpu,emulator]
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Dict, List, Tuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # a process a core, each with one thread

import numpy as np

import deploy
from loihi_rules.systems import SYSTEMS

Key = Tuple[str, str]


def figures(system: str, targets: List[str], seed: int) -> Dict[Key, float]:
    parity = deploy.compare(system, SYSTEMS[system].duration, targets, seed=seed)
    found = {(f.trace, f.metric): f.value for f in parity.figures}
    found["verdict", "parity"] = float(parity.ok)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("systems", nargs="*", default=list(SYSTEMS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--targets", default="cpu,emulator")
    asked = parser.parse_args()
    for system in asked.systems:
        measure = partial(figures, system, asked.targets.split(","))
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            runs = list(pool.map(measure, range(asked.seeds)))
        keys = list(dict.fromkeys(key for run in runs for key in run))
        print(f"\n{system}, {SYSTEMS[system].duration:g} s, {asked.seeds} seeds, {asked.targets}")
        print(f"{'trace':22}{'figure':30}{'median':>10}{'lowest':>10}{'highest':>10}{'n':>5}")
        for key in keys:
            values = [run[key] for run in runs if key in run]
            print(
                f"{key[0]:22}{key[1]:30}{np.median(values):10.3f}"
                f"{min(values):10.3f}{max(values):10.3f}{len(values):5d}"
            )


if __name__ == "__main__":
    main()
