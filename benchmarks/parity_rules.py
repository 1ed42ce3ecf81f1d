"""How nearly BCM, Oja, Voja and RLS, learning off the chip, learn what they do on the CPU.

python benchmarks/parity_rules.py [--seeds 10] [--duration 5]
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Tuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # a process a core, each with one thread

import numpy as np

import deploy

sys.path.insert(0, str(Path(__file__).parent.parent / "emulator_tests"))
from test_learning_relays import RULES, change, learning


def measure(job: Tuple[str, int, float]) -> Any:
    kind, seed, duration = job
    network = learning(kind, seed)
    cpu, chip = (deploy.run(network, duration, target, seed) for target in ("cpu", "emulator"))
    asked, got = change(cpu), change(chip)
    theta = float("nan")
    if kind == "bcm":
        thetas = [run["theta"].samples for run in (cpu, chip)]
        theta = np.linalg.norm(thetas[1] - thetas[0]) / np.linalg.norm(thetas[0])
    return (
        np.corrcoef(asked, got)[0, 1],
        np.linalg.norm(got - asked) / np.linalg.norm(asked),
        len(chip["post spikes"].spike_steps) / len(cpu["post spikes"].spike_steps) - 1,
        theta,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--duration", type=float, default=5.0)
    asked = parser.parse_args()
    jobs = [(kind, s, asked.duration) for kind in RULES for s in range(asked.seeds)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(jobs, pool.map(measure, jobs)))
    print(
        "| rule | ΔW, correlation | ΔW, relative error | post rate, difference "
        "| θ, relative error |"
    )
    print("|---|---|---|---|---|")
    for kind in RULES:
        rows = np.array([found[kind, s, asked.duration] for s in range(asked.seeds)], float)
        cells = [
            f"{np.median(rows[:, 0]):.4f} (least {rows[:, 0].min():.4f})",
            f"{np.median(rows[:, 1]):.3f} (most {rows[:, 1].max():.3f})",
            f"{100 * np.median(rows[:, 2]):+.1f} % (most {100 * np.abs(rows[:, 2]).max():.1f} %)",
            "" if kind != "bcm" else f"{np.median(rows[:, 3]):.3f} (most {rows[:, 3].max():.3f})",
        ]
        print(f"| {kind} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
