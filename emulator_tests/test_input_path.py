"""How values enter chip neurons: rates, filters, weights and thresholds."""

import warnings

import nengo
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deploy
from loihi_rules import rewrite
from loihi_rules.chip.decoding import Decoding
from loihi_rules.chip.neurons import shorter_refractory
from loihi_rules.chip.tuning import (
    RateFit,
    fit_rates,
    fit_together,
    mean_chip_rates,
)
from loihi_rules.notes import Way
from loihi_rules.routes.from_host import before_chip

pytestmark = pytest.mark.quick


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([1, 2, 8]), st.booleans())
def test_fitted_rates_are_nearer_to_the_cpus(seed, dimensions, lif):
    rng = np.random.RandomState(seed)
    neurons = nengo.LIF() if lif else nengo.SpikingRectifiedLinear()
    gain, bias = neurons.gain_bias(rng.uniform(200, 400, 30), rng.uniform(-1, 0.9, 30))
    new_gain, new_bias = fit_rates(neurons, gain, bias, 0.001, dimensions)
    drive = np.linspace(-1, 1, 41)[:, None]
    often = (1 - drive**2) ** ((dimensions - 1) / 2)
    wanted = neurons.rates(drive * np.ones(30), gain, bias)

    def off(g, b):
        return np.sum(often * (mean_chip_rates(neurons, g * drive + b, 0.001) - wanted) ** 2, 0)

    assert np.all(off(new_gain, new_bias) <= off(gain, bias) * (1 + 1e-9))
    assert off(new_gain, new_bias).sum() < 0.5 * off(gain, bias).sum()


def thresholded(encoders, low):
    with nengo.Network(seed=5) as net:
        ens = nengo.Ensemble(
            100, 1, encoders=nengo.dists.Choice(encoders), intercepts=nengo.dists.Uniform(low, 1)
        )
    return net, ens


def test_fitted_neurons_start_to_fire_where_the_users_do():
    """0.01 to 0.05 radii later where the fit is free to move them."""
    lif = nengo.LIF()
    gain, bias = lif.gain_bias(np.linspace(200, 400, 30), np.linspace(0, 0.9, 30))
    new_gain, new_bias = fit_rates(lif, gain, bias, 0.001, keep_intercepts=True)
    drive = np.linspace(-1, 1, 41)[:, None]
    wanted = lif.rates(drive * np.ones(30), gain, bias)

    def off(g, b):
        return np.linalg.norm(mean_chip_rates(lif, g * drive + b, 0.001) - wanted)

    np.testing.assert_allclose((1 - new_bias) / new_gain, (1 - bias) / gain, atol=1e-9)
    assert off(new_gain, new_bias) < 0.6 * off(gain, bias)
    free = fit_rates(lif, gain, bias, 0.001)
    assert np.mean((1 - free[1]) / free[0] - (1 - bias) / gain) > 0.005


@pytest.mark.parametrize("encoders, kept", [([[1]], True), ([[1], [-1]], False)])
def test_intercepts_stay_where_a_population_has_a_threshold(encoders, kept):
    net, ens = thresholded(encoders, 0.0 if kept else -1.0)
    done = rewrite(net)
    own, copied = done.tuning[done.copies[ens]], done.copies[ens]
    rest = (1 - own.bias) / own.gain
    moved = (1 - copied.bias) / copied.gain - rest
    low = own.intercepts < 0.95
    assert np.all(np.abs(moved[low]) < 1e-6) == kept


def test_chip_neurons_fire_like_the_cpus():
    with nengo.Network(seed=2) as net:
        ens = nengo.Ensemble(100, 1)
        nengo.Connection(nengo.Node(lambda t: np.sin(6 * t)), ens)
        nengo.Probe(ens.neurons, label="spikes")
    cpu, chip = (deploy.run(net, 3.0, target)["spikes"] for target in ("cpu", "emulator"))
    assert len(chip.spike_steps) == pytest.approx(len(cpu.spike_steps), rel=0.02)


def chain(tau_a, tau_b, neurons=60):
    with nengo.Network(seed=3) as net:
        u = nengo.Node(lambda t: np.sin(6 * t))
        a, b = nengo.Ensemble(neurons, 1, label="a"), nengo.Ensemble(neurons, 1, label="b")
        nengo.Connection(u, a, synapse=tau_a)
        nengo.Connection(a, b, synapse=tau_b)
        nengo.Probe(b, synapse=0.02, label="b")
    return net


