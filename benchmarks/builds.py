"""Seconds that models take to build: Nengo core's, ours, and another checkout's, in one run.

    python benchmarks/builds.py [channel memory …] [--repeats 3] [--against PATH]

In process time, as other work on the machine does not count in it; the median of the repeats, of
which each builds the same model by all in turn. There is one process a checkout, in which a small
model has been built and run by both before the clock starts. Nengo's cache of decoders is off.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path
from statistics import median
from typing import Any, Callable, Dict, List, Optional

import nengo
import numpy as np
from models import pes

HERE = Path(__file__).resolve()
WARM_UP = "small"  # the case that is built before the others


def feed(node_size: int, target: Any) -> None:
    nengo.Connection(nengo.Node(np.linspace(-1, 1, node_size) / np.sqrt(node_size)), target)


def channel(neurons: int, dimensions: int = 1) -> nengo.Network:
    with nengo.Network(seed=1) as net:
        u = nengo.Node(lambda t: np.sin(6 * t + np.arange(dimensions)) / np.sqrt(dimensions))
        a, b = (nengo.Ensemble(neurons, dimensions) for _ in range(2))
        nengo.Connection(u, a)
        nengo.Connection(a, b)
        nengo.Probe(b, synapse=0.03)
    return net


def arrays(neurons: int = 50, ensembles: int = 64) -> nengo.Network:
    with nengo.Network(seed=1) as net:
        a, b = (nengo.networks.EnsembleArray(neurons, ensembles) for _ in range(2))
        feed(ensembles, a.input)
        nengo.Connection(a.output, b.input)
        nengo.Probe(b.output, synapse=0.03)
    return net


def binding(dimensions: int) -> nengo.Network:
    with nengo.Network(seed=1) as net:
        bound = nengo.networks.CircularConvolution(50, dimensions)
        result = nengo.networks.EnsembleArray(50, dimensions)
        feed(dimensions, bound.input_a)
        feed(dimensions, bound.input_b)
        nengo.Connection(bound.output, result.input)
        nengo.Probe(result.output, synapse=0.03)
    return net


def spa_binding(dimensions: int) -> nengo.Network:
    import nengo_spa

    with nengo_spa.Network(seed=1) as net:
        words = nengo_spa.Vocabulary(dimensions, pointer_gen=np.random.RandomState(3))
        words.populate("A; B")
        a = nengo_spa.Transcode(lambda t: "A", output_vocab=words)
        b = nengo_spa.Transcode(lambda t: "B", output_vocab=words)
        c = nengo_spa.State(words)
        (a * b) >> c
        nengo.Probe(c.output, synapse=0.03)
    return net


def product(dimensions: int = 32) -> nengo.Network:
    with nengo.Network(seed=1) as net:
        both = nengo.networks.Product(100, dimensions)
        feed(dimensions, both.input_a)
        feed(dimensions, both.input_b)
        nengo.Probe(both.output, synapse=0.03)
    return net


def choice(actions: int = 10) -> nengo.Network:
    with nengo.Network(seed=1) as net:
        ganglia = nengo.networks.BasalGanglia(actions)
        thalamus = nengo.networks.Thalamus(actions)
        nengo.Connection(nengo.Node(np.linspace(0.2, 0.9, actions)), ganglia.input)
        nengo.Connection(ganglia.output, thalamus.input)
        nengo.Probe(thalamus.output, synapse=0.03)
    return net


def keywords(sizes: Any = (390, 256, 256, 29)) -> nengo.Network:
    """Layers of neurons that are joined by dense matrices, as a network for keywords has."""
    rng = np.random.RandomState(0)
    with nengo.Network(seed=1) as net:
        before = nengo.Node(np.abs(rng.randn(sizes[0])))
        for n in sizes[1:]:
            gain, bias = np.full(n, 1.0), np.full(n, 1.0)
            neurons = nengo.Ensemble(
                n, 1, gain=gain, bias=bias, neuron_type=nengo.LIF(amplitude=0.01)
            ).neurons
            weights = rng.randn(n, before.size_out) / np.sqrt(before.size_out)
            nengo.Connection(before, neurons, transform=weights, synapse=0.005)
            before = neurons
        nengo.Probe(before, synapse=0.03)
    return net


def memory(items: int = 20, dimensions: int = 64) -> nengo.Network:
    rng = np.random.RandomState(0)
    words = rng.randn(items, dimensions)
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    with nengo.Network(seed=1) as net:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of the whole class
            cleaned = nengo.networks.AssociativeMemory(words, words)
        nengo.Connection(nengo.Node(words[0]), cleaned.input)
        nengo.Probe(cleaned.output, synapse=0.03)
    return net


def integrators(number: int = 4, neurons: int = 200) -> nengo.Network:
    with nengo.Network(seed=1) as net:
        before: Any = nengo.Node(lambda t: np.sin(6 * t))
        for _ in range(number):
            ens = nengo.Ensemble(neurons, 1)
            nengo.Connection(ens, ens, synapse=0.1)
            nengo.Connection(before, ens, synapse=0.1, transform=0.1)
            before = ens
        nengo.Probe(before, synapse=0.03)
    return net


CASES: Dict[str, Callable[[], nengo.Network]] = {
    WARM_UP: lambda: binding(4),
    "channel": lambda: channel(2000),
    "channel-8d": lambda: channel(1000, 8),
    "arrays": arrays,
    "integrators": integrators,
    "pes": lambda: pes(200),
    "keywords": keywords,
    "choice": choice,
    "memory": memory,
    "product": product,
    "spa-16": lambda: spa_binding(16),
    "binding-8": lambda: binding(8),
    "binding-24": lambda: binding(24),
    "binding-32": lambda: binding(32),
}


def seconds(build: Callable[[], Any]) -> float:
    gc.collect()
    start = time.process_time()
    build().close()
    return time.process_time() - start


def measure(name: str) -> Dict[str, Any]:
    """Process seconds of one build by each; of ours, why there is none where it is refused."""
    import deploy

    def ours() -> Any:
        return deploy.Simulator(CASES[name](), seed=1, target="emulator", progress_bar=False)

    def core() -> Any:
        return nengo.Simulator(CASES[name](), seed=1, progress_bar=False)

    found: Dict[str, Any] = {"core": float("nan")}
    try:
        found["core"] = seconds(core)
        found["ours"] = seconds(ours)
    except Exception as error:  # a package that is missing; or another checkout's own way
        found["refused"] = (str(error).splitlines() or [type(error).__name__])[0]
    return found


def work() -> None:
    """Measure the cases whose names come in, one a line, and write what was found."""
    answers, sys.stdout = sys.stdout, sys.stderr
    warnings.simplefilter("ignore")
    nengo.rc.set("decoder_cache", "enabled", "False")
    for line in sys.stdin:
        print(json.dumps(measure(line.strip())), file=answers, flush=True)


class Checkout:
    """A process that builds with the packages of one checkout."""

    def __init__(self, path: Path):
        where = os.pathsep.join([str(path), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [sys.executable, str(HERE), "--work"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": where},
        )

    def measure(self, name: str) -> Dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        print(name, file=self.process.stdin, flush=True)
        found: Dict[str, Any] = json.loads(self.process.stdout.readline())
        return found

    def close(self) -> None:
        self.process.communicate()


def show(name: str, here: List[Dict[str, Any]], there: Optional[List[Dict[str, Any]]]) -> None:
    runs = [here] if there is None else [here, there]
    core = median(run["core"] for of in runs for run in of)
    row = f"{name:14}{core:10.2f}"
    middles = []
    for of in runs:
        taken = [run["ours"] for run in of if "ours" in run]
        middles.append(median(taken) if taken else float("nan"))
        row += f"{middles[-1]:10.2f}{middles[-1] / core:8.1f}"
    if there is not None:
        row += f"{middles[0] / middles[1]:13.2f}"
    print(row, *{run["refused"] for of in runs for run in of if "refused" in run}, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", help=", ".join(list(CASES)[1:]))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout of this repository")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        return work()
    checkouts = [Checkout(HERE.parent.parent)]
    if asked.against:
        checkouts.append(Checkout(asked.against.resolve()))
    for checkout in checkouts:
        checkout.measure(WARM_UP)
    columns = f"{'ours, s':>10}{'÷core':>8}"
    print(
        f"{'':14}{'core, s':>10}{columns}" + (f"{columns}{'ours÷other':>13}" * bool(asked.against))
    )
    for name in asked.cases or list(CASES)[1:]:
        runs = [[c.measure(name) for c in checkouts] for _ in range(asked.repeats)]
        show(name, *([run[k] for run in runs] if k < len(checkouts) else None for k in range(2)))
    for checkout in checkouts:
        checkout.close()


if __name__ == "__main__":
    main()
