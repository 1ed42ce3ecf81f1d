"""How well PES learns on the emulator, against the CPU: neurons × learning rates × seeds.

    python benchmarks/parity_pes.py [--seeds 20]        # or: make parity-pes

For each cell the median and 90th percentile over the seeds of the ratio, emulator ÷ CPU, of
the aligned RMSE from the output of `pes-connection` to its input, over 8 s.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from typing import List, Tuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # a process a core, each with one thread

import numpy as np

import deploy
from loihi_rules.systems.pes_connection import pes_connection

NEURONS = (50, 100, 200, 500, 1000)
LEARNING_RATES = (1e-3, 1e-4)
DURATION = 8.0

Job = Tuple[int, float, int]


def ratio(job: Job) -> float:
    neurons, learning_rate, seed = job
    network = pes_connection(neurons, learning_rate, seed)
    cpu, emulator = (
        deploy.run(network, DURATION, target, seed, ideals={"post": "input"})
        for target in ("cpu", "emulator")
    )
    value = deploy.compare_traces(cpu, emulator).value("post", "error to ideal, ratio")
    return float("nan") if value is None else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    asked = parser.parse_args()
    jobs: List[Job] = [
        (n, rate, s) for n in NEURONS for rate in LEARNING_RATES for s in range(asked.seeds)
    ]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(jobs, pool.map(ratio, jobs)))
    print(f"{'neurons':>8}{'learning rate':>15}{'median':>9}{'90 %':>8}{'lowest':>9}{'highest':>9}")
    for n in NEURONS:
        for rate in LEARNING_RATES:
            values = [found[n, rate, s] for s in range(asked.seeds)]
            print(
                f"{n:8}{rate:15g}{np.median(values):9.3f}{np.percentile(values, 90):8.3f}"
                f"{min(values):9.3f}{max(values):9.3f}"
            )


if __name__ == "__main__":
    main()
