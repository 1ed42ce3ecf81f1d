"""NIR networks in whole numbers, and in any units, spike on the chip as their equations do.

Against v ← v + W s and v > θ, written out here.
"""

import nengo
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deploy

nir = pytest.importorskip("nir", reason="the nir package needs Python 3.10")

from loihi_rules.nir import convert  # noqa: E402

STEPS = 120


def network(layers, spikes):
    """Layers of weights and thresholds, of neurons that only integrate."""
    nodes = [nir.Input({"input": np.array([spikes.shape[1]])})]
    for weights, threshold in layers:
        none = np.zeros(len(threshold))
        nodes += [nir.Linear(weights), nir.IF(np.ones(len(threshold)), threshold, none)]
    nodes.append(nir.Output({"output": np.array([len(layers[-1][1])])}))
    return convert(nir.NIRGraph.from_list(*nodes, type_check=False), "net", None, spikes).network


def on_chip(net):
    run = deploy.run(net, STEPS * 1e-3, "emulator")
    return [np.asarray(run[probe.label].dense()) > 0 for probe in net.all_probes]


def as_written(layers, spikes):
    found, given_ = [], spikes
    for weights, threshold in layers:
        v, layer = np.zeros(len(threshold)), []
        for x in given_:
            v = v + weights @ x
            fired = v > threshold
            v = np.where(fired, 0.0, v)
            layer.append(fired)
        found.append(np.array(layer))
        given_ = found[-1].astype(float)
    return found


def some_spikes(seed, n, rate=0.25):
    return (np.random.RandomState(seed).uniform(size=(STEPS, n)) < rate).astype(float)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**31), unit=st.sampled_from([1.0, 0.1, 1 / 3, 5e-13, 2e6]))
def test_small_integers_spike_to_the_step(seed, unit):
    """Sums that just reach a threshold are no spikes, here as there."""
    rng = np.random.RandomState(seed)
    sizes = [rng.randint(1, 7) for _ in range(3)]
    layers = [
        (rng.randint(-3, 4, (n, before)).astype(float), rng.randint(1, 6, n).astype(float))
        for before, n in zip(sizes, sizes[1:])
    ]
    spikes = some_spikes(seed, sizes[0])
    expected = as_written(layers, spikes)
    scaled = [(unit * weights, unit * threshold) for weights, threshold in layers]
    for found, layer in zip(on_chip(network(scaled, spikes)), expected):
        np.testing.assert_array_equal(found, layer)


@pytest.mark.parametrize("threshold", [1.0, 2.0, 3.0, 5.0, 7.0, 25.0])
def test_a_weight_of_one_needs_one_spike_more_than_the_threshold(threshold):
    layers, spikes = [(np.eye(4), np.full(4, threshold))], some_spikes(1, 4)
    found = on_chip(network(layers, spikes))[0]
    np.testing.assert_array_equal(found, as_written(layers, spikes)[0])
    np.testing.assert_array_equal(found.sum(0), spikes.sum(0) // (threshold + 1))


@pytest.mark.filterwarnings("error::loihi_rules.change.ChipWarning")
def test_neurons_of_one_population_have_units_of_their_own():
    """Of twelve thresholds over six decades: weights are small or large beside their own."""
    rng = np.random.RandomState(3)
    own = np.logspace(-3, 3, 12)
    weights, spikes = rng.normal(0, 0.6, (12, 5)), some_spikes(4, 5)
    alike = as_written([(weights, np.ones(12))], spikes)[0]
    found = on_chip(network([(own[:, np.newaxis] * weights, own)], spikes))[0]
    assert np.abs(found.sum(0) - alike.sum(0)).max() <= 2
    assert np.mean(found != alike) < 0.02


@pytest.mark.parametrize("target", ["cpu", "float-emulator", "emulator"])
@pytest.mark.parametrize("tau", [0.02, 0.03, 0.007])
def test_an_input_of_just_a_threshold_makes_no_leaky_neuron_fire(tau, target):
    """τ v̇ = r x − v, of which a step takes dt/τ: with r = τ/dt a spike moves v by its weight."""
    each, spikes = np.ones(3), some_spikes(2, 3)
    graph = nir.NIRGraph.from_list(
        nir.Input({"input": np.array([3])}),
        nir.Linear(np.eye(3)),
        nir.LIF(tau * each, tau / 1e-3 * each, 0 * each, each, 0 * each),
        nir.Output({"output": np.array([3])}),
        type_check=False,
    )
    net = convert(graph, "net", {"dt": 1e-3}, spikes).network
    v, expected = np.zeros(3), []
    for x in spikes:
        v = (1 - 1e-3 / tau) * v + x
        expected.append(v > 1)
        v[v > 1] = 0
    run = deploy.run(net, STEPS * 1e-3, target)
    found = np.asarray(run[net.all_probes[0].label].dense()) > 0
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("unit", [1.0, 1e-6, 1e3])
def test_a_step_function_is_no_spike_at_its_step(unit):
    """z = [x > θ], of thresholds at and below 0 too; most steps have no input, and an x of 0."""
    threshold = unit * np.array([0.5, -0.5, 0.0, 0.0, -2.0])
    weights, spikes = unit * np.random.RandomState(8).normal(0, 1, (5, 4)), some_spikes(9, 4)
    graph = nir.NIRGraph.from_list(
        nir.Input({"input": np.array([4])}),
        nir.Linear(weights),
        nir.Threshold(threshold),
        nir.Output({"output": np.array([5])}),
        type_check=False,
    )
    net = convert(graph, "net", {"dt": 1e-3}, spikes).network
    with net:
        voltage = nengo.Probe(net.all_probes[0].target, "voltage", label="v")
    run = deploy.run(net, STEPS * 1e-3, "emulator")
    x = spikes @ weights.T
    found = np.asarray(run[net.all_probes[0].label].dense()) > 0
    np.testing.assert_array_equal(found, x > threshold)
    shift = np.where(threshold > 0, 0, 1 - threshold)
    quiet = ~found  # a spike resets
    np.testing.assert_allclose(
        run[voltage.label].samples[quiet], (x + shift)[quiet], atol=0.02 * unit
    )


@pytest.mark.parametrize("counts", [3, 10, 40])
def test_sums_of_many_counts_do_not_wrap_around(counts):
    """Five thresholds a step, of a hundred inputs at once: all neurons fire in each."""
    rng = np.random.RandomState(11)
    spikes = rng.poisson(counts, (STEPS, 100)).clip(0, 64).astype(float)
    weights = 5 * rng.uniform(0.5, 1.5, (6, 100)) / 100 / counts
    assert np.all(spikes @ weights.T > 1)
    found = on_chip(network([(weights, np.ones(6))], spikes))[0]
    assert found.all()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_layer_that_fires_as_one_drives_the_next(sign):
    rng = np.random.RandomState(12)
    first = (np.abs(rng.normal(0, 1, (1500, 20))), np.full(1500, 0.1))
    second = (sign * 5 * rng.uniform(0.5, 1.5, (6, 1500)) / 1500, np.ones(6))
    net = network([first, second], np.ones((STEPS, 20)))
    before, behind = on_chip(net)
    assert before.all()
    assert behind.all() if sign > 0 else not behind.any()
