"""Neurons that give each other currents in a loop fire as on the CPU."""

import warnings

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import rewrite

RECTIFIED, LIF = nengo.SpikingRectifiedLinear(), nengo.LIF()


def loop(kind, seed, n=100, decoded=False):
    """Random weights, excitatory and inhibitory, that make currents fluctuate."""
    rng = np.random.RandomState(seed)
    leaky = kind is LIF
    bias = rng.uniform(1.1, 3.0, n) if leaky else rng.uniform(20, 120, n)
    weights = rng.randn(n, n) * (0.009 if leaky else 0.75 / np.sqrt(n))
    with nengo.Network(seed=seed) as net:
        ens = nengo.Ensemble(n, 1, neuron_type=kind, gain=np.ones(n), bias=bias, label="ens")
        nengo.Connection(ens.neurons, ens.neurons, transform=weights, synapse=0.005)
        if decoded:
            nengo.Connection(nengo.Ensemble(20, 1), ens)
        nengo.Probe(ens.neurons)
    return net


def rates(net, target):
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        sim.run(1.2)
    return sim.data[net.all_probes[0]][300:].mean(axis=0)


@pytest.mark.parametrize(
    ("kind", "seed", "within", "by_neuron"),
    [(RECTIFIED, 101, 0.03, 0.06), (RECTIFIED, 102, 0.03, 0.06)]
    + [(LIF, 101, 0.09, 0.12), (LIF, 103, 0.09, 0.12)],
)
def test_neurons_in_a_loop_fire_as_on_the_cpu(kind, seed, within, by_neuron):
    """5 to 14 % low, and 7 to 21 % neuron by neuron, if fitted to steady currents.

    Of loops in which the CPU's own runs with other voltages fire alike, within 2 %. That of LIF of
    seed 102 has several states, which differ by 11 %, and takes one or another by last digits.
    """
    net = loop(kind, seed)
    cpu, chip = (rates(net, target) for target in ("cpu", "emulator"))
    assert chip.mean() == pytest.approx(cpu.mean(), rel=within)
    assert np.linalg.norm(chip - cpu) < by_neuron * np.linalg.norm(cpu)


@pytest.mark.quick
def test_what_the_pilot_of_a_loop_found_is_said():
    done = rewrite(loop(RECTIFIED, 101, n=50))
    said = [change for change in done.changes if "pilot run of their loop" in change.before]
    assert [change.object for change in said] == ["ens"]
    before, after = (
        float(text.split(" % off")[0].split()[-1]) for text in (said[0].before, said[0].after)
    )
    assert after < before
    assert not rewrite(done.network).changes


@pytest.mark.quick
def test_a_loop_that_no_pilot_can_run_is_warned_of():
    """Where it is given what something else represents."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rewrite(loop(LIF, 3, n=20, decoded=True))
    assert any("loop of neurons" in str(w.message) for w in caught)


@pytest.mark.quick
def test_a_loop_of_two_with_an_input_is_run_as_one():
    with nengo.Network(seed=71) as net:
        a, b = (
            nengo.Ensemble(30, 1, gain=np.ones(30), bias=np.linspace(1.1, 2, 30), label=name)
            for name in "ab"
        )
        nengo.Connection(nengo.Node([0.5]), a.neurons[:10], transform=np.ones((10, 1)))
        nengo.Connection(a.neurons, b.neurons, transform=np.full((30, 30), 2e-3))
        nengo.Connection(b.neurons[:15], a.neurons, transform=np.full((30, 15), -4e-3))
        nengo.Connection(b.neurons, b.neurons, transform=-5e-3 * np.eye(30), synapse=0)
        probes = [nengo.Probe(ens.neurons) for ens in (a, b)]
    found = {}
    for target in ("cpu", "float-emulator"):
        with deploy.Simulator(net, target=target, progress_bar=False) as sim:
            sim.run(1.0)
        found[target] = np.concatenate([sim.data[p][300:].mean(axis=0) for p in probes])
    cpu, chip = found.values()
    assert np.linalg.norm(chip - cpu) < 0.1 * np.linalg.norm(cpu)
