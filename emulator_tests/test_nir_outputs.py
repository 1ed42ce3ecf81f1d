"""Probes of nodes that hand on, and of filtered spikes, written as outputs of a NIR file."""

from __future__ import annotations

import warnings

import nengo
import numpy as np
import pytest

import deploy
from deploy.traces.described import describe_probes
from loihi_rules.nengo_parts.seeds import fix_seeds

nir = pytest.importorskip("nir", reason="the nir package needs Python 3.10")

from loihi_rules.nir import read, write  # noqa: E402

STEPS = 400


def recorded(network):
    with nengo.Simulator(network, progress_bar=False) as simulator:
        simulator.run_steps(STEPS, progress_bar=False)
        return {probe.label: simulator.data[probe] for probe in network.all_probes}


def before_and_after(network, path):
    write(network, path)
    return recorded(fix_seeds(network).network), recorded(read(path))


def relays():
    """What meets in nodes that only hand on, some of it a step later, is probed in every way."""
    sine = nengo.Node(np.sin, label="sine")
    array = nengo.networks.EnsembleArray(30, 2, label="array")
    relay = nengo.Node(size_in=2, label="relay")
    nengo.Connection(sine, array.input[0])
    nengo.Connection(sine, array.input[1], function=None, transform=-1)
    nengo.Connection(array.output, relay, transform=[[0, 2], [1, 0]], synapse=0.01)
    nengo.Connection(sine, relay[1], synapse=None)
    nengo.Probe(relay, label="raw")
    nengo.Probe(relay, synapse=0.02, label="filtered")
    nengo.Probe(relay[1], synapse=nengo.Alpha(0.02), label="a view")
    nengo.Probe(array.output, synapse=0.02, label="of an array")
    nengo.Probe(array.input, label="into an array")


def given_nothing():
    """A node that nothing enters gives zeros."""
    nengo.Connection(nengo.Node([0.5]), nengo.Ensemble(20, 1, label="ens"))
    nengo.Probe(nengo.Node(size_in=3, label="empty"), label="nothing")


def learning():
    """What a learning connection gives to a node, with the weights it begins with."""
    sine, into = nengo.Node(np.sin), nengo.Node(size_in=1, label="learned")
    ens = nengo.Ensemble(30, 1, label="ens")
    nengo.Connection(sine, ens)
    conn = nengo.Connection(ens, into, learning_rule_type=nengo.PES(0.0))
    nengo.Connection(into, conn.learning_rule)
    nengo.Probe(into, synapse=0.02, label="learned")


@pytest.mark.parametrize("build", [relays, given_nothing, learning])
def test_a_node_that_hands_on_is_an_output_of_what_meets_there(build, tmp_path):
    with nengo.Network(seed=2) as network:
        build()
    before, after = before_and_after(network, tmp_path / "x.nir")
    for name, samples in before.items():
        np.testing.assert_allclose(after[name], samples, atol=1e-9, err_msg=name)


def test_what_gives_spikes_can_be_probed_too(tmp_path):
    """The node behind the neurons of an imported Input was left out, whoever else had it."""
    with nengo.Network(seed=2) as network:
        nengo.Connection(nengo.Node([0.5]), nengo.Ensemble(20, 1, label="ens"))
    write(network, tmp_path / "x.nir")
    graph = nir.read(tmp_path / "x.nir")
    graph.metadata = {}
    nir.write(tmp_path / "y.nir", graph)
    again = read(tmp_path / "y.nir")
    with again:
        nengo.Probe(again.nodes[0], label="given")
    before, after = before_and_after(again, tmp_path / "z.nir")
    np.testing.assert_allclose(after["given"], before["given"])


def test_probes_of_neurons_are_probes_of_neurons_again(tmp_path):
    """Filtered spikes came back as values, of which each neuron was judged alone."""
    with nengo.Network(seed=2) as network:
        ens = nengo.Ensemble(30, 1, label="ens")
        other = nengo.Ensemble(20, 1, label="other", neuron_type=nengo.SpikingRectifiedLinear())
        nengo.Connection(nengo.Node(np.sin, label="sine"), ens)
        nengo.Connection(ens, other)
        nengo.Probe(ens.neurons, synapse=0.01, label="filtered")
        nengo.Probe(ens.neurons[[7, 3]], synapse=nengo.Alpha(0.02), label="two, filtered")
        nengo.Probe(other.neurons[5:9], label="some")
        nengo.Probe(other, synapse=0.01, label="decoded")
    before, after = before_and_after(network, tmp_path / "x.nir")
    again = read(tmp_path / "x.nir")
    kinds = {trace.label: trace.kind for trace in describe_probes(again.all_probes, 1e-3).values()}
    for probe, trace in describe_probes(network.all_probes, 1e-3).items():
        np.testing.assert_allclose(after[probe.label], before[probe.label], atol=1e-9)
        if probe.obj is not other:
            assert kinds[probe.label] == trace.kind
    assert kinds["decoded"] == "value"
    assert not [node for node in again.all_nodes if "filtered" in str(node.label)]


@pytest.mark.parametrize("bias", [-3.0, -1.0, 0.0, 0.5, 1.0, 7.0])
def test_a_file_that_is_read_gives_no_warnings(bias, tmp_path):
    """Nengo warns of LIF's neurons that are silent at a value of 1, and of a logarithm."""
    with nengo.Network(seed=2) as network:
        ens = nengo.Ensemble(2, 1, gain=[4.5, 5.5], bias=[bias, 0.0], label="ens")
        nengo.Connection(nengo.Node([0.9], label="on"), ens)
        nengo.Probe(ens.neurons, label="spikes")
    write(network, tmp_path / "x.nir")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        after = recorded(read(tmp_path / "x.nir"))
        write(read(tmp_path / "x.nir"), tmp_path / "y.nir")
    before = recorded(fix_seeds(network).network)
    np.testing.assert_array_equal(after["ens"], before["spikes"])
    np.testing.assert_array_equal(recorded(read(tmp_path / "y.nir"))["ens"], before["spikes"])


@pytest.mark.parametrize("scale, said", [(0.5, False), (2.0, True)])
def test_weights_that_are_cut_of_neurons_that_forget_nothing_are_said(scale, said, tmp_path):
    """Some 60 thresholds, cut at 32: rates were 13 to 18 % apart, and nothing was said."""
    rng = np.random.RandomState(1)
    weights = rng.uniform(-1, 1, size=(10, 20))
    weights[0, 0] = 1
    graph = nir.NIRGraph(
        {
            "input": nir.Input({"input": np.array([20])}),
            "weights": nir.Linear(weights),
            "IF": nir.IF(np.full(10, 30 * scale), np.ones(10), np.zeros(10)),
            "output": nir.Output({"output": np.array([10])}),
        },
        [("input", "weights"), ("weights", "IF"), ("IF", "output")],
    )
    nir.write(tmp_path / "x.nir", graph)
    run = deploy.run(str(tmp_path / "x.nir"), 0.1)
    cut = [line for line in run.warnings if "up to 60 times the threshold are cut at 32" in line]
    assert bool(cut) == said, run.warnings
