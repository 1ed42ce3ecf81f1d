"""What is held: its ripple is noise, and no amplitude; what whole steps do is said in words."""

from __future__ import annotations

from dataclasses import replace

import nengo
import numpy as np
import pytest

import deploy
from deploy.parity import Spread
from deploy.parity.comparison import NO_PARITY, PARITY
from deploy.parity.reasons import without_lines

SECONDS = 2.0


def held(seed, value=0.7, tau=0.02):
    with nengo.Network(seed=seed) as net:
        pre, post = nengo.Ensemble(100, 1), nengo.Ensemble(100, 1)
        nengo.Connection(nengo.Node(value), pre)
        nengo.Connection(pre, post)
        nengo.Probe(post, synapse=tau, label="x")
    return net


@pytest.fixture(scope="module")
def spread():
    return deploy.spread(held(3), SECONDS)


def judged(spread, change):
    """A CPU run of the same neurons, changed."""
    healthy = spread.repeats[-1]
    trace = replace(healthy["x"], samples=change(np.asarray(healthy["x"].samples, float)))
    others = Spread(spread.repeats[:-1], spread.builds)
    return deploy.compare_traces(spread.repeats[0], replace(healthy, traces={"x": trace}), others)


def test_a_held_value_has_a_level_a_drift_and_noise(spread):
    found = judged(spread, lambda x: x)
    assert found.outcome == PARITY, found.verdict
    asked = {effect.quantity for effect in found.effects}
    assert asked == {"level", "drift", "noise", "quantile"}
    assert any("noise, which CPU runs do not have in common" in u.why for u in found.unmeasured)


@pytest.mark.parametrize(
    "quantity, change",
    [
        ("level", lambda x: 1.1 * x),
        ("level", lambda x: 0.9 * x),
        ("level", lambda x: x - 0.1),
        ("drift", lambda x: x + 0.1 * np.linspace(-0.5, 0.5, len(x))[:, None]),
        ("noise", lambda x: x.mean(axis=0) + 2 * (x - x.mean(axis=0))),
    ],
)
def test_what_is_wrong_with_a_held_value_is_called_what_it_is(spread, quantity, change):
    found = judged(spread, change)
    assert found.outcome == NO_PARITY, found.verdict
    assert quantity in {effect.quantity for effect in found.different}
    assert "amplitude" not in found.verdict


def test_noise_of_whole_steps_is_said_to_be_that(spread):
    """×1.9, three quarters of it at 250 and 500 Hz; it was "amplitude 1.89 times as large"."""
    chip = deploy.run(held(3), SECONDS, "emulator")
    found = deploy.compare_traces(spread.repeats[0], chip, spread)
    if found.outcome != PARITY:
        assert {effect.quantity for effect in found.different + found.open} == {"noise"}
        assert "every so many whole steps of 1 ms" in found.verdict
    lined = judged(spread, lambda x: x + 0.02 * np.cos(np.pi * np.arange(len(x)) / 2)[:, None])
    assert lined.outcome == NO_PARITY and "A longer synapse of the probe" in lined.verdict
    rng = np.random.default_rng(0)
    plain = judged(spread, lambda x: x + 0.02 * rng.standard_normal(x.shape))
    assert plain.outcome == NO_PARITY and "whole steps" not in plain.verdict


def test_lines_are_taken_out_and_little_else():
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(1900)
    lines = sum(np.sin(2 * np.pi * np.arange(1900) * f) for f in (1 / 3, 1 / 4, 2 / 5))
    assert without_lines(noise + 3 * lines) == pytest.approx(noise.var(), rel=0.15)


def test_rates_of_held_neurons_say_what_whole_steps_allow():
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(60, 1)
        nengo.Probe(ens.neurons, label="spikes")
    spread = deploy.spread(net, 1.0)
    healthy = spread.repeats[-1]
    trains = healthy["spikes"]
    kept = trains.spike_neurons % 4 > 0
    fewer = replace(
        trains, spike_steps=trains.spike_steps[kept], spike_neurons=trains.spike_neurons[kept]
    )
    run = replace(healthy, traces={"spikes": fewer})
    found = deploy.compare_traces(
        spread.repeats[0], run, Spread(spread.repeats[:-1], spread.builds)
    )
    effect = found.effect("spikes", "rates apart")
    assert "those that are the nearest to the CPU's intervals" in effect.because


def test_filtered_neurons_are_judged_by_their_rates_and_not_by_each_spike():
    """Repeats fire at the same steps, and had a tenth of the noise of any other run."""
    with nengo.Network(seed=2) as net:
        pre, post = nengo.Ensemble(100, 1), nengo.Ensemble(100, 1)
        nengo.Connection(nengo.Node(lambda t: np.sin(7 * t)), pre)
        nengo.Connection(pre, post)
        nengo.Probe(pre.neurons[3], synapse=0.05, label="one")
        nengo.Probe(pre.neurons[:5], "input", label="of a node")
        nengo.Probe(post.neurons[:5], "input", label="of spikes")
    found = deploy.compare(net, SECONDS)
    for label in ("one", "of spikes"):
        noise = found.effect(label, "noise")
        assert noise.outcome == "same" and 0.7 < noise.value < 1.4
    noise = found.effect("of a node", "noise")
    assert "on the chip they come as spikes" in noise.because
    for effect in found.different + found.open:
        if effect.trace == "one" and effect.quantity in ("gain", "offset"):
            assert effect.because.startswith("of one neuron, whose intervals are whole steps")
