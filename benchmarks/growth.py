"""How the emulator's cost grows with neurons and synapses; the plot in docs/.

python benchmarks/growth.py [--plot docs/emulator_growth.svg]
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings
from typing import Any, List, Tuple

import nengo
import numpy as np
from models import sparse

from deploy.nengo_loihi.run.simulator import build_simulator
from loihi_rules import rewrite

NEURONS = (100, 1_000, 10_000, 100_000)
FAN_OUTS = (1, 10, 100, 1000)  # of 10,000 neurons: 10^4 to 10^7 synapses
STEPS = 300


def cost(network: nengo.Network) -> Tuple[float, float, int, int]:
    """Build seconds, milliseconds a step (median of five), compartments and synapses."""
    start = time.perf_counter()
    with build_simulator(rewrite(network).network, seed=1, target="sim") as simulator:
        built = time.perf_counter() - start
        simulator.run_steps(10)
        taken = []
        for _ in range(5):
            start = time.perf_counter()
            simulator.run_steps(STEPS)
            taken.append((time.perf_counter() - start) / STEPS * 1000)
        layout = simulator.sims["emulator"].layout
        return built, float(np.median(taken)), layout.n_compartments, len(layout.rows.weights)


def exponent(x: List[float], y: List[float]) -> float:
    """Slope in a plot of logarithms."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def series(title: str, networks: List[Any], by: int) -> List[Tuple[float, float, float]]:
    print(title)
    points = []
    for build in networks:
        built, step, compartments, synapses = cost(build())
        size = (compartments, synapses)[by]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"  {compartments:8,} compartments {synapses:11,} synapses: build {built:7.2f} s, "
            f"step {step:8.4f} ms, peak memory so far {peak:.2f} GiB",
            flush=True,
        )
        points.append((float(size), built, step))
    if len(points) < 2:
        return points
    x, build_time, step_time = (list(column) for column in zip(*points))
    print(f"  exponent of a step {exponent(x, step_time):.2f}, "
          f"of the build {exponent(x, build_time):.2f}")  # fmt: skip
    return points


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    build_simulator(rewrite(sparse(50)).network, seed=1, target="sim").run_steps(5)
    neurons = series("neurons, fan-out 10", [lambda n=n: sparse(n, 10) for n in NEURONS], by=0)
    synapses = series(
        "synapses of 10,000 neurons", [lambda f=f: sparse(10_000, f) for f in FAN_OUTS], by=1
    )
    series("the largest", [lambda: sparse(100_000, 100)], by=1)
    if asked.plot:
        plot(asked.plot, neurons, synapses)


def plot(path: str, neurons: List[Any], synapses: List[Any]) -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "growth"})
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for axis, points, label in zip(axes, (neurons, synapses), ("neurons", "synapses")):
        x, build, step = (list(column) for column in zip(*points))
        axis.loglog(x, step, "o-", label=f"ms a step, exponent {exponent(x, step):.2f}")
        axis.loglog(x, build, "s--", label=f"s to build, exponent {exponent(x, build):.2f}")
        axis.set_xlabel(label)
        axis.legend(frameon=False)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
