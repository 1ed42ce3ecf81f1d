"""Neurons that volleys drive, whose nodes nobody knows the values of."""

import warnings

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import declare_settings, rewrite
from loihi_rules.pilots.unknown import courses, pulses, reach_of, vectors


def chain(weight, pulse=0.01, size=6.0, layers=6, n=20, unlike=False):
    """Layers that are given pulses through the layers before them, at gains of one."""
    rng = np.random.RandomState(0)
    with nengo.Network(seed=3) as net:
        node = nengo.Node(lambda t: size if t % 0.25 < pulse else 0.0, label="node")
        bias = [rng.uniform(0, 0.9, n) if unlike else np.zeros(n) for _ in range(layers)]
        each = [nengo.Ensemble(n, 1, gain=np.ones(n), bias=b, label=f"layer {k}")
                for k, b in enumerate(bias)]  # fmt: skip
        nengo.Connection(node, each[0].neurons, transform=np.ones((n, 1)), synapse=0.005)
        for a, b in zip(each, each[1:]):
            weights = weight * (2 * rng.rand(n, n) if unlike else np.ones((n, n)))
            nengo.Connection(a.neurons, b.neurons, transform=weights, synapse=0.005)
        for ens in each:
            nengo.Probe(ens.neurons)
    return net


def spikes(net, target):
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        sim.run(2.0)
    return [int((sim.data[probe] > 0).sum()) for probe in net.all_probes]


@pytest.mark.parametrize(
    ("weight", "unlike", "within"), [(0.0044, False, 0.12), (0.003, True, 0.06)]
)
def test_volleys_go_through_a_chain_as_on_the_cpu(weight, unlike, within):
    """1740 spikes for 2120 in the sixth layer, as long as held values alone were looked at."""
    net = chain(weight, unlike=unlike)
    cpu, chip = (spikes(net, target) for target in ("cpu", "emulator"))
    assert np.allclose(chip[-2:], cpu[-2:], rtol=within)


@pytest.mark.quick
def test_layers_that_pulses_drive_otherwise_are_warned_of():
    def said(net):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            rewrite(net)
        return [str(w.message) for w in caught if "not known what its nodes give" in str(w.message)]

    assert any(each.startswith("layer ") for each in said(chain(0.0044)))
    known = chain(0.0044)
    declare_settings(known)
    known.config[known.all_nodes[0]].pilot_inputs = [[0.0], [6.0]]
    assert not said(known)


@pytest.mark.quick
def test_nodes_are_taken_to_give_what_makes_neurons_fire():
    with nengo.Network(seed=1) as net:
        node = nengo.Node(lambda t: [0.0, 0.0], size_out=2)
        node.seed = 4
        faint = nengo.Ensemble(5, 1, gain=np.ones(5), bias=np.zeros(5), seed=1)
        nengo.Connection(node[0], faint.neurons, transform=np.ones((5, 1)))

    class Asked:
        gain, bias = np.ones(5), np.zeros(5)

    reach = reach_of(net, node, lambda ens: Asked, 1e-3)
    assert 5 < reach < 20  # 200 Hz are a current of 5.9
    Asked.gain = np.full(5, 100.0)
    assert reach_of(net, node, lambda ens: Asked, 1e-3) == 1.0

    given = courses(vectors(2, 16, 4), reach, 400, 1e-3, 4)
    assert given.shape == (400, 16, 2)
    pulsed = pulses(16)
    assert np.all(given[:, ~pulsed] == given[:1, ~pulsed])
    assert not given[:100, pulsed].any() and not given[200:, 2].any() and given[:, 2].any()
    assert np.array_equal(courses(vectors(2, 4, 4), 1.0, 9, 1e-3, 4)[0, :2], vectors(2, 4, 4)[:2])
