"""How late a sine comes by every way from one object to another, beside the CPU's lag.

python -m benchmarks.delays [--seeds 2] [--target emulator] [--only WORD]

Every way is a chain of its own from one sine of 1 Hz, all in one network: each source, by each
of Nengo's synapses, to each kind of target; and Nengo's networks. The lag is the phase of the
sine in what a 20 ms probe sees, averaged over seeds.
"""

from __future__ import annotations

import argparse
import os
import warnings
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import nengo
import numpy as np
from nengo.synapses import Alpha, LinearFilter, Lowpass, Synapse, Triangle

import deploy

HERTZ = 1.0
PERIODS = 2  # that are measured, after one that is not
NEURONS = 200
PROBE = 0.02
BAR = 1.0  # ms

SYNAPSES: Dict[str, Optional[Synapse]] = {
    "None": None,
    "1 ms": Lowpass(0.001),
    "5 ms": Lowpass(0.005),
    "20 ms": Lowpass(0.02),
    "100 ms": Lowpass(0.1),
    "Alpha 20 ms": Alpha(0.02),
    "second order": LinearFilter([1], [0.0002, 0.03, 1]),
    "Triangle 20 ms": Triangle(0.02),
}


class Lag(NamedTuple):
    """Of one way, in ms.

    Attributes
    ----------
    cpu, chip : float
    says : str
        What the changes say of being late, or nothing.
    """

    cpu: float
    chip: float
    says: str


# ------------------------------------------------------------------------ sources and targets


def _population() -> nengo.Ensemble:
    return nengo.Ensemble(NEURONS, 1)


def _identity(t: float, x: np.ndarray) -> np.ndarray:
    return x


def _ensemble(u: nengo.Node) -> nengo.Ensemble:
    ens = _population()
    nengo.Connection(u, ens)
    return ens


def _host_ensemble(u: nengo.Node) -> nengo.Ensemble:
    ens = nengo.Ensemble(NEURONS, 1, neuron_type=nengo.LIFRate())
    nengo.Connection(u, ens)
    return ens


def _by_node(u: nengo.Node, output: Any, synapse: Any) -> nengo.Node:
    node = nengo.Node(output, size_in=1)
    nengo.Connection(_ensemble(u), node, synapse=synapse)
    return node


def _passthrough(u: nengo.Node) -> nengo.Node:
    node = nengo.Node(size_in=1)
    nengo.Connection(u, node, synapse=0.01)
    return node


SOURCES: Dict[str, Callable[[nengo.Node], Any]] = {
    "node": lambda u: u,
    "filtered passthrough": _passthrough,
    "ensemble": _ensemble,
    "ensemble, passthrough": lambda u: _by_node(u, None, None),
    "ensemble, computing node": lambda u: _by_node(u, _identity, None),
    "ensemble, 5 ms, computing node": lambda u: _by_node(u, _identity, 0.005),
    "ensemble on the host": _host_ensemble,
}


def _to_neurons(source: Any, synapse: Any) -> nengo.Ensemble:
    ens = nengo.Ensemble(NEURONS, 1, encoders=np.ones((NEURONS, 1)))
    nengo.Connection(source, ens.neurons, transform=np.ones((NEURONS, 1)), synapse=synapse)
    return ens


def _to_ensemble(source: Any, synapse: Any) -> nengo.Ensemble:
    ens = _population()
    nengo.Connection(source, ens, synapse=synapse)
    return ens


def _to_node(source: Any, synapse: Any) -> nengo.Node:
    node = nengo.Node(_identity, size_in=1)
    nengo.Connection(source, node, synapse=synapse)
    return node


TARGETS = {"ensemble": _to_ensemble, "neurons": _to_neurons, "node": _to_node}


# ------------------------------------------------------------------------ Nengo's networks


def _array(u: nengo.Node) -> nengo.Node:
    array = nengo.networks.EnsembleArray(NEURONS, 2)
    nengo.Connection(u, array.input, transform=[[1], [-1]])
    return array.output[0]


def _two_arrays(u: nengo.Node) -> nengo.Node:
    first, second = (nengo.networks.EnsembleArray(NEURONS, 2) for _ in range(2))
    nengo.Connection(u, first.input, transform=[[1], [-1]])
    nengo.Connection(first.output, second.input)
    return second.output[0]


def _product(u: nengo.Node) -> nengo.Node:
    product = nengo.networks.Product(NEURONS, 1)
    nengo.Connection(u, product.input_a)
    nengo.Connection(nengo.Node(1.0), product.input_b)
    return product.output


