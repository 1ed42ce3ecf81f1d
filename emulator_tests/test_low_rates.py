"""Neurons that are never far from their threshold, whose gains are a thousandth of their bias."""

import re

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import declare_settings, rewrite
from loihi_rules.change import ChipWarning
from loihi_rules.chip.levels import (
    biases_matter,
    decays_of,
    steady_bias,
    suited_to_biases,
    whole_thresholds,
)
from loihi_rules.chip.limits import LOIHI
from loihi_rules.nengo_parts.built import built_ensemble
from loihi_rules.routes.worth import worth_for_weights

DECAY = float(-np.expm1(-0.001 / 0.02))
DECAYS = decays_of(float(-np.expm1(-0.001 / 0.005)), DECAY)


def channel(seed, n, low, high, synapse=0.005):
    with nengo.Network(seed=seed) as net:
        stimulus = nengo.Node(lambda t: np.sin(6 * t))
        ens = nengo.Ensemble(n, 1, max_rates=nengo.dists.Uniform(low, high), label="low")
        nengo.Connection(stimulus, ens, synapse=synapse)
        nengo.Probe(ens, synapse=0.05)
    return net


def size(net, target):
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        sim.run(2.0)
    return float(sim.data[net.all_probes[0]][500:].std())


@pytest.mark.parametrize("n, low, high", [(300, 5.5, 8), (80, 5.2, 6), (80, 5, 10)])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_represented_at_a_few_hertz_keeps_its_size(n, low, high, seed):
    """0.2 to 0.7 of it where a spike of the host's was less than a step of their weights."""
    net = channel(seed, n, low, high)
    assert size(net, "emulator") == pytest.approx(size(net, "cpu"), rel=0.1)


@pytest.mark.quick
@pytest.mark.parametrize("synapse", [0.005, 0.05, None])
def test_spikes_of_the_host_are_worth_more_to_faint_neurons_alone(synapse):
    worth = {}
    for low, high in [(5.5, 8), (200, 400)]:
        done = rewrite(channel(1, 50, low, high, synapse))
        (note,) = [note for note in done.notes.connections.values() if note.way is not None]
        worth[high] = note.spike
    assert worth[400] == 0
    assert 1 < worth[8] < 64


@pytest.mark.quick
def test_the_worth_is_that_of_the_least_sum_of_errors():
    """It goes with the root of what weights are rounded by, over the gain."""
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(20, 1, gain=np.full(20, 1e-3), bias=np.ones(20), seed=1)
    built = built_ensemble(net.ensembles[0], 0.001)
    first = worth_for_weights(ens, built, 0.005, 0.001)
    ens.gain = np.full(20, 1e-3 / 4)
    assert worth_for_weights(ens, built, 0.005, 0.001) == pytest.approx(2 * first)
    ens.gain = np.ones(20)
    assert worth_for_weights(ens, built, 0.005, 0.001) == 0


def rounded(bias):
    exponent = np.ceil(np.log2(np.maximum(bias / 4095, 1)))
    return np.round(bias / 2**exponent) * 2**exponent


@pytest.mark.quick
@pytest.mark.parametrize("n", [1, 40, 300])
def test_thresholds_are_chosen_for_what_biases_lose(n):
    rng = np.random.RandomState(n)
    threshold, current = np.ones(n), np.full(n, 1e-3)
    bias = 1 - rng.uniform(0, 1e-3, n)
    unit = whole_thresholds(np.full(n, LOIHI.threshold_max * (1 - 1e-6)), threshold)
    assert biases_matter(unit, bias, current, DECAYS)
    assert not biases_matter(unit, bias, np.ones(n), DECAYS)
    found = suited_to_biases(unit, threshold, bias, current, DECAYS)
    assert np.all((found <= unit) & (found >= 0.93 * unit) & (found % 64 == 0))
    assert len(np.unique(found)) <= LOIHI.thresholds_a_core
    before, after = (
        np.sqrt(np.mean((rounded(own) / own - 1) ** 2))
        for own in (unit * DECAYS.voltage * bias, found * DECAYS.voltage * bias)
    )
    assert after < before / 4


@pytest.mark.quick
@pytest.mark.parametrize("bias", [0.2, 0.999, 1.0])
def test_a_voltage_comes_to_stay_where_its_bias_says(bias):
    """To one integer a step; what δ_v makes up for is 5e-5 too much where nothing decays."""
    unit = np.array([8.0e6])
    integer = np.round(unit * DECAYS.voltage * steady_bias(unit, np.array([bias]), DECAY, DECAYS))
    kept, voltage = 4096 - round(DECAY * 4095), 0
    for _ in range(1000):
        voltage = voltage * kept // 4096 + int(integer[0])
    assert voltage / unit[0] == pytest.approx(bias, abs=1 / (DECAY * unit[0]))


@pytest.mark.quick
@pytest.mark.parametrize("n, low, high", [(300, 5.5, 8), (80, 5.2, 6)])
def test_what_weights_of_a_step_or_nothing_take_is_counted_as_it_is(n, low, high, monkeypatch):
    """As small changes, they were taken to average out over neurons: 1 % for half of the size."""
    monkeypatch.setenv("LOIHI_DEPLOY_CACHE", "")  # where a build without the patch may be
    usual = "loihi_rules.passes.nengo_loihi.input_filters.worth_for_weights"
    monkeypatch.setattr(usual, lambda *_: 0.0)
    net = channel(1, n, low, high)
    with pytest.warns(ChipWarning, match="values into low: .* bits are left") as caught:
        chip = size(net, "emulator")
    said = re.search(r"get is off by (\d+) %", "\n".join(str(w.message) for w in caught))
    assert int(said.group(1)) / 100 == pytest.approx(1 - chip / size(net, "cpu"), abs=0.25)


def test_what_an_ensemble_gives_keeps_its_size_by_the_way_that_the_warning_names():
    """A fifth of it by a matrix behind 50 ms, of which the warning says that 79 % are lost."""
    found = {}
    for way in (None, "host"):
        net = channel(1, 100, 5.5, 8)
        with net:
            declare_settings(net)
            source = nengo.Ensemble(100, 1)
            stimulus, low = net.nodes[0], net.ensembles[0]
            net.connections.clear()
            nengo.Connection(stimulus, source)
            net.config[nengo.Connection(source, low, synapse=0.05)].way = way
        if way is None:
            with pytest.warns(ChipWarning, match='connection].way = "host"'):
                found[way] = size(net, "emulator")
        else:
            found[way] = size(net, "emulator")
    cpu = size(net, "cpu")
    assert found[None] < 0.5 * cpu
    assert found["host"] == pytest.approx(cpu, rel=0.1)
