"""The networks that are timed, A to H, each a function of nothing that returns one."""

from __future__ import annotations

from typing import Callable, Dict, NamedTuple

import nengo
import numpy as np


class Case(NamedTuple):
    """A network, how long it runs in seconds, and what it is."""

    build: Callable[[], nengo.Network]
    duration: float
    title: str


def host_input() -> nengo.Network:
    with nengo.Network(seed=1) as net:
        u = nengo.Node(lambda t: np.sin(10 * t))
        a = nengo.Ensemble(100, 1)
        nengo.Connection(u, a)
        nengo.Probe(a, synapse=0.01)
    return net


def dense() -> nengo.Network:
    rng = np.random.RandomState(0)
    with nengo.Network(seed=1) as net:
        a = nengo.Ensemble(1000, 1, gain=np.ones(1000), bias=rng.uniform(1.05, 3, 1000))
        nengo.Connection(a.neurons, a.neurons, transform=rng.randn(1000, 1000) * 3e-4)
        nengo.Probe(a.neurons)
    return net


def pes(neurons: int) -> nengo.Network:
    with nengo.Network(seed=1) as net:
        u = nengo.Node(nengo.processes.WhiteSignal(50.0, 5, seed=1))
        pre = nengo.Ensemble(neurons, 1)
        post = nengo.Ensemble(neurons, 1)
        error = nengo.Ensemble(neurons, 1)
        nengo.Connection(u, pre)
        learned = nengo.Connection(
            pre, post, function=lambda x: [0.0], learning_rule_type=nengo.PES(1e-3)
        )
        nengo.Connection(post, error)
        nengo.Connection(u, error, transform=-1)
        nengo.Connection(error, learned.learning_rule)
        nengo.Probe(post, synapse=0.01)
    return net


def chain() -> nengo.Network:
    with nengo.Network(seed=1) as net:
        u = nengo.Node(lambda t: np.sin(10 * t))
        ensembles = [nengo.Ensemble(1000, 1) for _ in range(10)]
        nengo.Connection(u, ensembles[0])
        for a, b in zip(ensembles, ensembles[1:]):
            nengo.Connection(a, b)
        nengo.Probe(ensembles[-1], synapse=0.01)
    return net


def sparse(neurons: int = 10_000, fan_out: int = 10) -> nengo.Network:
    rng = np.random.RandomState(0)
    # neighbours, as a core has 4096 output axons: targets all over would need one each
    near = np.stack([rng.permutation(2 * fan_out)[:fan_out] for _ in range(neurons)])
    into = ((np.arange(neurons)[:, None] + near + 1) % neurons).ravel()
    out_of = np.repeat(np.arange(neurons), fan_out)
    weights = rng.uniform(-1, 1, len(into)) * 1e-3
    with nengo.Network(seed=1) as net:
        bias = rng.uniform(1.05, 3, neurons)
        a = nengo.Ensemble(neurons, 1, gain=np.ones(neurons), bias=bias)
        transform = nengo.Sparse((neurons, neurons), np.stack([into, out_of], axis=1), weights)
        nengo.Connection(a.neurons, a.neurons, transform=transform)
        nengo.Probe(a.neurons[:100])
    return net


def one_hot(classes: int = 200) -> nengo.Network:
    with nengo.Network(seed=1) as net:
        u = nengo.Node(lambda t: np.eye(classes)[int(t / 0.1) % classes])
        a = nengo.Ensemble(
            classes,
            classes,
            encoders=np.eye(classes),
            intercepts=nengo.dists.Choice([0.5]),
            max_rates=nengo.dists.Choice([100]),
        )
        nengo.Connection(u, a)
        nengo.Probe(a.neurons)
    return net


def convolution() -> nengo.Network:
    rng = np.random.RandomState(0)
    image = rng.rand(28 * 28)
    with nengo.Network(seed=1) as net:
        u = nengo.Node(image)
        pixels = nengo.Ensemble(
            784, 1, gain=np.full(784, 100.0), bias=np.zeros(784),
            neuron_type=nengo.SpikingRectifiedLinear(),
        )  # fmt: skip
        net.config[nengo.Ensemble].set_param(
            "on_chip", nengo.params.Parameter("on_chip", default=None, optional=True)
        )
        net.config[pixels].on_chip = False
        nengo.Connection(u, pixels.neurons, synapse=None)
        kernel = nengo.Convolution(
            16, (28, 28, 1), kernel_size=(3, 3), init=rng.uniform(-1, 1, (3, 3, 1, 16)) * 0.02
        )
        n = kernel.output_shape.size
        maps = nengo.Ensemble(n, 1, gain=np.full(n, 1.0), bias=np.full(n, 0.9))
        nengo.Connection(pixels.neurons, maps.neurons, transform=kernel)
        nengo.Probe(maps.neurons[:100])
    return net


def many_blocks() -> nengo.Network:
    rng = np.random.RandomState(0)
    with nengo.Network(seed=1) as net:
        ensembles = [
            nengo.Ensemble(1000, 1, gain=np.ones(1000), bias=rng.uniform(1.02, 1.5, 1000))
            for _ in range(50)
        ]
        for a, b in zip(ensembles, ensembles[1:] + ensembles[:1]):
            into, out_of = rng.permutation(1000), rng.permutation(1000)
            transform = nengo.Sparse(
                (1000, 1000), np.stack([into, out_of], axis=1), rng.uniform(-1e-3, 1e-3, 1000)
            )
            nengo.Connection(a.neurons, b.neurons, transform=transform)
        nengo.Probe(ensembles[0].neurons[:100])
    return net


CASES: Dict[str, Case] = {
    "A": Case(host_input, 2.0, "100 LIF neurons with a host input"),
    "B": Case(dense, 1.0, "1000 dense recurrent"),
    "C100": Case(lambda: pes(100), 2.0, "PES from 100 neurons"),
    "C1000": Case(lambda: pes(1000), 1.0, "PES from 1000 neurons"),
    "D": Case(chain, 1.0, "a chain of 10 × 1000"),
    "E": Case(sparse, 1.0, "10,000 sparse, fan-out 10"),
    "F": Case(one_hot, 1.0, "one-hot with 200 classes"),
    "G": Case(convolution, 1.0, "a convolution, 28 × 28 to 16 maps"),
    "H": Case(many_blocks, 0.5, "50,000 compartments in 50 blocks"),
}
