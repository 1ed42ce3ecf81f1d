"""Rates at values beyond the radius: a run says by how much they are off, against Nengo core."""

import re
import warnings

import nengo
import numpy as np
import pytest

import deploy

pytestmark = [pytest.mark.quick, pytest.mark.usefixtures("one_refractory_time")]


def runs(output, seed, radius=1.0, seconds=1.0, spikes=True, **kinds):
    """Mean rates on CPU and emulator, and what is said of the ensemble's."""
    with nengo.Network(seed=seed) as net:
        ens = nengo.Ensemble(150, 1, label="beyond", radius=radius, **kinds)
        nengo.Connection(nengo.Node(output), ens)
        probe = nengo.Probe(ens.neurons) if spikes else nengo.Probe(ens, synapse=0.05)
    found = []
    for target in ("cpu", "emulator"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with deploy.Simulator(net, target=target, progress_bar=False) as sim:
                sim.run(seconds)
                found.append(float(sim.data[probe][100:].mean()))
    return found, [w.message for w in caught if "radii" in str(w.message)]


@pytest.mark.parametrize("seed", [81, 82])
@pytest.mark.parametrize("neurons", ["LIF", "SpikingRectifiedLinear"])
@pytest.mark.parametrize("output", [1.5, lambda t: 1.5], ids=["known", "a function"])
def test_rates_beyond_the_radius_are_said_with_their_figure(output, neurons, seed):
    (cpu, chip), said = runs(output, seed, neuron_type=getattr(nengo, neurons)())
    (warning,) = said
    assert warning.object == "beyond" and "1.5 radii" in warning.what
    percent, way, mine, cpus = re.search(
        r"fire (\d+) % too (\w+), (\d+) Hz .* CPU's (\d+)", warning.what
    ).groups()
    assert float(cpus) == pytest.approx(cpu, rel=0.02)
    assert float(mine) == pytest.approx(chip, rel=0.06)
    assert (way == "fast") == (chip > cpu) and int(percent) > 6


@pytest.mark.parametrize("seed", [86, 87])
@pytest.mark.parametrize("output", [3.0, 5.0, 8.0])
@pytest.mark.parametrize("tau_ref", [0.001, 0.002])
def test_figures_are_true_where_neurons_fire_as_fast_as_they_can(tau_ref, output, seed):
    """The chip's shortest interval is whole steps, however large the current is."""
    (cpu, chip), (warning,) = runs(output, seed, neuron_type=nengo.LIF(tau_ref=tau_ref))
    percent, mine, cpus = re.search(
        r"fire (\d+) % .*?, (\d+) Hz .* CPU's (\d+)", warning.what
    ).groups()
    assert float(cpus) == pytest.approx(cpu, rel=0.02)
    assert float(mine) == pytest.approx(chip, rel=0.02)
    assert float(percent) == pytest.approx(100 * (chip / cpu - 1), abs=3)


def test_values_that_come_there_now_and_then():
    said = runs(lambda t: 1.5 * np.sin(2 * np.pi * t), 83, seconds=2.0)[1]
    assert len(said) == 1


def test_the_way_out_leads_out():
    said = runs(1.5, 84)[1]
    radius = float(re.search(r"a radius of ([\d.]+)", said[0].way_out).group(1))
    (cpu, chip), said = runs(1.5, 84, radius=radius)
    assert not said and chip == pytest.approx(cpu, rel=0.08)


@pytest.mark.parametrize("output, spikes", [(1.0, True), (1.5, False)])
def test_nothing_is_said_within_the_radius_or_where_nobody_sees_rates(output, spikes):
    assert not runs(output, 85, spikes=spikes)[1]


def drives(given):
    """Mean rates of neurons that a node drives one by one, and what is said of them."""
    with nengo.Network(seed=84) as net:
        ens = nengo.Ensemble(100, 1, gain=np.full(100, 2.0), bias=np.full(100, 0.5), label="driven")
        nengo.Connection(nengo.Node(given), ens.neurons, synapse=None)
        probe = nengo.Probe(ens.neurons)
    found = []
    for target in ("cpu", "emulator"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with deploy.Simulator(net, target=target, progress_bar=False) as sim:
                sim.run(0.6)
                found.append(float(sim.data[probe][100:].mean()))
    return found, [w.message for w in caught if "were given" in str(w.message)]


def test_rates_of_neurons_that_a_node_drives_are_said_where_they_are_off():
    (cpu, chip), (warning,) = drives(lambda t: np.linspace(0, 12, 100))
    assert warning.object == "driven" and "pilot_inputs" in warning.way_out
    figures = re.search(r"(\d+) % too slow, (\d+) Hz .* CPU's (\d+)", warning.what).groups()
    percent, mine, cpus = map(float, figures)
    assert mine == pytest.approx(chip, rel=0.03) and cpus == pytest.approx(cpu, rel=0.03)
    assert percent == pytest.approx(100 * (1 - chip / cpu), abs=2)


def test_rates_of_neurons_that_are_driven_within_what_is_fitted_are_not():
    (cpu, chip), said = drives(lambda t: np.linspace(0, 0.6, 100))
    assert chip == pytest.approx(cpu, rel=0.06) and not said


def mixed(kind, seed):
    """Mean rates of an ensemble that is given a value, and spikes on its neurons."""
    rng = np.random.RandomState(seed)
    kinds = {"neuron_type": nengo.SpikingRectifiedLinear()} if kind == "rectified" else {}
    weights = rng.rand(100, 60) * (-3e-4 if kind == "inhibited" else 1e-3)
    with nengo.Network(seed=seed) as net:
        given, other = nengo.Ensemble(60, 1), nengo.Ensemble(100, 1, label="mixed", **kinds)
        if kind == "pushed":
            nengo.Connection(nengo.Node([0.6]), other.neurons, transform=np.full((100, 1), 2.0))
        nengo.Connection(nengo.Node([0.5]), given)
        nengo.Connection(given, other)
        nengo.Connection(given.neurons, other.neurons, transform=weights, synapse=0.01)
        probe = nengo.Probe(other.neurons)
    found = []
    for target in ("cpu", "emulator"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with deploy.Simulator(net, target=target, progress_bar=False) as sim:
                sim.run(0.6)
                found.append(float(sim.data[probe][100:].mean()))
    return found, [w.message for w in caught if "were given" in str(w.message)]


@pytest.mark.parametrize("seed", [91, 92])
@pytest.mark.parametrize("kind", ["LIF", "rectified", "pushed"])
def test_rates_by_spikes_beside_a_value_are_said_where_they_are_off(kind, seed):
    (cpu, chip), said = mixed(kind, seed)
    off = abs(chip / cpu - 1)
    assert off < 0.07 or said
    for warning in said:
        assert warning.object == "mixed" and "pilot_inputs" not in warning.way_out
        figures = re.search(r"(\d+) % too (\w+), (\d+) Hz .* CPU's (\d+)", warning.what).groups()
        assert float(figures[2]) == pytest.approx(chip, rel=0.05)
        assert float(figures[3]) == pytest.approx(cpu, rel=0.05)
        assert (figures[1] == "fast") == (chip > cpu)


def test_of_neurons_that_hardly_fire_nothing_is_said():
    assert not mixed("inhibited", 93)[1]


@pytest.mark.parametrize("seed", [94, 95, 96])
def test_of_events_that_no_look_sees_nothing_false_is_said(seed):
    """Of 1 ms each, which make every neuron fire as often as on the CPU."""
    events = 1000.0 * (np.random.RandomState(seed).rand(1000, 20) < 0.02)
    with nengo.Network(seed=seed) as net:
        kind = nengo.LIF(tau_rc=0.005)
        ens = nengo.Ensemble(20, 1, neuron_type=kind, gain=np.ones(20), bias=np.zeros(20))
        node = nengo.Node(lambda t: events[int(round(1000 * t)) % 1000])
        nengo.Connection(node, ens.neurons, synapse=None, transform=0.012)
        probe = nengo.Probe(ens.neurons)
    rates = []
    for target in ("cpu", "emulator"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with deploy.Simulator(net, target=target, progress_bar=False) as sim:
                sim.run(1.0)
                rates.append(float(sim.data[probe].mean()))
    said = [str(w.message) for w in caught if "were given" in str(w.message)]
    assert rates[1] == pytest.approx(rates[0], rel=0.06) and not said
