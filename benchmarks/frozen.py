"""How nearly a frozen network on the chip computes what its float weights compute on the CPU.

python benchmarks/frozen.py [--seeds 10]

A system learns on the emulator; its weights are fixed in 8 bits and the whole network runs on
the chip's emulator, on the input that it learnt from. Its output is compared with that of the
same network with the weights as learnt, in Nengo core.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Tuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # a process a core, each with one thread

import numpy as np

import deploy
from deploy.parity.metrics.pair import rms
from loihi_rules import freeze
from loihi_rules.learned.record import learning
from loihi_rules.systems import SYSTEMS

OUTPUT = {"oja": "output", "bcm": "post"}  # both filtered with 0.2 s
SETTLED = 1000  # steps


def with_float_weights(network: Any, learned: Any) -> Any:
    """The frozen network, its weights put back to those learnt."""
    frozen = freeze(network, [learned])
    conn = frozen.copies[learning(network)[learned.connection]]
    fixed = frozen.quantised[learned.connection].values
    with np.errstate(all="ignore"):  # the transform has the gain divided out
        factor = np.where(fixed != 0, conn.transform.init / fixed, 0.0)
    rows = np.abs(factor).max(axis=1, keepdims=True)
    conn.transform = rows * learned.values
    return frozen.network


def measure(job: Tuple[str, int]) -> Tuple[float, ...]:
    name, seed = job
    system = SYSTEMS[name]
    network = system.build(seed=seed)
    run = deploy.run(network, system.duration, "emulator", seed)
    (learned,) = run.learned
    frozen = freeze(network, [learned])
    exact = with_float_weights(network, learned)

    def output(net: Any, target: str) -> np.ndarray:
        return deploy.run(net, system.duration, target, seed)[OUTPUT[name]].samples[SETTLED:]

    truth = output(exact, "cpu")
    span = float(np.ptp(truth))
    chip, rounded, floating = (
        rms(output(net, target) - truth) / span
        for net, target in (
            (frozen.network, "emulator"),
            (frozen.network, "cpu"),
            (exact, "float-emulator"),
        )
    )
    fixed = frozen.quantised[learned.connection]
    within = np.abs(fixed.values - learned.values) / fixed.error_bounds[:, None]
    return chip, rounded, floating, float(within.max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    asked = parser.parse_args()
    jobs = [(name, seed) for name in OUTPUT for seed in range(asked.seeds)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(jobs, pool.map(measure, jobs)))
    print("RMSE of the output in % of its range, against float weights in Nengo core:")
    print(
        "| system | frozen, emulator | frozen, Nengo core | float, float emulator | error ÷ bound |"
    )
    print("|---|---|---|---|---|")
    for name in OUTPUT:
        rows = np.array([found[name, seed] for seed in range(asked.seeds)])
        cells = [f"{100 * np.median(c):.2f} (most {100 * c.max():.2f})" for c in rows[:, :3].T]
        print(f"| {name} | " + " | ".join(cells) + f" | at most {rows[:, 3].max():.2f} |")


if __name__ == "__main__":
    main()
