"""Copies whose seeds are fixed."""

import nengo
import numpy as np
import pytest

from loihi_rules import fix_seeds, rewrite

pytestmark = pytest.mark.quick


def test_neurons_are_those_of_an_ordinary_nengo_run(small):
    copied = fix_seeds(small)
    with nengo.Simulator(small, progress_bar=False) as own, nengo.Simulator(
        copied.network, progress_bar=False
    ) as its:
        for obj in small.all_ensembles:
            np.testing.assert_array_equal(own.data[obj].gain, its.data[copied.copies[obj]].gain)
            np.testing.assert_array_equal(
                own.data[obj].encoders, its.data[copied.copies[obj]].encoders
            )
        for conn in small.all_connections:
            np.testing.assert_array_equal(
                own.data[conn].weights, its.data[copied.copies[conn]].weights
            )


def test_the_user_network_is_untouched(small):
    before = [(obj, obj.seed) for obj in small.all_objects]
    config = dict(small.config[nengo.Ensemble]._extra_params)
    copied = fix_seeds(small)
    assert [(obj, obj.seed) for obj in small.all_objects] == before
    assert small.config[nengo.Ensemble]._extra_params == config
    assert not set(map(id, small.all_objects)) & set(map(id, copied.network.all_objects))


def test_an_added_object_changes_no_other(small):
    plain, more = fix_seeds(small).network, fix_seeds(small).network
    with more:
        nengo.Connection(more.ensembles[0], nengo.Ensemble(5, 1, seed=1), seed=1)
    with nengo.Simulator(plain, progress_bar=False) as a, nengo.Simulator(
        more, progress_bar=False
    ) as b:
        for x, y in zip(plain.ensembles, more.ensembles):
            np.testing.assert_array_equal(a.data[x].bias, b.data[y].bias)


def test_processes_get_seeds_and_say_so():
    with nengo.Network(seed=2) as net:
        noise = nengo.Node(nengo.processes.WhiteNoise(), label="noise")
        kept = nengo.Node(nengo.processes.WhiteNoise(seed=9), label="kept")
        ens = nengo.Ensemble(5, 1, noise=nengo.processes.FilteredNoise(), label="ens")
    copied = fix_seeds(net)
    assert noise.output.seed is None and ens.noise.seed is None
    assert copied.copies[kept].output.seed == 9
    assert copied.copies[noise].output.seed is not None
    assert {c.object for c in copied.changes} == {"noise", "ens"}


@pytest.mark.parametrize("given, expected", [(None, 0), (7, 7)])
def test_seed_of_a_network_without_one(given, expected):
    with nengo.Network() as net:
        nengo.Ensemble(5, 1)
    assert fix_seeds(net, given).network.seed == expected


def test_state_of_a_callable_does_not_leak_between_runs():
    class Counter:
        def __init__(self):
            self.calls = 0

        def __call__(self, t):
            self.calls += 1
            return self.calls

    with nengo.Network() as net:
        node = nengo.Node(Counter(), size_out=1)
    start = node.output.calls
    for _ in range(2):
        copied = fix_seeds(net)
        with nengo.Simulator(copied.network, progress_bar=False) as sim:
            sim.run_steps(3)
    assert node.output.calls == start


def test_a_callable_that_cannot_be_copied_is_shared():
    class Locked:
        def __call__(self, t):
            return 1.0

        def __deepcopy__(self, memo):
            raise TypeError("holds a lock")

    with nengo.Network() as net:
        node = nengo.Node(Locked(), size_out=1)
    assert fix_seeds(net).copies[node].output is node.output


def test_what_is_listed_twice_is_there_once():
    with nengo.Network(seed=3) as net:
        source = nengo.Node(0.4)
        with nengo.Network(label="part") as part:
            ens = nengo.Ensemble(60, 1, label="ens")
            nengo.Connection(nengo.Ensemble(60, 1), ens)
        nengo.Connection(source, part.ensembles[1])
        nengo.Probe(ens)
    net.networks.append(part)
    net.connections.append(net.connections[0])
    with pytest.warns(UserWarning, match="already been built"):
        own = nengo.Simulator(net, progress_bar=False)
    copied = fix_seeds(net)
    network = copied.network
    for objects in (network.all_networks, network.all_objects):
        assert len(objects) == len(set(objects))
    assert set(network.all_objects) == {copied.copies[obj] for obj in net.all_objects}
    listed = [
        change.object for change in copied.changes if change.rule == "objects are listed once"
    ]
    assert len(listed) == 2 and "part" in listed
    with own, nengo.Simulator(network, progress_bar=False) as its:  # the same neurons, no warning
        for obj in (ens, part.ensembles[1]):
            np.testing.assert_array_equal(own.data[obj].gain, its.data[copied.copies[obj]].gain)


def test_a_way_through_a_subnetwork_that_is_listed_twice_is_taken_once():
    with nengo.Network(seed=3) as net, nengo.Network() as part:
        source, end = nengo.Ensemble(20, 1), nengo.Ensemble(20, 1)
        between = nengo.Node(size_in=1)
        nengo.Connection(source, between)
        nengo.Connection(between, end, synapse=None)
    net.networks.append(part)
    rewritten = rewrite(net)
    ends = [conn.post_obj for conn in rewritten.network.all_connections]
    assert ends == [rewritten.copies[end]]