@pytest.mark.parametrize("tau_a, tau_b", [(0.005, 0.005), (None, 0.005), (0.03, 0.02), (0.1, 0.1)])
def test_a_chain_is_no_later_than_on_the_cpu(tau_a, tau_b):
    net = chain(tau_a, tau_b)
    parity = deploy.compare(net, 2.0, spread=0)
    lag = parity.value("b", "lag")
    assert abs(lag) <= 2


def test_ways_in():
    net = chain(0.005, 0.005)
    done = rewrite(net)
    into_b = done.copies[net.connections[1]]
    assert done.notes.connections[into_b].way == Way.MATRIX
    large = chain(0.005, 0.005, 400)  # 160,000 weights are more than a core's memory
    done = rewrite(large)
    assert done.notes.connections[done.copies[large.connections[1]]].way == Way.MATRIX
    assert len([core for core in deploy.check(large).resources if core.block.startswith("b[")]) == 2


FILTERS = [None, nengo.Lowpass(0.003), nengo.Lowpass(0.1), nengo.Alpha(0.005), nengo.Lowpass(0.0)]


@pytest.mark.parametrize("asked", FILTERS, ids=str)
@pytest.mark.parametrize("tau", [0, 0.005, 0.01, 0.1])
def test_the_hosts_filter_and_the_chips_are_the_one_asked_for(asked, tau):
    left = before_chip(asked, tau, 0.001)
    x = np.random.RandomState(1).randn(400, 1)
    sent = x if left.synapse is None else left.synapse.filt(x, dt=0.001)
    a = np.exp(-0.001 / tau) if tau else 0.0
    chip = np.zeros_like(x)
    for t in range(len(x)):
        chip[t] = a * chip[t - 1] + (1 - a) * sent[t]
    own = getattr(asked, "tau", 0.0)
    if left.late:
        assert left.late == pytest.approx(tau / 16 - own)
        asked = nengo.Lowpass(tau / 16)
    wanted = x if asked is None else asked.filt(x, dt=0.001)
    np.testing.assert_allclose(chip, wanted, atol=1e-9)
    assert left.late <= 0.00625


def test_a_host_that_follows_its_input_is_never_asked_for_many_spikes_at_once():
    for tau in (0.005, 0.03, 0.2):
        synapse = before_chip(None, tau, 0.001).synapse
        step = synapse.filt(np.ones((100, 1)), dt=0.001)
        assert step.max() <= 16


@pytest.mark.parametrize("n", [400, 750])
def test_a_channel_of_many_neurons_is_as_good_as_on_the_cpu(n):
    """Against the ideal: the input, through the three filters."""
    with nengo.Network(seed=31) as net:
        u = nengo.Node(lambda t: 0.7 * np.sin(6 * t))
        a, b = nengo.Ensemble(n, 1), nengo.Ensemble(n, 1)
        nengo.Connection(u, a)
        nengo.Connection(a, b)
        nengo.Probe(b, synapse=0.02, label="b")
    t = 0.001 * np.arange(1, 1001)
    ideal = 0.7 * np.sin(6 * t)[:, None]
    for tau in (0.005, 0.005, 0.02):
        ideal = nengo.Lowpass(tau).filt(ideal, dt=0.001)
    chip = deploy.run(net, 1.0, "emulator")["b"].samples
    assert np.sqrt(np.mean((chip - ideal)[300:] ** 2)) < 0.012  # 0.03 through carriers


def test_passthrough_nodes_are_joined_and_zeros_left_out():
    with nengo.Network(seed=4) as net:
        first, second = (nengo.networks.EnsembleArray(20, 3) for _ in range(2))
        nengo.Connection(first.output, second.input, transform=0.5)
        nengo.Probe(second.output, label="out")
    done = rewrite(net)
    between = [
        conn
        for conn in done.network.all_connections
        if isinstance(conn.pre_obj, nengo.Ensemble) and isinstance(conn.post_obj, nengo.Ensemble)
    ]
    assert len(between) == 3  # and not nine
    for conn in between:
        np.testing.assert_array_equal(conn.transform.init, [[0.5]])


def test_rounding_of_a_fourier_transform_is_no_connection():
    with nengo.Network(seed=1) as net:
        convolution = nengo.networks.CircularConvolution(20, 4)
        out = nengo.networks.EnsembleArray(20, 4)
        nengo.Connection(convolution.output, out.input)
        nengo.Probe(out.output)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with deploy.Simulator(net, progress_bar=False) as sim:
            pass
    assert not [w for w in caught if "bits are left" in str(w.message)]
    assert any("rounding" in change.after for change in sim.changes)


