"""Mistakes in Python: of Nengo's own types where it has one, and named in a line."""

from __future__ import annotations

import gc
import re
import warnings

import nengo
import numpy as np
import pytest
from nengo.exceptions import BuildError, SimulationError, ValidationError

import deploy

pytestmark = pytest.mark.quick
TARGETS = ("cpu", "emulator")


def network(**nodes):
    """A population, and nodes whose functions it is given."""
    with nengo.Network(seed=1) as net:
        net.ens = nengo.Ensemble(20, 1, label="ens")
        net.first = nengo.Node([0.5], label="first")
        nengo.Connection(net.first, net.ens)
        net.probe = nengo.Probe(net.ens, synapse=0.02, label="probe")
        for label, function in nodes.items():
            nengo.Connection(nengo.Node(function, size_out=1, label=label), net.ens)
    return net


@pytest.fixture(scope="module", params=TARGETS)
def simulator(request):
    with deploy.Simulator(network(), target=request.param, progress_bar=False) as sim:
        sim.run_steps(3)
        yield sim


@pytest.mark.parametrize(
    "method, given, kind, says",
    [
        ("run", "1", TypeError, "a number of seconds, not '1'"),
        ("run", None, TypeError, "a number of seconds, not None"),
        ("run", float("nan"), ValueError, "nan is no such number"),
        ("run", float("inf"), ValidationError, "inf is no such number"),
        ("run", -1, ValidationError, "Must be positive"),
        ("run_steps", 2.5, TypeError, "takes an integer, not 2.5"),
        ("run_steps", -3, ValidationError, "no -3 steps"),
        ("reset", "a", TypeError, "seed is a whole number, not 'a'"),
    ],
)
def test_what_no_run_can_be_of(simulator, method, given, kind, says):
    with pytest.raises(kind, match=re.escape(says)):
        getattr(simulator, method)(given)
    assert simulator.n_steps == 3


@pytest.mark.parametrize(
    "seed, kind", [("a", TypeError), (1.5, TypeError), (-1, ValueError), (2**32, ValueError)]
)
def test_what_no_seed_is(seed, kind):
    with pytest.raises(kind, match="seed"):
        deploy.Simulator(network(), seed=seed)


@pytest.mark.parametrize(
    "key, says",
    [
        (lambda net: "ens", "'ens': the keys are the network's objects"),
        (lambda net: None, "None: the keys are"),
        (lambda net: net.ens.neurons, "nengo.Probe(ens.neurons)"),
        (lambda net: network().probe, "probe: it is no object of the network"),
        (lambda net: network().ens, "ens: it is no object of the network"),
    ],
)
def test_what_there_is_no_data_of(simulator, key, says):
    with pytest.raises(KeyError, match=re.escape(says)):
        simulator.data[key(simulator.network)]


@pytest.mark.parametrize("target", TARGETS)
def test_a_probe_that_came_later(target):
    net = network()
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        with net:
            late = nengo.Probe(net.ens, label="late")
        sim.run_steps(2)
        with pytest.raises(KeyError, match="late: it was added after its simulator was made"):
            sim.data[late]
        assert late not in sim.data


@pytest.mark.parametrize("of", [lambda n: n.ens, lambda n: n.ens.neurons, lambda n: n.first])
def test_signals_of_another_network(of):
    with deploy.Simulator(network(), progress_bar=False) as sim:
        with pytest.raises(KeyError, match="no object of the network that this simulator"):
            sim.model.sig[of(network())]
        voltage = sim.model.sig[sim.network.ens.neurons]["voltage"]
        with pytest.raises(ValueError, match=re.escape("ens.neurons has the shape (20,)")):
            sim.signals[voltage] = np.zeros(7)
        sim.signals[voltage] = 0.25


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "value, shown", [(None, "None"), (np.nan, "nan"), ([1, 2], "[1, 2], which are 2")]
)
def test_a_node_that_gives_no_number_is_named(value, shown, target):
    def late(t):
        return 0.0 if t < 0.02 else value

    net = network(good=lambda t: 0.0, bad=late)
    gave = pytest.raises(
        SimulationError, match=re.escape(f"bad: its function gave {shown}; let it give one")
    )
    with deploy.Simulator(net, target=target, progress_bar=False) as sim, gave:
        sim.run(0.05)
    with pytest.raises(deploy.BadInput, match="bad: its function gave") as error:
        deploy.run(net, 0.05, target)
    assert error.value.traces is None or error.value.traces.n_steps


def test_nodes_that_share_a_function_are_told_apart():
    def shared(t, x):
        return x if x < 1 else None

    net = network()
    with net:
        for label, value in (("small", 0.5), ("large", 2.0)):
            node = nengo.Node(shared, size_in=1, label=label)
            nengo.Connection(nengo.Node([value]), node, synapse=None)
            nengo.Connection(node, net.ens)
    for target in TARGETS:
        gave = pytest.raises(SimulationError, match="large: its function gave")
        with deploy.Simulator(net, target=target, progress_bar=False) as sim, gave:
            sim.run(0.01)


def without(kind, run):
    """Warnings of a kind, also of what the garbage collector finds."""
    gc.collect()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        run()
        gc.collect()
    return [str(each.message) for each in said if issubclass(each.category, kind)]


@pytest.mark.parametrize("target", TARGETS)
def test_a_simulator_that_was_not_closed_is_said_once_by_its_network(target):
    def left_open():
        sim = deploy.Simulator(network(), target=target, progress_bar=False)
        sim.run_steps(2)
        gc.unfreeze()

    said = without(ResourceWarning, left_open)
    assert len(said) == 1 and said[0].startswith("Simulator of <Network"), said


@pytest.mark.parametrize("target", TARGETS)
def test_a_build_that_fails_leaves_nothing_open(target):
    net = network()
    with net:
        a, b = (nengo.Node(lambda t, x: x, size_in=1) for _ in range(2))
        nengo.Connection(a, b, synapse=None)
        nengo.Connection(b, a, synapse=None)

    def fails():
        with pytest.raises(BuildError):
            deploy.Simulator(net, target=target, progress_bar=False)

    assert not without(ResourceWarning, fails)


def test_a_network_that_runs_in_nengo_core_is_said_to():
    with nengo.Network(seed=0, label="rates") as net:
        nengo.Ensemble(10, 1, neuron_type=nengo.RectifiedLinear(), label="ens")
    with pytest.warns(UserWarning, match="rates: nothing of it is on the chip, all of it") as said:
        deploy.Simulator(net, progress_bar=False).close()
    assert said[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        deploy.Simulator(net, target="cpu", progress_bar=False).close()
        with nengo.Network() as nodes:
            nengo.Node(np.sin)
        deploy.Simulator(nodes, progress_bar=False).close()
