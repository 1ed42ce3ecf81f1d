"""Seconds that models take to build: Nengo core's, nengo-loihi's, ours, and another checkout's.

    python benchmarks/builds.py [channel memory …] [--repeats 3] [--against PATH] [--ours]

In process time, as other work on the machine does not count in it; the median of the repeats, of
which each builds the same model by all in turn. There is one process a checkout, in which a small
model has been built and run by all before the clock starts. Nengo's cache of decoders is off. Our
own is empty before the first build; of "again", the second, it has what the first has kept. With
``--ours`` the others do not build.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Callable, Collection, Dict, List, NamedTuple, Optional, Tuple

import nengo
import numpy as np
from models import pes

from loihi_rules.systems import SYSTEMS

HERE = Path(__file__).resolve()
OURS, AGAIN = "ours", "ours again"
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


def lesson(name: str) -> nengo.Network:
    from deploy.models.loading import load_model

    return load_model(name, seed=1).network


class Case(NamedTuple):
    """A model that is built.

    Attributes
    ----------
    words : str
        What it is, for a table.
    network : callable
        Makes it.
    """

    words: str
    network: Callable[[], nengo.Network]


CASES: Dict[str, Case] = {
    WARM_UP: Case("circular convolution, 4-D", lambda: binding(4)),
    "keywords": Case("keyword spotter 390-256-256-29", keywords),
    "arrays": Case("EnsembleArray 50 × 64, twice", arrays),
    "binding-32": Case("circular convolution, 32-D", lambda: binding(32)),
    "choice": Case("basal ganglia and thalamus, 10", choice),
    "channel-8d": Case("1000 neurons 8-D, twice", lambda: channel(1000, 8)),
    "channel": Case("2000 neurons 1-D, twice", lambda: channel(2000)),
    "channel-2d": Case("2000 neurons 2-D, twice", lambda: channel(2000, 2)),
    "integrators": Case("four integrators in a row", integrators),
    "pes": Case("PES from 200 neurons", lambda: pes(200)),
    "memory": Case("associative memory, 20 × 64-D", memory),
    "product": Case("32 products", product),
    "spa-16": Case("nengo-spa, binding of 16-D", lambda: spa_binding(16)),
    "binding-8": Case("circular convolution, 8-D", lambda: binding(8)),
    "binding-24": Case("circular convolution, 24-D", lambda: binding(24)),
    **{name: Case(name, partial(lesson, name)) for name in SYSTEMS},
}
TABLE = ("keywords", "arrays", "binding-32", "choice", "channel-8d", "channel", "channel-2d")


def seconds(make: Callable[..., Any], *given: Any) -> Tuple[float, Any]:
    """What a function takes, and what it gives."""
    gc.collect()
    start = time.process_time()
    made = make(*given)
    return time.process_time() - start, made


def core(network: nengo.Network) -> Any:
    return nengo.Simulator(network, seed=1, progress_bar=False)


def nengo_loihis(network: nengo.Network) -> Any:
    from deploy.nengo_loihi.load import load_nengo_loihi

    return load_nengo_loihi().Simulator(network, seed=1, target="sim", progress_bar=False)


def ours(network: nengo.Network) -> Any:
    import deploy

    return deploy.Simulator(network, seed=1, target="emulator", progress_bar=False)


BUILDERS: Dict[str, Callable[[nengo.Network], Any]] = {
    "Nengo core": core,
    "nengo-loihi": nengo_loihis,
    OURS: ours,
    AGAIN: ours,
}


def measure(name: str, builders: Collection[str] = tuple(BUILDERS)) -> Dict[str, Any]:
    """Process seconds of one build by each, and of a run of 1 s; in words, why there is none."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["LOIHI_DEPLOY_CACHE"] = cache
        return measured(name, builders)