def test_small_entries_that_are_meant_are_joined():
    with nengo.Network(seed=1) as net:
        a, node, b = nengo.Ensemble(20, 1), nengo.Node(size_in=1), nengo.Ensemble(20, 1)
        nengo.Connection(a, node, transform=1e-17)
        nengo.Connection(node, b, transform=1e17)
    (between,) = (c for c in rewrite(net).network.all_connections if c.post_obj.label == b.label)
    np.testing.assert_allclose(between.transform.init, [[1.0]])


class Counted(nengo.solvers.LstsqL2):
    """Counts how often it solves."""

    calls = 0

    def __call__(self, *args, **kwargs):
        Counted.calls += 1
        return super().__call__(*args, **kwargs)


def test_what_a_node_hands_to_several_ensembles_is_solved_for_once():
    with nengo.Network(seed=1) as net:
        a, node = nengo.Ensemble(20, 1), nengo.Node(size_in=2)
        nengo.Connection(a, node, function=lambda x: [x, x**2], solver=Counted())
        for _ in range(3):
            nengo.Connection(node, nengo.Ensemble(20, 2), transform=[[0, 1], [0.5, 0.5]])
    Counted.calls = 0
    with deploy.Simulator(net, progress_bar=False):
        pass
    assert Counted.calls == 1


def unused(function=None, **arguments):
    """An ensemble on the chip whose value goes to a node that hands it to nobody."""
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(20, 1, label="ens")
        nengo.Probe(ens.neurons)
        conn = nengo.Connection(ens, nengo.Node(size_in=1), function=function, **arguments)
    return net, conn


def test_decoders_that_nobody_uses_are_not_solved_for(monkeypatch):
    """160 of them were, of a network that remembers by circular convolution."""
    solved, own = [], Decoding.of_points

    def noted(self, conn, built, curves, solver, points, targets, rng):
        if np.abs(targets).max() < 0.9:  # the sine's; of the identity a population's lag is found
            solved.append(targets)
        return own(self, conn, built, curves, solver, points, targets, rng)

    monkeypatch.setattr(Decoding, "of_points", noted)
    net, conn = unused(np.sin)
    with deploy.Simulator(net, progress_bar=False) as sim:
        assert not solved
        assert sim.data[conn].weights.shape == (1, 20) and len(solved) == 1


class Refuses(nengo.solvers.LstsqL2):
    def __call__(self, *args, **kwargs):
        raise ValueError("what a user's solver says")


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"function": lambda x: 1 // int(x[0] == 0)}, "by zero"),
        ({"solver": Refuses()}, "what a user's solver says"),
        ({"function": lambda x: x * np.nan}, ""),
    ],
)
def test_what_is_wrong_with_a_connection_that_nobody_uses_is_said(arguments, said):
    net, _ = unused(**arguments)
    errors = []
    for simulator in (nengo.Simulator, deploy.Simulator):
        with pytest.raises(Exception, match=said) as error, simulator(net, progress_bar=False):
            pass
        errors.append((type(error.value), str(error.value)))
    assert errors[0] == errors[1]


def test_fits_side_by_side_have_the_bits_of_each_alone():
    """Of several kinds, sizes and inputs, one of more than one piece."""
    rng, fits = np.random.RandomState(0), []
    for k in range(40):
        n, dimensions = (50, 50, 1, 2, 7, 2000)[k % 6], (1, 2, 8)[k % 3]
        own = (nengo.LIF(), nengo.LIF(tau_ref=0.001), nengo.SpikingRectifiedLinear())[k // 6 % 3]
        gain, bias = own.gain_bias(rng.uniform(100, 220, n), rng.uniform(-0.95, 0.9, n))
        drive = rng.uniform(-1, 1, (300, n)) if k % 5 == 0 else None
        chip = shorter_refractory(own, 0.001) if k % 4 == 0 else None
        highest = (-1.0, 0.9, 0.97)[k % 3]
        fits.append(RateFit(own, gain, bias, 0.001, dimensions, drive, chip, k % 7 == 0, highest))
    for fit, together in zip(fits, fit_together(fits)):
        for alone, found in zip(fit_together([fit])[0], together):
            np.testing.assert_array_equal(found, alone)
            assert not np.array_equal(found, fit.gain)
