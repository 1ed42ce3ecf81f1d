"""How well PES learns on the emulator, against the CPU, over seeds.

    python benchmarks/parity_pes.py [--seeds 20] [--plot docs/pes.svg]     # or: make parity-pes

First neurons × learning rates on `pes-connection`; then channels of two and five
dimensions, a product, and outputs ten times larger and smaller than 1. For each cell the
median and 90th percentile over the seeds of the ratio, emulator ÷ CPU, of the aligned RMSE
from the output to its ideal, over 8 s; and by how much the gain (output on ideal) of each
second differs, emulator from CPU, as the largest over the seconds of the mean over the seeds.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # a process a core, each with one thread

import nengo
import numpy as np

import deploy
from loihi_rules.systems.pes_connection import pes_connection

NEURONS = (50, 100, 200, 500, 1000)
LEARNING_RATES = (1e-3, 1e-4)
DURATION = 8.0
SECONDS = 7  # whole seconds that are left when the lag is taken out


def supervised(
    dimensions: int,
    function: Callable[[np.ndarray], Any],
    size_out: int,
    radius: float,
    seed: int,
    learning_rate: float = 1e-3,
) -> nengo.Network:
    """A connection from ``pre`` that learns ``function`` from nothing, by PES."""
    with nengo.Network(seed=seed) as network:
        signal = nengo.processes.WhiteSignal(period=50.0, high=3, rms=0.4)
        stimulus = nengo.Node(signal, size_out=dimensions)
        wanted = nengo.Node(lambda t, x: function(x), size_in=dimensions, size_out=size_out)
        pre = nengo.Ensemble(100 * dimensions, dimensions, radius=np.sqrt(dimensions))
        post = nengo.Ensemble(100 * size_out, size_out, radius=radius)
        error = nengo.Ensemble(100 * size_out, size_out, radius=radius)
        nengo.Connection(stimulus, pre)
        nengo.Connection(stimulus, wanted, synapse=None)
        learned = nengo.Connection(
            pre,
            post,
            function=lambda x: np.zeros(size_out),
            learning_rule_type=nengo.PES(learning_rate),
        )
        nengo.Connection(post, error)
        nengo.Connection(wanted, error, transform=-1)
        nengo.Connection(error, learned.learning_rule)
        nengo.Probe(wanted, synapse=0.01, label="input")
        nengo.Probe(post, synapse=0.01, label="post")
    return network


class Cell(NamedTuple):
    """A row of the table."""

    name: str
    build: Callable[..., nengo.Network]
    arguments: Tuple[Any, ...]


def same(x: np.ndarray) -> np.ndarray:
    return x


def product(x: np.ndarray) -> Any:
    return x[0] * x[1]


def tenfold(x: np.ndarray) -> np.ndarray:
    return 10 * x


def tenth(x: np.ndarray) -> np.ndarray:
    return 0.1 * x


CELLS = [
    *(
        Cell(f"{n} neurons, {rate:g}", pes_connection, (n, rate))
        for n in NEURONS
        for rate in LEARNING_RATES
    ),
    Cell("channel of 2 dimensions", supervised, (2, same, 2, 1.5)),
    Cell("channel of 5 dimensions", supervised, (5, same, 5, 2.3)),
    Cell("product", supervised, (2, product, 1, 1.0)),
    Cell("output × 10", supervised, (1, tenfold, 1, 10.0)),
    Cell("output ÷ 10", supervised, (1, tenth, 1, 0.1)),
]


def gains(traces: deploy.Traces) -> np.ndarray:
    """Regression of output on ideal in each second, at the lag where they agree best."""
    ideal, output = traces["input"].samples, traces["post"].samples
    lag = max(range(25), key=lambda n: float(np.sum(output[n:] * ideal[: len(ideal) - n])))
    ideal, output = ideal[: len(ideal) - lag], output[lag:]
    steps = int(1 / traces.dt)
    parts = [slice(k * steps, (k + 1) * steps) for k in range(SECONDS)]
    return np.array([np.sum(ideal[p] * output[p]) / np.sum(ideal[p] ** 2) for p in parts])


def measure(job: Tuple[int, int]) -> Tuple[float, np.ndarray, np.ndarray]:
    """Ratio of errors, and the gains of CPU and emulator."""
    cell, seed = CELLS[job[0]], job[1]
    network = cell.build(*cell.arguments, seed=seed)
    cpu, emulator = (
        deploy.run(network, DURATION, target, seed, ideals={"post": "input"})
        for target in ("cpu", "emulator")
    )
    value = deploy.compare_traces(cpu, emulator).value("post", "error to ideal, ratio")
    return float("nan") if value is None else value, gains(cpu), gains(emulator)


def plot(found: Dict[Tuple[int, int], Any], seeds: int, path: str) -> None:
    """Learning curves, and ratios of all seeds."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "pes", "font.size": 9})
    import matplotlib.pyplot as plt

    figure, (curves, ratios) = plt.subplots(1, 2, figsize=(9, 4.6), layout="constrained")
    for k, colour in ((0, "C0"), (1, "C1"), (6, "C2")):
        for which, style in ((1, "-"), (2, "--")):
            mean = np.mean([found[k, s][which] for s in range(seeds)], axis=0)
            label = CELLS[k].name if which == 1 else None
            curves.plot(np.arange(SECONDS) + 0.5, mean, style, color=colour, label=label)
    curves.set(xlabel="s", ylabel="gain, output on input", title="— CPU   - - emulator")
    curves.legend(frameon=False)
    for k in range(len(CELLS)):
        values = [found[k, s][0] for s in range(seeds)]
        ratios.plot(values, [k] * seeds, "o", ms=3, alpha=0.5, color="C0")
        ratios.plot(np.median(values), k, "|", ms=14, color="C3")
    ratios.axvline(1, color="0.6", lw=1)
    ratios.set_yticks(range(len(CELLS)), [cell.name for cell in CELLS])
    ratios.invert_yaxis()
    ratios.set(xlabel="error to ideal, emulator ÷ CPU", title="each seed, and the median")
    for axes in (curves, ratios):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--plot", help="write the learning curves and ratios to this .svg")
    asked = parser.parse_args()
    jobs: List[Tuple[int, int]] = [(k, s) for k in range(len(CELLS)) for s in range(asked.seeds)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(jobs, pool.map(measure, jobs)))
    head = ("", "median", "90 %", "lowest", "highest", "gain, most off")
    print("{:26}{:>9}{:>8}{:>9}{:>9}{:>16}".format(*head))
    for k, cell in enumerate(CELLS):
        results = [found[k, s] for s in range(asked.seeds)]
        values = [ratio for ratio, _, _ in results]
        cpu, emulator = (np.mean([r[i] for r in results], axis=0) for i in (1, 2))
        off = emulator / cpu - 1
        worst = int(np.abs(off).argmax())
        print(
            f"{cell.name:26}{np.median(values):9.3f}{np.percentile(values, 90):8.3f}"
            f"{min(values):9.3f}{max(values):9.3f}{100 * off[worst]:+9.1f} % ({worst + 1} s)"
        )
    if asked.plot:
        plot(found, asked.seeds, asked.plot)


if __name__ == "__main__":
    main()
