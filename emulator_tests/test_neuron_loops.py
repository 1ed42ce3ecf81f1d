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


def memories(units=6, each=10):
    """Groups that sustain themselves and silence the others, set one after the other by pulses."""
    n, own = units * each, np.kron(np.eye(units), np.ones((each, each)))
    to_all = np.kron(np.eye(units), np.ones((each, 1)))
    with nengo.Network(seed=3) as net:
        ens = nengo.Ensemble(n, 1, gain=np.ones(n), bias=np.zeros(n), seed=1)
        weights = (0.025 * own - 0.03 * (1 - own)) / each
        nengo.Connection(ens.neurons, ens.neurons, transform=weights, synapse=0.1)

        def pulse(t):
            return np.eye(units)[int(t / 0.5) % units] * 12 * (t % 0.5 < 0.1)

        nengo.Connection(nengo.Node(pulse), ens.neurons, transform=to_all, synapse=0.01)
        nengo.Probe(ens.neurons)
    return net


def kept(net, target, units=6):
    """The rate of each group, 0.2 s after its pulse."""
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        sim.run(0.5 * units)
    shown = sim.data[net.all_probes[0]].reshape(units, 500, units, -1)[:, 300:].mean(axis=(1, 3))
    return np.diag(shown)


def test_what_neurons_keep_among_themselves_they_keep_at_the_cpus_rates():
    """52 for 73 Hz as long as loops were fitted to values from −1 to 1, which leave this silent."""
    net, a_spike = memories(), 1 / 0.2
    cpu, chip = kept(net, "cpu"), kept(net, "emulator")
    assert np.allclose(chip, cpu, rtol=0, atol=1.1 * a_spike)
    assert chip.mean() == pytest.approx(cpu.mean(), rel=0.05)


@pytest.mark.parametrize(("weight", "within"), [(0.025, 0.12), (0.03, 0.08)])
def test_a_loop_of_unlike_neurons_goes_on_as_fast(weight, within):
    """16 to 20 % too fast as long as gains were fitted to the currents of one radius."""
    n, rng = 80, np.random.RandomState(7)
    with nengo.Network(seed=3) as net:
        bias = rng.uniform(0.3, 0.9, n)
        ens = nengo.Ensemble(n, 1, gain=np.ones(n), bias=bias, seed=2, label="ens")
        weights = 2 * weight / n * rng.rand(n, n)
        nengo.Connection(ens.neurons, ens.neurons, transform=weights, synapse=0.1)
        pulse = nengo.Node(lambda t: 3.0 if 0.3 < t < 0.5 else 0.0)
        nengo.Connection(pulse, ens.neurons, transform=np.ones((n, 1)), synapse=0.01)
        nengo.Probe(ens.neurons)
    found = {}
    for target in ("cpu", "emulator"):
        with deploy.Simulator(net, target=target, progress_bar=False) as sim:
            sim.run(1.6)
        found[target] = sim.data[net.all_probes[0]][1000:].mean()
    assert found["emulator"] == pytest.approx(found["cpu"], rel=within)


@pytest.mark.quick
def test_a_loop_that_runs_away_is_named_and_says_nothing_of_numpys():
    """Nengo's rectified linear neurons fire any number of spikes a step, up to infinitely many."""
    rng = np.random.RandomState(100)
    with nengo.Network(seed=100) as net:
        kind = nengo.SpikingRectifiedLinear(amplitude=0.01)
        gain, bias = np.full(50, 50.0), rng.uniform(20, 100, 50)
        ens = nengo.Ensemble(50, 1, gain=gain, bias=bias, neuron_type=kind, label="ens")
        nengo.Connection(ens.neurons, ens.neurons, transform=4 * rng.randn(50, 50), synapse=0.02)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rewrite(net)
    assert [str(w.message).split(":")[0] for w in caught] == ["ens"]
    assert "rates grow without end on the CPU" in str(caught[0].message)


def readout(seed, n=80):
    """Neurons that a loop of others gives currents to, positive and negative."""
    rng = np.random.RandomState(seed)
    turn = np.linalg.qr(rng.randn(n, n))[0]
    with nengo.Network(seed=seed) as net:
        net.config[nengo.Ensemble].neuron_type = RECTIFIED
        given = nengo.Node(lambda t: [np.sin(5 * t), np.cos(3 * t), 0.5])
        loop = nengo.Ensemble(n, 1, gain=np.ones(n), bias=np.full(n, 20.0), label="loop")
        out = nengo.Ensemble(30, 1, gain=np.ones(30), bias=np.zeros(30), label="out")
        nengo.Connection(given, loop.neurons, transform=20 * rng.randn(n, 3), synapse=None)
        nengo.Connection(loop.neurons, loop.neurons, transform=0.6 * turn, synapse=0.02)
        weights = 0.15 * rng.randn(30, n)
        nengo.Connection(loop.neurons, out.neurons, transform=weights, synapse=0.01)
        nengo.Probe(out.neurons)
    return net


def test_neurons_behind_a_loop_are_fitted_to_what_it_gives_them():
    """Fitted to steady currents they fired a quarter too little, silently."""
    off = []
    for seed in (9, 10, 11):
        net = readout(seed)
        said = [c for c in rewrite(net).changes if c.object == "out" and "pilot run" in c.before]
        assert len(said) == 1
        cpu, chip = (rates(net, target) for target in ("cpu", "emulator"))
        off.append(chip.mean() / cpu.mean() - 1)
    assert abs(np.mean(off)) < 0.07, off
