"""Weights that are read are those that decode: spikes times these are what a target is given."""

import nengo
import nengo_loihi
import numpy as np
import pytest

import deploy

CHIPS = ["emulator", "float-emulator"]
LATE = 6  # steps at most, by which the host has values later


def neurons(**kwargs):
    return nengo.Ensemble(100, 2, **kwargs)


def to_node(ens, size=2, pre=None, **kwargs):
    node = nengo.Node(size_in=size)
    conn = nengo.Connection(ens if pre is None else pre, node, synapse=0.03, **kwargs)
    return ens, conn, node


def through_a_node(ens):
    ens, conn, node = to_node(ens)
    nengo.Connection(node, nengo.Ensemble(50, 2), synapse=None)
    return ens, conn, node


def learned(ens, function):
    ens, conn, node = to_node(ens, function=function, learning_rule_type=nengo.PES(1e-12))
    nengo.Connection(nengo.Node([0, 0]), conn.learning_rule)
    return ens, conn, node


def to_ensemble(ens, **kwargs):
    conn = nengo.Connection(ens, nengo.Ensemble(80, 2, radius=2), synapse=0.03, **kwargs)
    return ens, conn, conn


def points():
    return np.random.RandomState(0).uniform(-1, 1, (300, 2))


KINDS = {
    "plain": lambda: to_node(neurons()),
    "transform": lambda: to_node(neurons(), 1, transform=[[0.3, -2]]),
    "function": lambda: to_node(neurons(), function=lambda x: x[0] * x[1], transform=[[2], [-1]]),
    "slice": lambda: (lambda ens: to_node(ens, 1, ens[1]))(neurons()),
    "radius": lambda: to_node(neurons(radius=3.0)),
    "one side": lambda: to_node(neurons(intercepts=nengo.dists.Uniform(0, 0.9))),
    "slow": lambda: to_node(neurons(max_rates=nengo.dists.Uniform(50, 100))),
    "rectified linear": lambda: to_node(neurons(neuron_type=nengo.SpikingRectifiedLinear())),
    "regular": lambda: to_node(neurons(neuron_type=nengo.RegularSpiking(nengo.LIFRate()))),
    "chip's own": lambda: to_node(neurons(neuron_type=nengo_loihi.LoihiLIF())),
    "amplitude": lambda: to_node(neurons(neuron_type=nengo.LIF(amplitude=0.01))),
    "solver": lambda: to_node(neurons(), solver=nengo.solvers.Nnls()),
    "given": lambda: to_node(neurons(), solver=nengo.solvers.NoSolver(np.full((100, 2), 1e-4))),
    "points": lambda: to_node(neurons(), eval_points=points()),
    "through a node": lambda: through_a_node(neurons()),
    "learned": lambda: learned(neurons(), None),
    "learned function": lambda: learned(neurons(), lambda x: [x[0] * x[1], x[0]]),
    "to an ensemble": lambda: to_ensemble(neurons()),
    "weights": lambda: to_ensemble(neurons(), solver=nengo.solvers.LstsqL2(weights=True)),
}


@pytest.mark.parametrize("target", CHIPS)
@pytest.mark.parametrize("kind", KINDS)
def test_spikes_times_weights_are_what_a_target_has(kind, target):
    with nengo.Network(seed=1) as net:
        ens, conn, target_of = KINDS[kind]()
        reach = 0.8 * ens.radius
        stimulus = nengo.Node(lambda t: [reach * np.sin(6 * t), reach * np.cos(6 * t)])
        nengo.Connection(stimulus, ens)
        given, spikes = nengo.Probe(target_of), nengo.Probe(ens.neurons)
    smooth = nengo.Lowpass(0.03)
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        sim.run(1.2)
        signal = np.array(sim.signals[sim.model.sig[conn]["weights"]])
        for weights in (sim.data[conn].weights, signal):
            expected = smooth.filt(sim.data[spikes] @ weights.T)
            found = sim.data[given]
            off = [
                np.sqrt(np.mean((found[100 + k :] - expected[100 : len(expected) - k]) ** 2))
                for k in range(LATE)
            ]
            assert min(off) < 0.02 * np.sqrt(np.mean(found[100:] ** 2))


def test_a_node_that_hands_on_to_ensembles_alone():
    """Its target is not built; the weights are those of what is built in its place."""
    with nengo.Network(seed=1) as net:
        a, b, node = neurons(), nengo.Ensemble(50, 2), nengo.Node(size_in=2)
        first = nengo.Connection(a, node, synapse=None)
        nengo.Connection(node, b)
        direct = nengo.Connection(a, nengo.Node(size_in=2), synapse=0.01)
    with deploy.Simulator(net, progress_bar=False) as sim:
        found, expected = sim.data[first].weights, sim.data[direct].weights
        np.testing.assert_allclose(found, expected, atol=1e-12)
