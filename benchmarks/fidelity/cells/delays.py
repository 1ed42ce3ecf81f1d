"""How many milliseconds a sine needs from one object to another, by every way there is."""

from __future__ import annotations

from typing import Any, Callable, Dict

import nengo

from benchmarks.fidelity.cell import Cell, Recording
from benchmarks.fidelity.figures import lag_ms
from benchmarks.fidelity.signals import sine

HERTZ = 2.0


def population(neurons: int = 200) -> nengo.Ensemble:
    return nengo.Ensemble(neurons, 1)


def direct(source: Any, synapse: Any = 0.005) -> Any:
    goal = population()
    nengo.Connection(source, goal, synapse=synapse)
    return goal


def unfiltered(source: Any) -> Any:
    return direct(source, None)


def array(source: Any) -> Any:
    goal = nengo.networks.EnsembleArray(200, 1)
    nengo.Connection(source, goal.input)
    return goal.output


def passthrough_then_none(source: Any) -> Any:
    between = nengo.Node(size_in=1)
    nengo.Connection(source, between, synapse=0.02)
    return direct(between, None)


def ensemble_alpha(source: Any) -> Any:
    return direct(direct(source), nengo.synapses.Alpha(0.02))


def ensemble_lowpass(source: Any) -> Any:
    return direct(direct(source), 0.02)


def ensemble_discrete(source: Any) -> Any:
    return direct(direct(source), nengo.LinearFilter([1], [0.0002, 0.03, 1]))


def computing_node(source: Any) -> Any:
    between = nengo.Node(lambda t, x: x, size_in=1)
    nengo.Connection(direct(source), between, synapse=None)
    return direct(between, None)


def filtered_node(source: Any) -> Any:
    between = nengo.Node(lambda t, x: x, size_in=1)
    nengo.Connection(direct(source), between, synapse=0.01)
    return direct(between, 0.01)


def two_arrays(source: Any) -> Any:
    first, second = (nengo.networks.EnsembleArray(200, 1) for _ in range(2))
    nengo.Connection(source, first.input)
    nengo.Connection(first.output, second.input)
    return second.output


def product(source: Any) -> Any:
    times = nengo.networks.Product(200, 1)
    nengo.Connection(source, times.input_a)
    nengo.Connection(nengo.Node([1.0]), times.input_b)
    return times.output


WAYS: Dict[str, Callable[[Any], Any]] = {
    "node to ensemble": direct,
    "node to ensemble, no filter": unfiltered,
    "node to ensemble, 20 ms": lambda source: direct(source, 0.02),
    "node to ensemble, 1 ms": lambda source: direct(source, 0.001),
    "node to array": array,
    "array to array": two_arrays,
    "20 ms to a passthrough, then none": passthrough_then_none,
    "ensemble, 20 ms": ensemble_lowpass,
    "ensemble, Alpha 20 ms": ensemble_alpha,
    "ensemble, second order": ensemble_discrete,
    "over a computing node, no filter": computing_node,
    "over a computing node, 10 ms": filtered_node,
    "product": product,
}


def chain(name: str, neuron_type: nengo.neurons.NeuronType, length: int = 20) -> Cell:
    """Ensembles in a row, of which each may be a little late."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            network.config[nengo.Ensemble].neuron_type = neuron_type
            goal: Any = sine(HERTZ, 0.8)
            for _ in range(length):
                goal = direct(goal)
            nengo.Probe(goal, synapse=0.02, label="output")
        return network

    def figure(run: Recording) -> float:
        return lag_ms(run["output"], run.dt, HERTZ)

    return Cell(f"delays/{name}", build, figure, 2.0, "lag, ms", "same", slack=1.0)


def way(name: str, quick: bool = False) -> Cell:
    """One of `WAYS`."""
    through = WAYS[name]

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            goal = through(sine(HERTZ, 0.8))
            nengo.Probe(goal, synapse=0.02, label="output")
        return network

    def figure(run: Recording) -> float:
        return lag_ms(run["output"], run.dt, HERTZ)

    return Cell(f"delays/{name}", build, figure, 2.0, "lag, ms", "same", slack=1.0, quick=quick)
