"""The adaptive arm on the chip and on the CPU: how far from its targets, over seeds.

python -m benchmarks.adaptive_arm [--seeds 1:11] [--duration 24] [--picture FILE.svg]

Stepped from outside at 1 kHz (docs/examples/adaptive_arm.py). An arm's final error is the mean
distance of its angles from the target in the last half second of each hold, over the last two
rounds of targets; before learning it is that of the controller without adaptation.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from pathlib import Path
from typing import List

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import nengo
import numpy as np

import deploy

sys.path.insert(0, str(Path(__file__).parent.parent / "docs" / "examples"))
import adaptive_arm as arm

ROUNDS = 2  # that are the end of a run


def hold_errors(errors: np.ndarray) -> np.ndarray:
    """(n_rounds, n_targets) mean distance at the end of each hold, rad."""
    distance = np.linalg.norm(errors, axis=1).reshape(-1, int(round(arm.HOLD / arm.DT)))
    return distance[:, -500:].mean(axis=1).reshape(-1, len(arm.TARGETS))


def without_adaptation() -> float:
    """The same error of the controller alone, rad."""
    errors: List[np.ndarray] = []
    plant = arm.Arm()
    for n in range(int(round(arm.HOLD * len(arm.TARGETS) / arm.DT))):
        target = arm.target_at((n + 1) * arm.DT)
        plant.step(plant.control(target))
        errors.append(target - plant.angles)
    return float(hold_errors(np.array(errors)).mean())


def draw(cpu: np.ndarray, chip: np.ndarray, alone: float, path: Path) -> None:
    """Error at the end of each hold, over rounds; a dot for each seed."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    rounds = 1 + np.arange(cpu.shape[1])
    axes.axhline(alone, color="0.5", lw=1, ls=":")
    axes.text(rounds[-1], alone * 0.97, "without adaptation", ha="right", va="top", color="0.4")
    for values, colour, name, shift in ((cpu, "C0", "CPU", -0.06), (chip, "C1", "chip", 0.06)):
        axes.plot(rounds, values.mean(axis=0), "o-", color=colour, label=name, ms=4)
        for seed in values:
            axes.plot(rounds + shift, seed, ".", color=colour, alpha=0.35, ms=4)
    axes.set(xlabel="round of four targets", ylabel="error at the end of a hold, rad")
    axes.set_yscale("log")
    axes.set_xticks(rounds)
    axes.legend(frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1:11")
    parser.add_argument("--duration", type=float, default=24.0)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = {"CPU": [], "chip": []}
    seconds = {"CPU": [], "chip": []}
    print("| seed | CPU, mrad | chip, mrad |\n|---|---|---|")
    for seed in range(*map(int, options.seeds.split(":"))):
        for name, simulator in (("CPU", nengo.Simulator), ("chip", deploy.Simulator)):
            begun = time.process_time()
            errors = hold_errors(arm.step_from_outside(simulator, options.duration, seed))
            seconds[name].append(time.process_time() - begun)
            found[name].append(errors)
        cpu, chip = (1000 * found[name][-1][-ROUNDS:].mean() for name in ("CPU", "chip"))
        print(f"| {seed} | {cpu:.2f} | {chip:.2f} |", flush=True)
    cpu, chip = (np.array(found[name]) for name in ("CPU", "chip"))
    ends = [1000 * np.mean(runs[:, -ROUNDS:]) for runs in (cpu, chip)]
    alone = without_adaptation()
    print(
        f"\nmean {ends[0]:.2f} and {ends[1]:.2f} mrad, ratio {ends[1] / ends[0]:.3f}; "
        f"without adaptation {1000 * alone:.1f} mrad"
    )
    step = {name: arm.DT / options.duration * np.median(took) for name, took in seconds.items()}
    print(
        "process time of a step, the arm's and the building included: "
        + ", ".join(f"{name} {1000 * took:.2f} ms" for name, took in step.items())
    )
    if options.picture:
        draw(cpu.mean(axis=2), chip.mean(axis=2), alone, options.picture)


if __name__ == "__main__":
    main()
