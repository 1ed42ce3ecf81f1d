"""One class, one neuron: right, alone, and at the CPU's rate."""

import nengo
import numpy as np
import pytest

import deploy
from deploy.lessons.one_hot import shown
from loihi_rules.blocks.one_hot import decode, latency, one_hot, representable


@pytest.mark.parametrize("rate", [20, 37, 50, 100, 125, 200, 333, 500])
def test_spike_counts_are_those_of_the_cpu(rate):
    with nengo.Network(seed=0) as net:
        neurons = one_hot(3, rate)
        nengo.Connection(nengo.Node([0, 1, 0]), neurons)
        nengo.Probe(neurons.neurons, label="spikes")
    cpu, chip = (deploy.run(net, 4.0, t)["spikes"].counts() for t in ("cpu", "emulator"))
    assert chip[1] == pytest.approx(cpu[1], rel=0.02, abs=1)
    assert chip[0] == chip[2] == 0


@pytest.mark.parametrize("classes", [2, 50, 200])
def test_right_class_at_any_number_of_them(classes):
    found = shown(deploy.run(f"one-hot[classes={classes}]", 0.1 * classes, "emulator"))
    assert np.array_equal(found.decoded, found.classes) and found.stray == 0


@pytest.mark.slow
def test_right_class_of_a_thousand():
    found = shown(deploy.run("one-hot[classes=1000]", 100.0, "emulator"))
    assert np.array_equal(found.decoded, found.classes) and found.stray == 0


@pytest.mark.quick
def test_decoding_and_latency_in_closed_form():
    spikes = np.zeros((8, 3))
    spikes[[1, 2], 0] = 1
    spikes[[4, 6], 2] = 1
    assert decode(spikes, 3).tolist() == [-1, 0, 0, 0, -1, 2, 2, 2]
    shown_classes = np.array([0, 0, 0, 0, 2, 2, 2, 2])
    assert latency(decode(spikes, 3), shown_classes).tolist() == [1, 1]
    assert [representable(r) for r in (100, 110, 500, 21)] == pytest.approx(
        [100, 1 / 0.009, 500, 1 / 0.048]
    )
    for wrong in (0, -1, 501):
        with pytest.raises(ValueError):
            representable(wrong)
    with nengo.Network(), pytest.raises(ValueError):
        one_hot(0)


def test_a_users_own_rate_becomes_the_nearest_interval():
    """At 110 Hz, 9.1 steps, the chip can have 9 of them; the Change says by how much it is off."""
    with nengo.Network(seed=0) as net:
        ens = nengo.Ensemble(
            4,
            4,
            encoders=np.eye(4),
            intercepts=nengo.dists.Choice([0.5]),
            max_rates=nengo.dists.Choice([110]),
            eval_points=np.eye(4),
            label="own",
        )
        nengo.Connection(nengo.Node([1, 0, 0, 0]), ens)
        nengo.Probe(ens.neurons, label="spikes")
    run = deploy.run(net, 2.0, "emulator")
    assert run["spikes"].counts()[0] == pytest.approx(2.0 / 0.009, abs=3)
    assert run["spikes"].counts()[1:].sum() == 0
    (change,) = [c for c in run.changes if c["rule"] == "spikes at whole steps"]
    assert "+1.0 %" in change["after"]


def test_crossed_encoders_are_caught():
    """The lesson fails when a neuron looks along another class."""
    from deploy.lessons import LESSONS
    from loihi_rules.systems import SYSTEMS

    net = SYSTEMS["one-hot"].build(seed=0)
    net.ensembles[0].encoders = np.eye(10)[[1, 0, *range(2, 10)]]
    run = deploy.run(net, 1.0, "emulator")
    found = {m.name: m for m in LESSONS["one-hot"].measure(run)}
    right = found["right classes"]
    assert not right.goal.allows(right.value)
