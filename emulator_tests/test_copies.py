"""Simulators that are pickled or copied in the middle of a run, beside those that run on."""

import copy
import pickle

import nengo
import numpy as np
import pytest
from nengo.exceptions import SimulationError

import deploy


def pickled(given):
    """What comes of it, by way of bytes."""
    return pickle.loads(pickle.dumps(given))  # noqa: S301


HOW = {
    "pickled": pickled,
    "copied": lambda given: (copy.copy(given[0]), given[1]),
    "copied with its network": copy.deepcopy,
}


@pytest.fixture
def learning():
    """A network whose noise, voltages and weights differ from step to step, and its probe."""
    with nengo.Network(seed=3) as net:
        noise = nengo.Node(nengo.processes.WhiteSignal(1.0, high=5))
        pre, post = nengo.Ensemble(60, 1), nengo.Ensemble(60, 1)
        nengo.Connection(noise, pre)
        conn = nengo.Connection(pre, post, learning_rule_type=nengo.PES(1e-3), function=np.square)
        error = nengo.Node(size_in=1)
        nengo.Connection(post, error)
        nengo.Connection(noise, error, transform=-1)
        nengo.Connection(error, conn.learning_rule)
        probe = nengo.Probe(post, synapse=nengo.Alpha(0.01))
    return net, probe


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("target", ["emulator", "float-emulator", "cpu"])
def test_a_copy_runs_on_as_the_simulator_does(learning, target, how):
    net, probe = learning
    with deploy.Simulator(net, seed=7, target=target, progress_bar=False) as sim:
        sim.run_steps(150)
        sim.clear_probes()
        sim.run_steps(50)
        sim.data[probe]  # read before: what is cached is no part of a copy
        other, its_probe = HOW[how]((sim, probe))
        with other:
            for each in (sim, other):
                each.run_steps(100)
            assert (other.n_steps, other.seed, other.target) == (300, 7, target)
            assert sim.data[probe].std() > 0.05
            np.testing.assert_array_equal(other.data[its_probe], sim.data[probe])


def test_a_copy_of_one_that_is_closed_is_closed_and_has_its_data(learning):
    net, probe = learning
    with deploy.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(50)
    other, its_probe = pickled((sim, probe))
    assert other.closed and other.n_steps == 50
    np.testing.assert_array_equal(other.data[its_probe], sim.data[probe])


def test_a_model_is_built_once_more(learning):
    net, probe = learning
    with deploy.Simulator(net, dt=0.002, seed=7, progress_bar=False) as sim:
        sim.run_steps(60)
        model, its_probe = pickled((sim.model, probe))
        with deploy.Simulator(None, model=model, seed=7, progress_bar=False) as other:
            assert other.dt == 0.002 and model.probes == [its_probe]
            other.run_steps(60)
        np.testing.assert_array_equal(other.data[its_probe], sim.data[probe])
        with deploy.Simulator(None, model=sim.model, seed=7, progress_bar=False) as third:
            third.run_steps(60)
        np.testing.assert_array_equal(third.data[probe], sim.data[probe])


class Counter:
    """A node's function that has a state of its own."""

    def __init__(self):
        self.calls = 0

    def __call__(self, t):
        self.calls += 1
        return self.calls / 100


def counts(sim, net):
    """A node of the network counts."""


def sets_voltages(sim, net):
    """Somebody sets voltages between."""
    sim.signals[sim.model.sig[net.ensembles[0].neurons]["voltage"]][...] = 0.5


@pytest.mark.parametrize("what", [counts, sets_voltages])
def test_what_cannot_be_run_once_more_is_refused(learning, what):
    net, _ = learning
    if what is counts:
        with net:
            nengo.Connection(nengo.Node(Counter()), net.ensembles[0])
    with deploy.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(20)
        what(sim, net)
        with pytest.raises(SimulationError, match="came to something else"):
            pickled(sim)
