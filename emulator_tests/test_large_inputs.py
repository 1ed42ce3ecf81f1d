"""What a node gives an ensemble in a step beyond what the chip takes then, against Nengo core."""

import re
import warnings

import nengo
import numpy as np
import pytest

import deploy
from deploy.host import kernels
from deploy.nengo_loihi.build.input_units import InputUnit
from deploy.nengo_loihi.run.input_spikes import counted
from loihi_rules import declare_settings

pytestmark = pytest.mark.quick
RULE = "values as spikes"


def network(output, synapse, seed=61, **kinds):
    with nengo.Network(seed=seed) as net:
        ens = nengo.Ensemble(150, 1, label="target", **kinds)
        nengo.Connection(nengo.Node(output, label="source"), ens, synapse=synapse)
        nengo.Probe(ens, synapse=0.05)
    return net


def run(net, target, seconds=1.5, **kwargs):
    """Samples, and what was warned of values as spikes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with deploy.Simulator(net, target=target, progress_bar=False, **kwargs) as sim:
            sim.run(seconds)
            found = sim.data[net.probes[0]][500:, 0]
    return found, [w.message for w in caught if getattr(w.message, "rule", "") == RULE]


def pulses(t):
    return 25.0 * (round(1000 * t) % 41 == 0)


def alternating(t):
    return 0.5 + 20 * (-1) ** round(1000 * t)


@pytest.mark.parametrize("target", ["emulator", "float-emulator"])
@pytest.mark.parametrize("output", [pulses, alternating])
def test_what_is_beyond_comes_in_the_steps_after(output, target):
    net = network(output, 0.05)
    wanted, found = run(net, "cpu")[0], run(net, target)[0]
    assert wanted.mean() > 0.4
    assert found.mean() == pytest.approx(wanted.mean(), rel=0.03)
    assert np.sqrt(np.mean((found - wanted) ** 2)) < 0.02


def test_what_is_beyond_is_forgotten_as_the_filter_forgets():
    net = network(lambda t: 30.0 if t < 1.0 else 0.5, 0.1, radius=1.0)
    wanted, found = run(net, "cpu", 2.0)[0], run(net, "emulator", 2.0)[0]
    assert found[-300:].mean() == pytest.approx(wanted[-300:].mean(), abs=0.02)
    after = [np.argmax(of[500:] < 0.8) for of in (wanted, found)]  # ms behind the jump
    assert abs(after[0] - after[1]) < 25


@pytest.mark.parametrize("seed", [3, 4])
def test_white_noise_of_nengos_own_scale(seed):
    noise = nengo.processes.WhiteNoise(nengo.dists.Gaussian(0, 0.4), seed=seed)
    net = network(noise, 0.03)
    (wanted, _), (found, said) = run(net, "cpu"), run(net, "emulator")
    assert not said
    assert np.sqrt(np.mean((found - wanted) ** 2)) < 0.05 * np.sqrt(np.mean(wanted**2))


def test_what_comes_too_late_is_warned_of_with_its_size_and_can_be_said():
    net = network(lambda t: 100.0 * np.sin(1e5 * t), 0.02)
    (warning,) = run(net, "emulator")[1]
    assert warning.object == "source → target"
    most, taken = re.search(r"up to ([\d.]+) radii .* takes ([\d.]+)", warning.what).groups()
    assert float(most) == pytest.approx(100, rel=0.02) and float(taken) == 16
    (again,) = run(net, "emulator")[1]  # of a kept build
    assert str(again) == str(warning)
    declare_settings(net)
    net.config[net.nodes[0]].pilot_inputs = [100.0]
    (wanted, _), (found, said) = run(net, "cpu"), run(net, "emulator")
    assert not said and np.sqrt(np.mean((found - wanted) ** 2)) < 0.05


def test_nothing_is_said_of_what_the_chip_takes():
    assert not run(network(lambda t: 15.0 * np.sin(20 * t), 0.01), "emulator")[1]


@pytest.mark.parametrize(
    "unit", [InputUnit(4.0, 64, 0), InputUnit(4.0, 64, 100), InputUnit(4.0, 64, 2**40, fade=0.9)]
)
def test_both_runners_send_the_same(unit):
    rng, n = np.random.RandomState(1), 3
    sizes, start, events = np.array([n]), np.zeros(400, np.int64), np.zeros(100_000, np.int32)
    mine, theirs = np.zeros(n), np.zeros(n)
    extremes, others = np.zeros((1, 4)), np.zeros(4)
    for row in range(300):
        values = 4.0 * rng.poisson(50, n) * (rng.rand(n) < 0.9)
        given = [np.array([of]) for of in (values.ctypes.data, unit.value, unit.most, unit.room)]
        address, value, most, room = given
        kernels.collect_spikes(
            address, sizes, value, most, room, np.array([unit.fade]), mine, extremes, row, events,
            start,
        )  # fmt: skip
        sent = counted(values, unit, theirs, others)
        assert list(sent) == list(events[start[row + 1] : start[row + 2]])
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_allclose(extremes[0], others)


@pytest.mark.parametrize("known", [False, True])
def test_a_jump_by_a_short_filter_beside_a_loop_with_a_long_one(known):
    with nengo.Network(seed=4) as net:
        source = nengo.Node(lambda t: (t < 0.03) - 1.0 * (0.1 <= t < 0.14), label="source")
        ens = nengo.Ensemble(150, 1, label="target", radius=1.5)
        nengo.Connection(ens, ens, synapse=0.1)
        nengo.Connection(source, ens, synapse=0.005, transform=5)
        nengo.Probe(ens, synapse=0.01)
    declare_settings(net)
    net.config[source].pilot_inputs = [[-1.0], [0.0], [1.0]] if known else None
    runs = []
    for target in ("cpu", "emulator"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with deploy.Simulator(net, target=target, progress_bar=False) as sim:
                sim.run(0.2)
        runs.append(sim.data[net.probes[0]][:, 0])
    wanted, found = runs
    for first, above in ((0, True), (100, False)):
        passed = [np.argmax((of[first:] > 0.8) == above) for of in (wanted, found)]
        assert abs(passed[0] - passed[1]) <= 1  # ms
    assert not [w for w in caught if getattr(w.message, "rule", "") == RULE]
