"""Where only neurons are probed, the verdict looks at when they fire, and at each one's rate."""

from __future__ import annotations

from dataclasses import replace

import nengo
import numpy as np
import pytest

import deploy
from deploy.parity.comparison import NO_PARITY, PARITY
from deploy.parity.measures import NOISE_OR_SIGNAL
from deploy.parity.statistics.population import activity_of_spikes, common
from deploy.parity.together import ASKED, HELD, PARTS

SECONDS = 2.0
DT = 0.001
NEURONS = 60


def network_of(signal, seed=411, loop=False):
    with nengo.Network(seed=seed) as net:
        node = nengo.Node(signal)
        ens = nengo.Ensemble(NEURONS, 1)
        nengo.Connection(node, ens)
        if loop:
            nengo.Connection(ens, ens, synapse=0.1)
        nengo.Probe(ens.neurons, label="spikes")
        nengo.Probe(ens.neurons, "voltage", label="voltages")
    return net


def driven(t):
    return 0.9 * np.sin(2 * np.pi * t) * (1 - 0.2 * t)


@pytest.fixture(scope="module")
def known():
    net = network_of(driven)
    yardstick = deploy.spread(net, SECONDS)
    return yardstick, deploy.run(net, SECONDS, "cpu"), deploy.run(net, SECONDS, "emulator")


def shuffled(x):
    n = len(x) // 100
    order = np.random.RandomState(0).permutation(n)
    return x.reshape(n, 100, -1)[order].reshape(len(x), -1)


FAULTS = {
    "reversed": lambda x: x[::-1],
    "250 ms late": lambda x: np.roll(x, 250, axis=0),
    "500 ms late": lambda x: np.roll(x, 500, axis=0),
    "10 ms late": lambda x: np.roll(x, 10, axis=0),
    "5 % slow": lambda x: x[(np.arange(len(x)) * 0.95).astype(int)],
    "shuffled": shuffled,
}


def injected(chip, fault, label="spikes"):
    trace = chip[label]
    other = FAULTS[fault](trace.dense())
    if not trace.sparse:
        changed = replace(trace, samples=other)
    else:
        steps, neurons = np.nonzero(other)
        changed = replace(
            trace, spike_steps=steps.astype(np.int64) + 1, spike_neurons=neurons.astype(np.int32)
        )
    return replace(chip, traces={label: changed})


@pytest.mark.parametrize("fault", FAULTS)
def test_spikes_at_other_times_are_caught(known, fault):
    yardstick, cpu, chip = known
    found = deploy.compare_traces(cpu, injected(chip, fault), yardstick)
    assert found.outcome == NO_PARITY
    assert {e.quantity for e in found.different} <= set(ASKED)


@pytest.mark.parametrize("fault", FAULTS)
def test_one_pair_of_runs_does_not_call_them_parity(known, fault):
    _, cpu, chip = known
    found = deploy.compare_traces(cpu, injected(chip, fault))
    assert found.outcome != PARITY
    if found.outcome != NO_PARITY:
        assert NOISE_OR_SIGNAL in {each.why for each in found.undecided}


def test_words_say_how_late(known):
    yardstick, cpu, chip = known
    found = deploy.compare_traces(cpu, injected(chip, "10 ms late"), yardstick)
    assert found.effect("spikes", "activity lag").value == pytest.approx(10, abs=1)
    assert "late" in found.verdict


def test_the_healthy_chip_is_in_time(known):
    yardstick, cpu, chip = known
    found = deploy.compare_traces(cpu, replace(chip, traces={"spikes": chip["spikes"]}), yardstick)
    assert {e.quantity: e.outcome for e in found.effects if e.quantity in ASKED} == dict.fromkeys(
        ASKED, "same"
    )


@pytest.mark.parametrize("fault", ["reversed", "250 ms late", "500 ms late", "shuffled"])
def test_voltages_at_other_times_are_caught(known, fault):
    yardstick, cpu, chip = known
    found = deploy.compare_traces(cpu, injected(chip, fault, "voltages"), yardstick)
    assert "waveform" in {e.quantity for e in found.different}
    healthy = deploy.compare_traces(cpu, chip, yardstick)
    assert healthy.effect("voltages", "waveform").outcome == "same"


def test_a_single_neuron_that_runs_away_is_caught(known):
    yardstick, cpu, chip = known
    x = chip["spikes"].dense()
    x[:, int(np.argmin(chip["spikes"].counts()))] = x.max()
    recorded = deploy.read_recording({"spikes": x}, {"dt": DT})
    for spread in (yardstick, None):
        found = deploy.compare_traces(cpu, recorded, spread)
        assert "fastest neuron" in {e.quantity for e in found.different}
    healthy = deploy.compare_traces(cpu, chip, yardstick)
    assert healthy.effect("spikes", "fastest neuron").outcome == "same"


@pytest.mark.parametrize("signal, loop, why", [(0.4, False, HELD), (driven, True, PARTS)])
def test_what_has_no_time_in_common_is_not_asked_and_says_so(signal, loop, why):
    net = network_of(signal, loop=loop)
    yardstick = deploy.spread(net, SECONDS)
    other = deploy.run(net, SECONDS, "cpu", variant=deploy_variant())
    found = deploy.compare_traces(yardstick.repeats[0], other, yardstick)
    assert not {e.quantity for e in found.effects} & set(ASKED)
    assert why in {each.why for each in found.unmeasured if each.quantity in ASKED}
    assert found.outcome != NO_PARITY


def deploy_variant():
    from deploy.models.variants import Variant

    return Variant(987_654, None)


def test_a_held_rate_is_one_number():
    steps = np.arange(7, 2001, 13)
    found = activity_of_spikes(steps, np.zeros(len(steps), np.int32), 1, 2000, DT)
    assert found.values == pytest.approx(1000 / 13)


@pytest.mark.parametrize("late", [0.0, 0.003, 0.012])
def test_lag_gain_and_what_is_left_of_known_rates(late):
    """Poisson-free: neurons fire at each whole number that their integrated rate passes."""
    t = DT * np.arange(1, 4001)
    weights = np.random.RandomState(5).uniform(-1, 1, 50)

    def spikes_of(gain, lag):
        rates = 80 + gain * 50 * weights * np.sin(2 * np.pi * 1.3 * (t - lag))[:, None]
        phase = np.floor(np.cumsum(rates * DT, axis=0) + np.arange(50) / 50)
        steps, neurons = np.nonzero(np.diff(phase, axis=0, prepend=0) > 0)
        return activity_of_spikes(steps + 1, neurons, 50, len(t), DT).values

    found = common(spikes_of(1.0, 0.0), spikes_of(0.9, late), 0.005)
    assert found.lag == pytest.approx(late, abs=3e-4)
    assert found.gain == pytest.approx(0.9, abs=0.01)
    assert found.left < 0.03
