"""Programs that drive something: pendulums under P and PID, a rover's camera and motors."""

from __future__ import annotations

from typing import List

import nengo
import numpy as np

from benchmarks.fidelity.cell import Recording
from benchmarks.fidelity.cells.control import pendulum
from benchmarks.fidelity.figures import aligned_error, filtered
from benchmarks.fidelity.program import Program, described
from benchmarks.fidelity.signals import white
from loihi_rules.nengo_parts.settings import declare


def vision(kind: nengo.neurons.NeuronType, layer: str, what: str) -> Program:
    """A picture of 32 × 128 × 3 through a convolution and two dense layers, at low rates."""

    def build(seed: int) -> nengo.Network:
        rng = np.random.RandomState(seed)
        picture = np.random.RandomState(2).rand(32, 128, 3).ravel()
        with nengo.Network(seed=seed) as network:
            network.config[nengo.Ensemble].neuron_type = kind
            network.config[nengo.Ensemble].max_rates = nengo.dists.Choice([100])
            network.config[nengo.Ensemble].intercepts = nengo.dists.Choice([0])
            network.config[nengo.Connection].synapse = 0.005
            kernel = 0.2 * rng.randn(10, 10, 3, 16) * np.sqrt(2.0 / 300)
            convolution = nengo.Convolution(
                16, (32, 128, 3), kernel_size=(10, 10), strides=(5, 5), init=kernel
            )
            maps = nengo.Ensemble(convolution.output_shape.size, 1)
            declare(network, nengo.Ensemble, "on_chip")
            network.config[maps].on_chip = False  # the picture enters the chip as its spikes
            dense, last = nengo.Ensemble(200, 1), nengo.Ensemble(100, 1)
            nengo.Connection(nengo.Node(picture), maps.neurons, transform=convolution)
            first = rng.randn(200, maps.n_neurons) * np.sqrt(2.0 / maps.n_neurons)
            second = rng.randn(100, 200) * np.sqrt(2.0 / 200)
            nengo.Connection(maps.neurons, dense.neurons, transform=first / 100)
            nengo.Connection(dense.neurons, last.neurons, transform=second / 100)
            nengo.Probe(dense.neurons, label="dense")
            nengo.Probe(last.neurons, label="last")
        return network

    def figure(run: Recording) -> float:
        return float(np.mean(run.rates(layer, since=0.2)))

    return Program(f"vision, {type(kind).__name__}, {layer}", build, figure, 0.7, "mean rate, Hz",
                   "same", what=what)  # fmt: skip


def motors() -> Program:
    """4,096 neurons of three dimensions turn a direction into turns of wheels."""

    def steer(x: np.ndarray) -> List[float]:
        return [x[0] * x[2], np.sqrt(x[0] ** 2 + x[1] ** 2) * x[2]]

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            stimulus = white(3, rms=0.6)
            body = nengo.Ensemble(4096, 3)
            wheels = nengo.Node(size_in=2)
            nengo.Connection(stimulus, body)
            nengo.Connection(body, wheels, function=steer, synapse=0.02)
            nengo.Probe(wheels, label="output")
        return network

    def figure(run: Recording) -> float:
        seen = filtered(run["input"], 0.005, dt=run.dt)
        ideal = filtered(np.array([steer(x) for x in seen]), 0.02, dt=run.dt)
        return aligned_error(ideal, run["output"], run.dt)

    return Program("motors", build, figure, 1.0, "error", what="4,096 neurons steer two wheels")


def programs() -> List[Program]:
    relu = nengo.SpikingRectifiedLinear()
    return [
        described(pendulum("-"), "pendulum, P", "a pendulum held by a P controller of neurons"),
        described(pendulum("-", 0.5, 0.25), "pendulum, PID", "by a PID controller"),
        described(
            pendulum("-", 0.0, 0.25, adapts=True, duration=10.0), "pendulum, adaptive",
            "by a PD controller that learns a load by PES",
        ),
        vision(relu, "dense", "a rover's camera: convolution and two layers of ReLU"),
        vision(relu, "last", "the same, its last layer"),
        vision(nengo.LIF(), "last", "the same in LIF neurons"),
        motors(),
    ]  # fmt: skip
