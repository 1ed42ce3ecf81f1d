"""Values of any size that go straight to neurons, against Nengo core and the float emulator."""

import warnings

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import SpikeTimes, declare_settings

pytestmark = pytest.mark.quick
RULE = "values as spikes"


def driven(output, transform, seed=31, n=60, synapse=0.01, **kinds):
    kinds = kinds or {"gain": np.ones(n), "bias": np.zeros(n)}
    with nengo.Network(seed=seed) as net:
        ens = nengo.Ensemble(n, 1, **kinds)
        node = nengo.Node(output)
        matrix = np.full((n, node.size_out), transform) if np.isscalar(transform) else transform
        nengo.Connection(node, ens.neurons, transform=matrix, synapse=synapse)
        probe = nengo.Probe(ens.neurons)
    return net, probe


def rate(net, probe, target, seconds=0.8, start=0.2):
    """Mean rate, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with deploy.Simulator(net, target=target, progress_bar=False) as sim:
            sim.run(seconds)
            found = sim.data[probe][round(1000 * start) :].mean()
    return found, [w.message for w in caught if getattr(w.message, "rule", "") == RULE]


@pytest.mark.parametrize("target", ["emulator", "float-emulator"])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("value", [20.0, 100.0, -1000.0, 3e5])
def test_the_unit_follows_what_a_connection_carries(value, known, target):
    net, probe = driven(value if known else lambda t: value, 2 / value)
    wanted = rate(net, probe, "cpu")[0]
    found, said = rate(net, probe, target)
    assert found == pytest.approx(wanted, rel=0.1) and not said


def test_small_values_of_which_the_size_is_known():
    net, probe = driven(1e-3, 2000.0)
    found, said = rate(net, probe, "emulator")
    assert found == pytest.approx(rate(net, probe, "cpu")[0], rel=0.1) and not said


def test_small_values_of_which_it_is_not_are_warned_of_and_can_be_said():
    net, probe = driven(lambda t: 1e-3, 2000.0)
    assert [w.object for w in rate(net, probe, "emulator")[1]]
    declare_settings(net)
    net.config[net.nodes[0]].pilot_inputs = [1e-3]
    found, said = rate(net, probe, "emulator")
    assert found == pytest.approx(rate(net, probe, "cpu")[0], rel=0.1) and not said


@pytest.mark.parametrize("kind", ["dense", "convolution"])
@pytest.mark.parametrize("known", [True, False])
def test_pictures_of_0_to_255(kind, known):
    rng = np.random.RandomState(8)
    pictures = 255 * rng.rand(3, 64)
    transform, n = 0.002 * rng.randn(100, 64), 100
    if kind == "convolution":
        kernel = np.abs(rng.randn(3, 3, 1, 4)) * 0.004
        transform, n = nengo.Convolution(4, (8, 8, 1), init=kernel), 144
    shown = nengo.processes.PresentInput(pictures, 0.3)
    net, probe = driven(
        shown if known else lambda t: pictures[int(t / 0.3) % 3],
        transform,
        n=n,
        synapse=0.005,
        gain=np.ones(n),
        bias=np.full(n, 0.5),
    )
    runs = {t: rate(net, probe, t, 0.9, 0.1)[0] for t in ("cpu", "emulator")}
    assert runs["emulator"] == pytest.approx(runs["cpu"], rel=0.1)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("weight, per_second, lines", [(0.002, 30, 40), (0.02, 5, 30)])
def test_trains_of_spikes_arrive_whole(weight, per_second, lines, known):
    rng = np.random.RandomState(9)
    spikes = rng.rand(2000, lines) < 0.001 * per_second
    steps, neurons = np.nonzero(spikes)
    trains = SpikeTimes((steps + 1) / 1000, neurons, lines)
    net, probe = driven(
        trains if known else lambda t: 1000.0 * spikes[int(round(1000 * t)) - 1],
        np.abs(rng.randn(60, lines)) * weight,
    )
    found, said = rate(net, probe, "emulator", 1.5)
    assert found == pytest.approx(rate(net, probe, "cpu", 1.5)[0], rel=0.1) and not said


@pytest.mark.parametrize("value, transform", [(1.0, -5.0), (100.0, -0.05), (1000.0, -0.005)])
def test_inhibition_begins_and_ends(value, transform):
    with nengo.Network(seed=33) as net:
        ens = nengo.Ensemble(100, 1)
        nengo.Connection(nengo.Node(0.8), ens)
        gate = nengo.Node(lambda t: value * (0.2 < t < 0.4))
        nengo.Connection(gate, ens.neurons, transform=np.full((100, 1), transform))
        probe = nengo.Probe(ens.neurons)
    spikes = {}
    for target in ("cpu", "emulator"):
        with deploy.Simulator(net, target=target, progress_bar=False) as sim:
            sim.run(0.7)
            spikes[target] = sim.data[probe]
    assert spikes["emulator"][300:400].mean() < 1 + spikes["cpu"][300:400].mean()
    for part in (slice(50, 200), slice(450, 700)):
        assert spikes["emulator"][part].mean() == pytest.approx(spikes["cpu"][part].mean(), rel=0.1)


def test_what_is_cut_is_warned_of_by_name_and_the_advice_helps():
    """Pulses of 1 / dt by weights that are meant for values of 1."""

    def pulses(t):
        return 1000.0 * (round(1000 * t) % 20 == 0)

    net, probe = driven(pulses, 1.0)
    net.nodes[0].label = "pulses"
    found, said = rate(net, probe, "emulator")
    assert said and "pulses" in said[0].object and "up to 1000" in said[0].what
    assert "pilot_inputs = [1000]" in said[0].way_out
    declare_settings(net)
    net.config[net.nodes[0]].pilot_inputs = [1000]
    found, said = rate(net, probe, "emulator")
    assert found == pytest.approx(rate(net, probe, "float-emulator")[0], rel=0.05) and not said


@pytest.mark.parametrize("seed", [41, 42])
def test_pulses_are_the_same_on_nengo_loihis_own_engine(seed):
    rng = np.random.RandomState(seed)
    spikes = rng.rand(400, 10) < 0.02
    net, probe = driven(lambda t: 1000.0 * spikes[int(round(1000 * t)) - 1], 0.3, seed=seed)
    data = []
    for engine in ("fast", "reference"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            traces = deploy.run(net, duration=0.3, target="emulator", seed=1, engine=engine)
        data.append(traces.arrays())
    assert max(found.size for found in data[0].values()) > 100, data[0].keys()
    for name, found in data[0].items():
        np.testing.assert_array_equal(found, data[1][name])


@pytest.mark.parametrize("seed", [51, 52])
def test_the_advice_names_what_the_node_gives(seed):
    """Not what a filter that makes up for the chip's makes of its pulses of 1000."""

    def events(t):
        return 1000.0 * (np.arange(20) == round(1000 * t) % 20)

    with nengo.Network(seed=seed) as net:
        node = nengo.Node(events, label="events")
        ens = nengo.Ensemble(
            20, 1, gain=np.ones(20), bias=np.zeros(20), neuron_type=nengo.SpikingRectifiedLinear()
        )
        nengo.Connection(node, ens.neurons, synapse=None)
        probe = nengo.Probe(ens.neurons)
    wanted, _ = rate(net, probe, "cpu")
    found, said = rate(net, probe, "emulator")
    (warning,) = said
    assert "[1000] * node.size_out if it jumps" in warning.way_out
    declare_settings(net)
    net.config[node].pilot_inputs = [1000] * node.size_out
    better, said = rate(net, probe, "emulator")
    assert not said and abs(better - wanted) <= max(abs(found - wanted), 0.03 * wanted)
