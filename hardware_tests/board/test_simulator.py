"""`deploy.Simulator` on a board, in the place of `nengo.Simulator`."""

import nengo
import numpy as np
import pytest

import deploy


@pytest.fixture(scope="module")
def net():
    with nengo.Network(seed=1) as net:
        stimulus = nengo.Node(lambda t: np.sin(20 * t))
        net.a = nengo.Ensemble(50, 1, label="a")
        post, error = nengo.Node(size_in=1), nengo.Node(size_in=1)
        nengo.Connection(stimulus, net.a)
        net.learned = nengo.Connection(net.a, post, learning_rule_type=nengo.PES(1e-3))
        nengo.Connection(post, error)
        nengo.Connection(stimulus, error, transform=-1)
        nengo.Connection(error, net.learned.learning_rule)
        net.output = nengo.Probe(post, synapse=0.01)
        net.spikes = nengo.Probe(net.a.neurons)
        net.weights = nengo.Probe(net.learned, "weights", sample_every=0.05)
    return net


@pytest.fixture(scope="module")
def sim(net):
    with deploy.Simulator(net, target="loihi", progress_bar=False) as sim:
        sim.run(0.1)
        sim.step()
        sim.run_steps(49)
        yield sim


def test_samples_and_weights_of_every_step_that_was_asked_for(net, sim):
    assert sim.n_steps == 150
    assert sim.data[net.output].shape == (150, 1)
    assert sim.data[net.weights].shape == (3, 1, 50)
    assert sim.data[net.spikes].sum() > 0 and np.any(np.diff(sim.data[net.weights], axis=0))


def test_what_it_has_learnt_is_read_and_not_written(net, sim):
    weights = sim.signals[sim.model.sig[net.learned]["weights"]]
    np.testing.assert_array_equal(weights, sim.data[net.weights][-1])
    with pytest.raises(Exception, match="a board takes them before it starts"):
        weights[...] = 0.0


def test_a_second_run_after_reset_is_the_first_again(net):
    with deploy.Simulator(net, target="loihi", progress_bar=False) as sim:
        sim.run_steps(30)
        first = sim.data[net.spikes].copy()
        sim.reset()
        sim.run_steps(30)
        np.testing.assert_array_equal(sim.data[net.spikes], first)


def test_a_node_that_looks_into_a_run_is_told_what_to_do():
    with nengo.Network(seed=2) as net:
        ens = nengo.Ensemble(20, 1)
        probe = nengo.Probe(ens.neurons)
        seen = []
        node = nengo.Node(lambda t: len(seen[0].data[probe]) if seen else 0.0)
        nengo.Connection(node, ens)
    with deploy.Simulator(net, target="loihi", progress_bar=False) as sim:
        seen.append(sim)
        with pytest.raises(Exception, match="let the board's values come to it by a connection"):
            sim.run_steps(5)
