"""What is suspected of a network, before any edit is tried."""

import nengo
import numpy as np
import pytest

from deploy.suspects.chains import _relays, _take_out
from deploy.suspects.connections import _lasts, _outermost, _without_filter
from deploy.suspects.radius import _carrying
from loihi_rules import fix_seeds


def row(n, **options):
    """Ensembles, each connected to the next; the first is given a value, the last probed."""
    links = [nengo.Ensemble(20, 2, label=f"link {k}") for k in range(n)]
    nengo.Connection(nengo.Node(lambda t: [np.sin(t), np.cos(t)]), links[0])
    for one, next_ in zip(links, links[1:]):
        nengo.Connection(one, next_, **options)
    nengo.Probe(links[-1], synapse=0.01)
    return links


def swap(x):
    return 2 * x[1], x[0]


@pytest.mark.parametrize(
    "options, is_chain",
    [
        ({}, True),
        ({"transform": [[0, 1], [1, 0]]}, True),
        ({"function": lambda x: x}, True),
        ({"function": swap}, True),
        ({"function": np.square}, False),
        ({"function": lambda x: x + 1}, False),
        ({"learning_rule_type": nengo.PES()}, False),
        ({"transform": nengo.dists.Uniform(-1, 1)}, False),
    ],
)
def test_what_hands_a_value_on(options, is_chain):
    with nengo.Network() as net:
        links = row(6, **options)
    found = _relays(net)
    assert found == (links[1:-1] if is_chain else [])


def test_a_row_is_long_from_four_on_and_rows_beside_each_other_are_not():
    with nengo.Network() as net:
        row(5)
        for _ in range(4):
            row(3)
    assert not _relays(net)
    with net:
        links = row(6)
    assert _relays(net) == links[1:-1]


def test_a_circle_is_a_memory():
    with nengo.Network() as net:
        links = row(8)
        nengo.Connection(links[4], links[2])
    assert not _relays(net)
    with nengo.Network() as net:
        links = row(8)
        nengo.Connection(links[6], links[6])
    assert _relays(net) == links[1:6]


def test_what_a_node_gives_has_to_become_spikes_somewhere():
    with nengo.Network() as net:
        links = row(6)
        nengo.Connection(nengo.Node([0, 1]), links[3])
    assert not _relays(net)


def test_perfect_neurons_give_the_same_without_what_hands_on():
    with nengo.Network(seed=1) as net:
        for ens in row(6, function=swap, transform=0.5):
            ens.neuron_type = nengo.Direct()
    copied = fix_seeds(net)
    for ens in _relays(net):
        _take_out(copied.network, copied.copies[ens])
    assert len(copied.network.all_ensembles) == 2
    values = []
    for each in (net, copied.network):
        for conn in each.all_connections:
            conn.synapse = None
        with nengo.Simulator(each, progress_bar=False) as sim:
            sim.run(0.05, progress_bar=False)
        values.append(sim.data[each.probes[0]])
    np.testing.assert_allclose(*values, atol=1e-12)


@pytest.mark.parametrize(
    "synapse, seconds",
    [
        (None, 0.0),
        (nengo.Lowpass(0.004), 0.004),
        (nengo.Alpha(0.004), 0.008),
        (nengo.LinearFilter([1], [0.02, 1]), 0.02),
        (nengo.LinearFilter([1, 0], [0.02, 1]), np.inf),
        (nengo.synapses.Triangle(0.01), 0.01 / 3),
    ],
)
def test_how_long_a_filter_lasts(synapse, seconds):
    assert _lasts(synapse) == pytest.approx(seconds, abs=5e-4)


def test_a_way_through_nodes_is_one_way():
    with nengo.Network() as net:
        x, y = (nengo.networks.EnsembleArray(10, 2) for _ in range(2))
        between = nengo.Connection(x.output, y.input, synapse=None)
        nengo.Connection(nengo.Node([0, 0]), x.input, synapse=None)
    assert _outermost(net, _without_filter(net)) == [between]
    between.synapse = 0.005
    assert not _without_filter(net)


def test_what_cancels_is_no_value():
    with nengo.Network():
        a, b = nengo.Ensemble(10, 1), nengo.Ensemble(10, 1)
    assert _carrying({a: 1.0, b: 2e-16}) == [a] and _carrying({a: 0.0, b: 0.0}) == []
