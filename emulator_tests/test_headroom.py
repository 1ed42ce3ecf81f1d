"""Connections beside ones that are hundreds of times as strong, as inhibition often is."""

import nengo
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deploy
from deploy.nengo_loihi.build import headroom
from deploy.nengo_loihi.build.source_activity import Source
from loihi_rules.chip.levels import Decays, doublings

pytestmark = pytest.mark.quick


def inhibited_memory(seed, n_neurons, strength, tau):
    """An integrator, filled from 0.1 to 0.3 s, whose neurons are held down from 0.6 to 0.8 s."""
    with nengo.Network(seed=seed) as net:
        stimulus = nengo.Node(lambda t: 4.0 if 0.1 < t < 0.3 else 0.0)
        gate = nengo.Node(lambda t: 1.0 if 0.6 < t < 0.8 else 0.0)
        memory = nengo.Ensemble(n_neurons, 1, label="memory")
        inhibitor = nengo.Ensemble(
            40, 1, intercepts=nengo.dists.Uniform(0.1, 0.9), encoders=np.ones((40, 1))
        )
        nengo.Connection(stimulus, memory, synapse=0.1, transform=0.1)
        nengo.Connection(memory, memory, synapse=0.1)
        nengo.Connection(gate, inhibitor)
        down = -strength * np.ones((n_neurons, 1))
        nengo.Connection(inhibitor, memory.neurons, transform=down, synapse=tau)
        nengo.Probe(memory, synapse=0.02, label="value")
        nengo.Probe(memory.neurons, label="spikes")
    return net


@pytest.mark.parametrize(
    "n_neurons, strength, tau, most",
    # 0.05 and 0.09 of the last two where weights of values are rounded one by one
    [(90, 250, 0.005, 0.03), (170, 150, 0.02, 0.03), (60, 120, 0.1, 0.07)],
)
def test_what_excites_keeps_its_bits_beside_strong_inhibition(n_neurons, strength, tau, most):
    """Off by how much, in the middle of five seeds; in the last case weights are 0 or one step."""
    off, later = [], []
    for seed in range(31, 36):
        net = inhibited_memory(seed, n_neurons, strength, tau)
        exact, found = (deploy.run(net, 1.5, target) for target in ("float-emulator", "emulator"))
        values = [run["value"].samples[:, 0] for run in (exact, found)]
        held = [value[400:600].mean() for value in values]
        assert held[0] > 0.7
        off.append(abs(held[1] - held[0]))
        active = [run["spikes"].dense().any(axis=1) for run in (exact, found)]
        awake = [np.flatnonzero(steps[800:])[0] for steps in active]
        later.append(awake[1] - awake[0])  # ms, after the inhibition
        assert not active[1][650:800].any()
        assert not found.record["saturation"]
    assert np.median(off) < most, off
    assert np.median(np.abs(later)) <= 3, later


@given(st.integers(0, 10_000))
def test_what_a_decoded_connection_comes_to_is_between_its_bounds(seed):
    rng = np.random.RandomState(seed)
    weights = rng.randn(20, 5) + rng.choice([0.0, 3.0])
    total = np.array([np.maximum(sign * weights, 0).sum(axis=0) for sign in (1, -1)])
    rate = rng.uniform(0.1, 2)
    half = np.broadcast_to(rate / 2 * np.abs(weights).sum(axis=0), total.shape)
    own = headroom._Signed(total, rate, half)
    source = Source(rng.uniform(size=(20, 9)), lambda: rng.uniform(0, 1, (20, 9)))
    driven = headroom._driven(own, weights, source, Decays(0.3, 0.1))
    assert np.all(headroom._half(own) <= driven)
    assert np.all(driven <= headroom._fastest(own))


def test_what_is_too_strong_is_named_beside_what_loses_its_bits():
    net = inhibited_memory(34, 60, 2000, 0.1)
    warned = [w for w in deploy.check(net).warnings if "bits are left" in w]
    assert len(warned) == 1 and "values into memory" in warned[0]
    assert "those of ensemble of 40 neurons → memory.neurons are" in warned[0]
    assert "; weaken ensemble of 40 neurons → memory.neurons, use a shorter synapse" in warned[0]


def competing_accumulators(seed, n_neurons):
    """Gosmann's (2017) independent accumulators: what is chosen inhibits the others 20-fold."""
    with nengo.Network(seed=seed) as net:
        stimulus = nengo.Node([0.7, -0.2, 0.05, 0.0])
        with nengo.presets.ThresholdingEnsembles(0.0):
            accumulators = nengo.networks.EnsembleArray(n_neurons, 4)
            chosen = nengo.networks.EnsembleArray(3 * n_neurons // 7, 4)
        bias = nengo.Node(-0.8 * np.ones(4))
        chosen.add_output("is chosen", lambda x: x > 0)
        nengo.Connection(bias, chosen.input, synapse=None)
        nengo.Connection(stimulus, accumulators.input, transform=5, synapse=None)
        nengo.Connection(accumulators.output, accumulators.input, synapse=0.1)
        nengo.Connection(accumulators.output, chosen.input, synapse=0.005)
        others = 0.1 * np.eye(4) - 20.5 * (1 - np.eye(4))
        nengo.Connection(getattr(chosen, "is chosen"), accumulators.input, 0.1, transform=others)
        nengo.Probe(getattr(chosen, "is chosen"), synapse=0.05, label="chosen")
    return net


@pytest.mark.parametrize("seed, n_neurons", [(41, 30), (42, 50)])
def test_accumulators_choose_on_the_chip(seed, n_neurons):
    run = deploy.run(competing_accumulators(seed, n_neurons), 0.4)
    late = run["chosen"].samples[200:]
    assert late[:, 0].min() > 0.8  # 0 of all four with steps as they were
    assert np.abs(late[:, 1:]).max() < 0.05
    assert not run.record["saturation"]


def doublings_of(faintest=1.0, weight=1.0, step_input=0.0, current=0.0, threshold=1.0, bias=0.0):
    arrays = [np.array([value]) for value in (100.0, threshold, bias, weight)]
    more = np.array([step_input]), np.array([current])
    return doublings(Decays(1.0, 1.0), *arrays, 100.0 * faintest, *more)


@pytest.mark.parametrize(
    "limit, largest",
    [
        ({"faintest": 1.0}, (2**7 - 1) * 64),
        ({"step_input": 1000.0}, 2**21),
        ({"current": 1e4}, 2**23),
        ({"threshold": 2e4}, 2**23),
        ({"bias": 600.0}, 2**12 * 2**7),
        ({"weight": 2e3}, 2**8 * 2**6 * 2**7 * (1 - 2**-7)),
    ],
)
def test_scales_are_doubled_up_to_the_chips_limits(limit, largest):
    """The first g of all that would be beyond it is the one after."""
    found = doublings_of(**{"faintest": 1e-9, **limit})
    value = 100.0 * next(iter(limit.values())) * 2.0**found
    assert value <= largest < 2 * value * (1 + 2e-6)
    assert found > 0