def measured(name: str, builders: Collection[str] = tuple(BUILDERS)) -> Dict[str, Any]:
    """The same, with the cache as it is."""
    found: Dict[str, Any] = {"refused": {}}
    for builder, build in BUILDERS.items():
        if builder not in builders:
            continue
        try:
            network = CASES[name].network()
            found[builder], sim = seconds(build, network)
            if builder == "ours":
                found["run"] = seconds(sim.run, 1.0)[0]
            elif name == WARM_UP:
                sim.run(0.01)
            sim.close()
        except Exception as error:  # a package that is missing; or a builder's own way
            why = (str(error).splitlines() or [type(error).__name__])[0]
            found["refused"][builder] = re.sub(" at 0x[0-9a-f]+", "", why)
    return found


def work(builders: Collection[str]) -> None:
    """Measure the cases whose names come in, one a line, and write what was found."""
    answers, sys.stdout = sys.stdout, sys.stderr
    warnings.simplefilter("ignore")
    nengo.rc.set("decoder_cache", "enabled", "False")
    for line in sys.stdin:
        print(json.dumps(measure(line.strip(), builders)), file=answers, flush=True)


class Checkout:
    """A process that builds with the packages of one checkout."""

    def __init__(self, path: Path, ours_alone: bool = False):
        where = os.pathsep.join([str(path), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [sys.executable, str(HERE), "--work", *(["--ours"] if ours_alone else [])],
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


def middle(runs: List[Dict[str, Any]], what: str) -> float:
    """The median; not a number where there was none."""
    found = [run[what] for run in runs if what in run]
    return median(found) if found else float("nan")


def row(name: str, here: List[Dict[str, Any]], there: Optional[List[Dict[str, Any]]]) -> str:
    """A line of the table."""
    own = {what: middle(here, what) for what in (*BUILDERS, "run")}
    cells = [f"{own[builder]:.2f}" for builder in BUILDERS]
    cells += [f"{own['ours'] / own['Nengo core']:.1f}", f"{own[AGAIN] / own['ours']:.2f}"]
    cells += [f"{own['nengo-loihi'] / own['ours']:.1f}"]
    cells += [f"{own['run']:.2f}"]
    if there is not None:
        before = middle(there, "ours")
        cells += [f"{before:.2f}", f"{own['ours'] / before:.2f}"]
    return "| " + " | ".join([CASES[name].words, *cells]).replace("nan", "–") + " |"


HEADING = (
    *("", *BUILDERS, "ours ÷ core", "again ÷ ours"),
    *("nengo-loihi ÷ ours", "run of 1 s, ours"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "cases",
        nargs="*",
        help=f"{', '.join(list(CASES)[1:])}; if none, {', '.join(TABLE)} and the lessons",
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout of this repository")
    parser.add_argument("--ours", action="store_true", help="without the others' builds")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        return work((OURS, AGAIN) if asked.ours else tuple(BUILDERS))
    unknown = sorted(set(asked.cases) - set(CASES))
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(list(CASES)[1:])}")
    checkouts = [Checkout(HERE.parent.parent, asked.ours)]
    if asked.against:
        checkouts.append(Checkout(asked.against.resolve(), asked.ours))
    for checkout in checkouts:
        checkout.measure(WARM_UP)
    heading = [*HEADING, *(("ours before", "now ÷ before") if asked.against else ())]
    print("| " + " | ".join(heading) + " |\n" + "|---" * len(heading) + "|", flush=True)
    refused: Dict[str, str] = {}
    for name in asked.cases or [*TABLE, *SYSTEMS]:
        runs = [[c.measure(name) for c in checkouts] for _ in range(asked.repeats)]
        columns = [list(of) for of in zip(*runs)]
        print(row(name, columns[0], columns[1] if asked.against else None), flush=True)
        for builder, why in columns[0][0]["refused"].items():
            refused[f"{CASES[name].words}, {builder}"] = why
    for what, why in refused.items():
        print(f"\n{what}: {why}")
    for checkout in checkouts:
        checkout.close()


if __name__ == "__main__":
    main()
