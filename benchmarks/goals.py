"""The goals of the lessons, over seeds, on CPU and emulator: one table.

python benchmarks/goals.py [--seeds 10] [--full]

Without --full, the lessons as they are; with it also `backprop` taught with 5748 images by 1000
neurons and `spoken-digit` with all 240 words, which takes some minutes more.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from typing import Any, List, Tuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # a process a core, each with one thread

import numpy as np

import deploy
from deploy.lessons import LESSONS, hallmarks
from deploy.models.spelling import Spelling
from loihi_rules.systems import SYSTEMS

FULL = (
    "backprop[neurons=1000,taught=5748,shown=360,learning_rate=0.004]",
    "spoken-digit[words=240]",
)
RATES = tuple(f"one-hot[rate={rate}]" for rate in (20, 50, 200, 500))
TARGETS = ("cpu", "emulator")


def measure(job: Tuple[str, int, str]) -> List[Any]:
    model, seed, target = job
    spelling = Spelling.read(model)
    seconds = SYSTEMS[spelling.system].seconds(spelling.parameters, seed)
    return hallmarks(deploy.run(model, seconds, target, seed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", help="a part of the lesson's name")
    asked = parser.parse_args()
    models = {model: asked.seeds for model in (*LESSONS, *RATES)}
    models.update({model: 1 for model in FULL if asked.full})
    models = {model: n for model, n in models.items() if (asked.only or "") in model}
    jobs = [(m, seed, t) for m, seeds in models.items() for seed in range(seeds) for t in TARGETS]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(jobs, pool.map(measure, jobs)))
    print("| lesson | figure | goal | CPU, median (worst) | emulator, median (worst) | reached |")
    print("|---|---|---|---|---|---|")
    for model, seeds in models.items():
        for k, first in enumerate(found[model, 0, "cpu"]):
            cells, reached = [], []
            for target in TARGETS:
                each = [found[model, seed, target][k] for seed in range(seeds)]
                values = np.array([m.value for m in each])
                goal = first.goal
                worst = values.min() if goal is not None and goal.low is not None else values.max()
                cells.append(f"{np.median(values):.4g} ({worst:.4g}) {first.unit}")
                reached.append(sum(goal is None or goal.allows(v) for v in values))
            of_all = "" if first.goal is None else f"{min(reached)} of {seeds}"
            print(
                f"| {model} | {first.name} | {first.goal or ''} | {' | '.join(cells)} | {of_all} |"
            )


if __name__ == "__main__":
    main()
