"""Refractory times of single neurons: half of those that teach the chip rest for a step less."""

import nengo
import nengo_loihi
import numpy as np
import pytest

import deploy
from deploy.host.pilots import pilot_steps
from loihi_rules import rewrite
from loihi_rules.chip.neurons import PerNeuronLIF, every_other, shorter_for_some, some_of
from loihi_rules.chip.tuning import cpu_rates, mean_chip_rates
from loihi_rules.pilots.steps import IN_NUMPY

DT = 0.001


def mixed(n, tau_ref=0.002, seed=0):
    some = np.random.RandomState(seed).permutation(n) % 2 == 1
    return shorter_for_some(nengo.LIF(tau_ref=tau_ref), some, DT), some


@pytest.mark.parametrize("tau_ref", [0.001, 0.002, 0.005])
def test_each_neuron_is_one_of_nengo_loihis(tau_ref):
    n, rng = 30, np.random.RandomState(1)
    neurons, some = mixed(n, tau_ref)
    kinds = [nengo_loihi.neurons.LoihiLIF(tau_ref=tau_ref - DT * k) for k in (0, 1)]
    states = [{"voltage": np.zeros(n), "refractory_time": np.zeros(n)} for _ in range(3)]
    outputs = np.zeros((3, n))
    for _ in range(400):
        current = rng.uniform(0, 12, n)
        for each, output, state in zip([neurons, *kinds], outputs, states):
            each.step(DT, current, output, **state)
        np.testing.assert_array_equal(outputs[0], np.where(some, outputs[2], outputs[1]))
    assert some_of(neurons, np.flatnonzero(some)[:4]).tau_ref == pytest.approx(4 * [tau_ref - DT])


def test_large_ones_are_told_apart_without_drawing(monkeypatch):
    """Nengo's hash draws some of a hundred numbers and more, for which it makes a generator."""
    one, same, other = mixed(500)[0], mixed(500)[0], mixed(500, seed=1)[0]
    monkeypatch.setattr(np.random, "RandomState", None)
    assert hash(one) == hash(same) != hash(other)
    assert one == same != other


@pytest.mark.parametrize("tau_ref", [0.001, 0.002, 0.005])
def test_pilots_step_each_neuron(tau_ref):
    """Compiled and in NumPy, as runs of the two kinds alone."""
    n, (neurons, some) = 12, mixed(12, tau_ref)
    current = np.random.RandomState(2).uniform(0, 9, (1, 5, n))
    kinds = nengo.LIF(tau_ref=tau_ref), nengo.LIF(tau_ref=max(tau_ref - DT, 0))
    alone = [IN_NUMPY.spikes(kind, current, DT, 300) for kind in kinds]
    for steps in (IN_NUMPY, pilot_steps()):
        np.testing.assert_array_equal(
            steps.spikes(neurons, current, DT, 300), np.where(some, alone[1], alone[0])
        )


def test_half_of_the_neurons_are_alike_to_the_others():
    rates = np.random.RandomState(3).uniform(0, 400, 101)
    half = every_other(rates)
    assert half.sum() == 50
    assert rates[half].mean() == pytest.approx(rates[~half].mean(), rel=0.02)


def teaching(seed, x, n=300, d=2, **tuning):
    """A population that learns from a steady error, and what it gives."""
    with nengo.Network(seed=seed) as net:
        pre, given = nengo.Ensemble(n, d, **tuning), nengo.Node(size_in=1)
        nengo.Connection(nengo.Node(x), pre)
        conn = nengo.Connection(
            pre, given, function=lambda x: [0.0], learning_rule_type=nengo.PES(1e-4)
        )
        nengo.Connection(nengo.Node([-0.1]), conn.learning_rule, synapse=None)
        probe = nengo.Probe(given, synapse=0.1)
    return net, pre, probe


@pytest.mark.parametrize("far", [0.3, 1.0])
@pytest.mark.parametrize("begin", [(-1, 1), (0.1, 0.9)])
def test_the_chip_learns_as_fast_wherever_the_values_are(far, begin):
    """The values are functions of nodes, which nobody knows before; it was 6 to 15 % too slow."""
    intercepts = nengo.dists.Uniform(*begin)
    ratios = []
    for seed in range(5):
        net, _, probe = teaching(
            seed, lambda t: far * np.array([np.cos(5 * t), np.sin(5 * t)]), intercepts=intercepts
        )
        given = []
        for target in ("cpu", "emulator"):
            with deploy.Simulator(net, target=target, progress_bar=False) as sim:
                sim.run(2.0)
            given.append(sim.data[probe][:, 0])
        ratios.append(given[1] @ given[0] / (given[0] @ given[0]))
    assert np.median(ratios) == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize("rates", [(200, 400), (100, 200)])
def test_together_they_give_the_cpus_rates(rates):
    net, pre, _ = teaching(0, [0.0], n=400, d=1, max_rates=nengo.dists.Uniform(*rates))
    rewritten = rewrite(net)
    ens = rewritten.copies[pre]
    assert isinstance(ens.neuron_type, PerNeuronLIF)
    built = rewritten.tuning[ens]
    drive = np.linspace(-1, 1, 21)[:, None] @ built.encoders.T
    wanted = cpu_rates(nengo.LIF(), drive, built.gain, built.bias)
    found = mean_chip_rates(ens.neuron_type, drive * ens.gain + ens.bias, DT)
    assert found.sum(axis=1) == pytest.approx(wanted.sum(axis=1), rel=0.01)
    (change,) = [c for c in rewritten.changes if c.rule == "spikes at whole steps"]
    assert change.after.endswith("a refractory time of a step less for half of its neurons")


def test_on_several_cores():
    net, pre, probe = teaching(0, [0.5, 0.3], n=1500)
    with deploy.Simulator(net, progress_bar=False) as sim:
        sim.run(0.5)
        assert np.isfinite(sim.data[probe]).all()