def _convolution(u: nengo.Node) -> nengo.Node:
    convolution = nengo.networks.CircularConvolution(NEURONS, 4)
    nengo.Connection(u, convolution.input_a, transform=[[0.7], [0], [0], [0]])
    nengo.Connection(nengo.Node([1.0, 0, 0, 0]), convolution.input_b)
    return convolution.output[0]


def _chain(u: nengo.Node) -> nengo.Ensemble:
    last = _ensemble(u)
    for _ in range(3):
        last = _to_ensemble(last, Lowpass(0.005))
    return last


NETWORKS: Dict[str, Callable[[nengo.Node], Any]] = {
    "EnsembleArray": _array,
    "EnsembleArray, EnsembleArray": _two_arrays,
    "Product": _product,
    "CircularConvolution": _convolution,
    "chain of four, 5 ms": _chain,
}


def ways() -> Iterator[Tuple[str, Callable[[nengo.Node], Any]]]:
    """All of them: a name, and what builds the way from a sine and gives its end."""
    for source, begin in SOURCES.items():
        for synapse_name, synapse in SYNAPSES.items():
            for target, end in TARGETS.items():
                if target == "node" and source == "node":
                    continue  # Nengo core alone

                def build(u: nengo.Node, begin=begin, end=end, synapse=synapse) -> Any:
                    return end(begin(u), synapse)

                yield f"{source} → {synapse_name} → {target}", build
    yield from NETWORKS.items()


# ------------------------------------------------------------------------ measuring


def lag(samples: np.ndarray, dt: float) -> float:
    """By how many ms a sine of `HERTZ` lags, from the phase of its last whole periods."""
    n = int(round(PERIODS / HERTZ / dt))
    t = dt * np.arange(len(samples) + 1)[-n:]
    phase = np.angle(np.sum(np.asarray(samples)[-n:, 0] * np.exp(-2j * np.pi * HERTZ * t)))
    late = -(phase + np.pi / 2) / (2 * np.pi * HERTZ)
    return float(1000 * ((late + 0.5 / HERTZ) % (1 / HERTZ) - 0.5 / HERTZ))


def measure(names: List[str], seed: int, target: str, dt: float = 0.001) -> Dict[str, Lag]:
    """Lags of ways on the CPU and on a target, all in one run each."""
    known = dict(ways())
    parts: Dict[str, List[Any]] = {}
    with nengo.Network(seed=seed) as network:
        u = nengo.Node(lambda t: 0.9 * np.sin(2 * np.pi * HERTZ * t), label="sine")
        for name in names:
            before = set(network.all_objects)
            end = known[name](u)
            parts[name] = [obj for obj in network.all_objects if obj not in before]
            for obj in parts[name]:
                obj.label = name  # by which its changes are found
            nengo.Probe(end, synapse=PROBE, label=name)
    duration = (PERIODS + 1) / HERTZ
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cpu, chip = (deploy.run(network, duration, t, seed, dt=dt) for t in ("cpu", target))
    said: Dict[str, str] = {}
    for change in chip.changes:
        late = change["after"].rsplit("; ", 1)[-1]
        asked = late.endswith("later than asked") and not late.startswith("0 ms")
        if asked or late == "a step later":
            said[change["object"]] = late
    return {
        name: Lag(
            lag(cpu[name].samples, dt),
            lag(chip[name].samples, dt),
            # of an object, or between two, or an ensemble and another's neurons
            next((said[of] for of in said if of == name or of.startswith(f"{name} → {name}")), ""),
        )
        for name in names
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--target", default="emulator")
    parser.add_argument("--only", default="", help="ways whose names have this word")
    options = parser.parse_args()
    names = [name for name, _ in ways() if options.only in name]
    runs = [measure(names, seed, options.target) for seed in range(options.seeds)]
    print("| way | CPU, ms | chip, ms | later, ms | said |\n|---|---|---|---|---|")
    beyond = 0
    for name in names:
        cpu, chip = (np.mean([getattr(run[name], at) for run in runs]) for at in ("cpu", "chip"))
        late, says = chip - cpu, runs[0][name].says
        beyond += abs(late) > BAR and not says
        print(f"| {name} | {cpu:.1f} | {chip:.1f} | {late:+.1f} | {says} |")
    print(f"\n{len(names)} ways, {beyond} later than {BAR:g} ms without a word")


if __name__ == "__main__":
    main()
