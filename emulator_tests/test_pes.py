"""PES on the chip: its numbers against nengo-loihi's own, and what they bring."""

import warnings

import nengo
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deploy
from deploy.nengo_loihi.build.chip_builder import chip_model, learning_synapse
from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules import declare_settings, rewrite
from loihi_rules.chip.limits import LOIHI
from loihi_rules.chip.tuning import chip_rates
from loihi_rules.learning_rules import pes
from loihi_rules.nengo_parts.likely_inputs import likely_inputs
from loihi_rules.pilots import pes as pes_pilot
from loihi_rules.systems.pes_connection import pes_connection


def learned(network):
    return next(c for c in network.all_connections if c.learning_rule_type is not None)


def built(network):
    """A rewritten network, its learned connection, and nengo-loihi's model of it."""
    done = rewrite(network)
    model = chip_model(done, 0.001)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        simulator = load_nengo_loihi().Simulator(done.network, target="sim", seed=1, model=model)
    simulator.close()
    return done, learned(done.network), model


@pytest.mark.quick
@given(
    st.lists(st.floats(-5, 50).map(lambda x: round(x, 6)), min_size=1, max_size=20),
    st.sampled_from([0.001, 0.002]),
)
def test_tuning_curves_are_nengo_loihis(currents, dt):
    nengo_loihi = load_nengo_loihi()
    current = np.array(currents)[:, None]
    one, zero = np.ones(1), np.zeros(1)
    for neuron_type in (
        nengo.LIF(tau_rc=0.03, tau_ref=0.003),
        nengo.RegularSpiking(nengo.LIFRate(), amplitude=0.5),
        nengo.SpikingRectifiedLinear(),
    ):
        expected = nengo_loihi.neurons.loihi_rates(neuron_type, current, one, zero, dt)
        found = chip_rates(neuron_type, current, dt)
        silent = expected == 0
        np.testing.assert_array_equal(found == 0, silent)
        edge = np.abs(found - expected) > 1e-9  # of an interval, by the last bit
        steps = [1 / rate[~silent & edge] / dt for rate in (found, expected)]
        amplitude = getattr(neuron_type, "amplitude", 1.0)
        np.testing.assert_allclose(np.abs(steps[0] - steps[1]) * amplitude, 1, atol=1e-6)
        assert edge.sum() <= 1


@pytest.mark.parametrize("function", [lambda x: [0.0], lambda x: -x, lambda x: 10 * x])
@pytest.mark.parametrize("neurons", [30, 200])
def test_range_and_trace_are_nengo_loihis(function, neurons):
    net = pes_connection(neurons, 1e-3, seed=2)
    learned(net).function = function
    done, conn, model = built(net)
    scale = done.learning_scales[conn]
    synapse = learning_synapse(model, conn)
    assert synapse.synapse_cfg.weight_exp == scale.weight_exponent
    block = next(b for b in model.blocks if synapse in b.synapses)
    largest = 127 * 2 ** (7 + scale.weight_exponent)  # the integer where learning clips
    decoder = 0.001 * largest / block.discretize_info["v_scale"]
    w_max = 0.0 if not np.any(function(np.ones(1))) else float(block.discretize_info["w_max"])
    factor = pes.weight_scale(w_max, scale.threshold)
    found = pes.largest_decoder(scale.weight_exponent, factor, 1.0, 0.001)
    assert found == pytest.approx(decoder, rel=0.01)
    # a spike adds tracing_mag; at a steady rate the trace is rate · τ of that, about
    rate, tau = 100.0, 0.005
    trace = synapse.tracing_mag * rate * 0.001 / -np.expm1(-0.001 / tau)
    kappa = 1e-3 * scale.rate_factor
    found = pes.mean_trace(scale.weight_exponent, factor, kappa, neurons, rate, scale.error_scale)
    assert found == pytest.approx(trace, rel=0.02)


@pytest.mark.quick
def test_exponent_is_the_smallest_that_fits():
    fits = {
        -1: pes.Fit(1e-5, 0.02, 0.0),
        0: pes.Fit(2e-5, 0.0005, 0.4),  # range enough, but learning is lost
        1: pes.Fit(4e-5, 0.0, 0.05),
        2: pes.Fit(8e-5, 0.0, 0.0),
    }
    assert pes.weight_exponent(fits) == 1
    assert pes.weight_exponent({e: f._replace(cut=1.0) for e, f in fits.items()}) == 2
    assert pes.weight_exponent({e: f._replace(cut=0.0015 / 2**e) for e, f in fits.items()}) == 1
    assert pes.weight_exponent({e: f._replace(near=0.01 / 2**e) for e, f in fits.items()}) == 1
    assert pes.weight_exponent({e: f._replace(near=0.02 / 2**e) for e, f in fits.items()}) == 2


def test_twice_the_weights_have_room_where_it_is_not_known_which_way_inputs_go():
    """A function gives them; of a process it is known."""
    chosen = {}
    for name, output in {"guessed": lambda t: np.zeros(8), "known": np.zeros(8)}.items():
        with nengo.Network(seed=1) as net:
            pre, out = nengo.Ensemble(600, 8, seed=21), nengo.Node(size_in=1)
            nengo.Connection(nengo.Node(output), pre, synapse=None)
            conn = nengo.Connection(
                pre, out, function=lambda x: 0.0, learning_rule_type=nengo.PES(1e-3)
            )
            nengo.Connection(out, conn.learning_rule)
        chosen[name] = [c.why for c in rewrite(net).changes if c.rule.startswith("learned weights")]
    assert "above half of the largest; at -1" in chosen["guessed"][0]
    assert "above half" not in chosen["known"][0]


@pytest.mark.quick
def test_a_trial_learns_what_pes_learns():
    """Of one input it learns along its activity: v = y a / Σ a²; traces have the rates' mean."""
    rng = np.random.RandomState(0)
    rates = np.tile(rng.uniform(50, 200, size=60), (1000, 1))
    trial = pes_pilot.pilot(rates, np.full((1000, 1), 0.5), 1e-4, 0.02, 0.005, 0.001, LOIHI, rng)
    np.testing.assert_allclose(trial.traces[100:].mean(axis=0), rates[0], rtol=0.02)
    expected = 0.5 * rates[0] / np.sum(rates[0] ** 2)
    np.testing.assert_allclose(trial.weights[-20:].mean(axis=0)[:, 0], expected, rtol=0.1)
    assert trial.weights_cut(expected.max() * 1.2) == 0.0
    assert trial.weights_cut(0.0) == 1.0
    assert trial.learning_lost(1e4) == 0.0 and trial.learning_lost(0.0) == 1.0


def from_node(output, **settings):
    with nengo.Network(seed=2) as net:
        node, ens = nengo.Node(output), nengo.Ensemble(50, 1, radius=2.0)
        conn = nengo.Connection(node, ens, **settings)
    node.seed = ens.seed = conn.seed = 1
    points = np.linspace(-2, 2, 101)[:, None]
    rng = np.random.RandomState(3)
    return likely_inputs(net, ens, points, False, 1000, 0.004, 0.001, rng)


@pytest.mark.quick
def test_likely_inputs_are_those_of_constants_and_processes():
    np.testing.assert_allclose(from_node(0.7, transform=-2.0), -1.4)
    signal = nengo.processes.WhiteSignal(period=20.0, high=10, rms=0.3, seed=4)
    np.testing.assert_allclose(
        from_node(signal, synapse=None), signal.run(4.0, dt=0.001)[::4], atol=1e-12
    )
    steps = nengo.processes.Piecewise({0: 0.1, 1: -0.5})
    assert set(np.round(from_node(steps, synapse=None)[:, 0], 6)) == {0.1, -0.5}


@pytest.mark.quick
def test_functions_of_nodes_are_not_called_to_learn_of_inputs():
    called = []
    net = pes_connection(30, 1e-3, seed=1)
    net.nodes[0].output = lambda t: called.append(t) or 0.5
    net.nodes[0].size_out = 1
    before = len(called)  # Nengo itself calls it for its size
    done = rewrite(net)
    assert len(called) == before and done.learning_scales
    points = from_node(lambda t: called.append(t) or 0.5)
    assert np.abs(points).max() <= 2 and points.std() > 0.3
    callables = nengo.processes.Piecewise({0: lambda t: called.append(t) or 0.5})
    before = len(called)
    from_node(callables)
    assert len(called) == before


def channel(dimensions, seed):
    """A connection that learns to carry a signal of several dimensions, from nothing."""
    radius = float(np.sqrt(dimensions))
    with nengo.Network(seed=seed) as net:
        signal = nengo.processes.WhiteSignal(period=50.0, high=3, rms=0.4)
        stimulus = nengo.Node(signal, size_out=dimensions)
        n = 100 * dimensions
        pre, post, error = (nengo.Ensemble(n, dimensions, radius=radius) for _ in range(3))
        nengo.Connection(stimulus, pre)
        conn = nengo.Connection(
            pre, post, function=lambda x: np.zeros(dimensions), learning_rule_type=nengo.PES(1e-3)
        )
        nengo.Connection(post, error)
        nengo.Connection(stimulus, error, transform=-1)
        nengo.Connection(error, conn.learning_rule)
        nengo.Probe(stimulus, synapse=0.01, label="input")
        nengo.Probe(post, synapse=0.01, label="post")
    return net


@pytest.mark.quick
def test_errors_of_several_dimensions_have_the_size_of_one():
    scales = {d: next(iter(rewrite(channel(d, seed=11)).learning_scales.values())) for d in (1, 8)}
    assert scales[1].error_scale == 100.0
    whole = pes.error_scale(np.sqrt(8))  # a signal of rms 0.4 in a ball of radius 2.8
    assert 1.3 * whole < scales[8].error_scale < 100


def test_channels_of_eight_dimensions_learn_as_on_the_cpu():
    net = channel(8, seed=11)
    runs = {t: deploy.run(net, 3.0, t, ideals={"post": "input"}) for t in ("cpu", "emulator")}
    found = deploy.compare_traces(runs["cpu"], runs["emulator"])
    assert found.value("post", "error to ideal, ratio") <= 1.05
    declare_settings(net)  # more than four times the largest decoder of the identity
    net.config[learned(net)].pes_weight_exponent = 6
    coarse = deploy.run(net, 3.0, "emulator", ideals={"post": "input"})
    found = deploy.compare_traces(runs["cpu"], coarse)
    assert found.value("post", "error to ideal, ratio") > 1.1


@pytest.mark.parametrize("dt, exponent", [(0.001, 2), (0.0005, None), (0.0002, 1)])
def test_rounding_of_weights_takes_nothing_of_what_is_learnt(dt, exponent):
    """Changes are rounded downwards, of both halves of a weight: of what is read 12 % less was."""
    ratios = []
    for seed in range(3):
        with nengo.Network(seed=seed) as net:
            signal = nengo.Node(nengo.processes.WhiteSignal(7, high=1, rms=0.45, seed=1))
            pre, given = nengo.Ensemble(300, 1, radius=1.2), nengo.Node(size_in=1)
            nengo.Connection(signal, pre)
            conn = nengo.Connection(
                pre, given, function=lambda x: 0 * x, learning_rule_type=nengo.PES(4e-5)
            )
            nengo.Connection(given, conn.learning_rule)
            nengo.Connection(signal, conn.learning_rule, transform=-0.6)
            nengo.Probe(given, synapse=0.03, label="given")
        declare_settings(net)
        net.config[conn].pes_weight_exponent = exponent
        integer, floating = (
            deploy.run(net, 2.0, target, dt=dt)["given"].samples[round(1 / dt) :, 0]
            for target in ("emulator", "float-emulator")
        )
        ratios.append(integer @ floating / (floating @ floating))
    assert np.median(ratios) == pytest.approx(1, abs=0.03)


@pytest.mark.quick
@pytest.mark.parametrize("tau", [0.002, 0.005, 0.02])
def test_a_trace_is_larger_than_its_filter(tau):
    """By the closed form, on a neuron that fires steadily and an error that stays."""
    with nengo.Network(seed=1) as net:
        pre = nengo.Ensemble(100, 1)
        # not steady, so that spikes do not keep to certain steps of the learning epoch
        nengo.Connection(nengo.Node(lambda t: 0.3 + 0.2 * np.sin(17 * t)), pre)
        rule = nengo.PES(2e-5, pre_synapse=tau)
        conn = nengo.Connection(
            pre, nengo.Node(size_in=1), function=lambda x: [0.0], learning_rule_type=rule
        )
        nengo.Connection(nengo.Node(-0.5), conn.learning_rule)
        nengo.Probe(pre.neurons, label="spikes")
        nengo.Probe(conn, "weights", sample_every=0.1, label="w")
        declare_settings(net)
        net.config[conn].pes_rate_factor = 1.0
    run = deploy.run(net, 4.0, "emulator")
    rates = np.bincount(run["spikes"].spike_neurons, minlength=100) / 4.0
    weights = run["w"].samples[:, 0]
    slope = (weights[-1] - weights[4]) / (0.1 * (len(weights) - 5))
    expected = 2e-5 * 0.5 * rates / 100
    ratio = np.sum(slope * expected) / np.sum(expected**2)
    assert ratio == pytest.approx(pes.trace_gain(tau, 0.001), rel=0.03)


def changed(radius, amplitude, target, dt=0.001, transform=1.0, part=None):
    """What a connection learns in half a second, in units of its size, while x goes round."""
    dimensions = 1 if part is None else 2
    with nengo.Network(seed=3) as net:
        pre = nengo.Ensemble(
            200 * dimensions,
            dimensions,
            radius=radius,
            max_rates=nengo.dists.Uniform(80, 160),
            neuron_type=nengo.LIF(amplitude=amplitude),
        )
        nengo.Connection(
            nengo.Node(lambda t: radius * np.sin(np.pi * 8 * t * np.arange(1, dimensions + 1))), pre
        )
        conn = nengo.Connection(
            pre if part is None else pre[part],
            nengo.Node(size_in=1),
            function=lambda x: [0.0],
            transform=transform,
            learning_rule_type=nengo.PES(3e-4 / amplitude**2),
        )
        nengo.Connection(nengo.Node(-0.5 * radius), conn.learning_rule)
        nengo.Probe(conn, "weights", sample_every=0.1, label="w")
    weights = deploy.run(net, 0.5, target, dt=dt)["w"].samples[:, 0]
    return (weights[-1] - weights[0]) * amplitude / radius


@pytest.mark.quick
@pytest.mark.parametrize(
    "setting",
    [
        {"radius": 0.03},
        {"radius": 50.0},
        {"amplitude": 0.01},
        {"radius": 3.0, "amplitude": 5.0},
        {"dt": 0.0005},
        {"dt": 0.002},
        {"transform": 5.0},
        {"part": [1]},
    ],
    ids=str,
)
def test_learns_as_fast_as_the_cpu_in_all_units(setting):
    setting = {"radius": 1.0, "amplitude": 1.0, **setting}
    cpu, chip = (changed(target=target, **setting) for target in ("cpu", "emulator"))
    assert np.sum(cpu * chip) / np.sum(cpu**2) == pytest.approx(1, abs=0.06)


@pytest.mark.quick
@pytest.mark.parametrize("x", [0.0, 0.5, 0.9, 1.5])
def test_learns_as_fast_as_the_cpu_wherever_the_input_is_held(x):
    """The chip's rates are 4 % above the CPU's at 0 and 11 % below at 1.5 radii."""
    with nengo.Network(seed=1) as net:
        pre, out = nengo.Ensemble(400, 1), nengo.Node(size_in=1)
        nengo.Connection(nengo.Node(x), pre)
        conn = nengo.Connection(
            pre, out, function=lambda x: [0.0], learning_rule_type=nengo.PES(4e-5)
        )
        nengo.Connection(nengo.Node(-0.5), conn.learning_rule)
        nengo.Probe(out, synapse=0.05, label="out")
    slopes = {}
    for target in ("cpu", "emulator"):
        output = deploy.run(net, 0.8, target)["out"].samples[:, 0]
        slopes[target] = np.polyfit(np.arange(500), output[300:], 1)[0]
    assert slopes["emulator"] / slopes["cpu"] == pytest.approx(1, abs=0.06)


@pytest.mark.quick
def test_more_neurons_need_smaller_exponents():
    chosen = {
        n: next(iter(rewrite(pes_connection(n, 1e-4, 1)).learning_scales.values()))
        for n in (50, 100, 200, 400)
    }
    exponents = [scale.weight_exponent for scale in chosen.values()]
    assert exponents == sorted(exponents, reverse=True) and exponents[0] > exponents[-1]
    # (rate on the CPU ÷ on the chip)², near 1 as the rates have been fitted
    gain = pes.trace_gain(0.005, 0.001)
    assert all(0.93 < scale.rate_factor * gain < 1.07 for scale in chosen.values())


@pytest.mark.quick
def test_the_changes_say_so_and_the_user_may_choose():
    net = pes_connection(seed=1)
    changes = rewrite(net).changes
    weights = [c for c in changes if c.rule == "learned weights: 8-bit mantissa, one exponent"]
    assert "exponent 4" in weights[0].before
    assert any("up to 1.27 " in c.after for c in changes if c.rule == "errors of 8 bits")
    declare_settings(net)
    net.config[learned(net)].pes_weight_exponent = 5
    net.config[learned(net)].pes_rate_factor = 1.0
    net.config[learned(net)].pes_error_scale = 40.0
    done = rewrite(net)
    chosen = next(iter(done.learning_scales.values()))
    assert (chosen.weight_exponent, chosen.rate_factor, chosen.error_scale) == (5, 1.0, 40.0)
    assert not any("exponent" in c.after or "up to" in c.after for c in done.changes)
    assert "learning rate" not in {c.rule for c in done.changes}


@pytest.mark.parametrize("learning_rate", [1e-3, 1e-4])
def test_learns_as_well_as_the_cpu(learning_rate):
    ratios, plain = [], []
    for seed in range(4):
        net = pes_connection(100, learning_rate, seed)
        runs = [
            deploy.run(net, 8.0, target, seed, ideals={"post": "input"})
            for target in ("cpu", "emulator")
        ]
        ratios.append(deploy.compare_traces(*runs).value("post", "error to ideal, ratio"))
        declare_settings(net)
        net.config[learned(net)].pes_weight_exponent = 4  # nengo-loihi's, for all connections
        net.config[learned(net)].pes_rate_factor = 1.0
        runs[1] = deploy.run(net, 8.0, "emulator", seed, ideals={"post": "input"})
        plain.append(deploy.compare_traces(*runs).value("post", "error to ideal, ratio"))
    assert np.median(ratios) <= 1.03
    if learning_rate == 1e-3:  # at less, all is of how fast it learns, and nengo-loihi's is faster
        assert np.median(plain) > np.median(ratios)


def learns(connect_errors, learning_rate=3e-4, target="emulator"):
    """What 80 neurons learn to give in 0.6 s of a constant of two dimensions."""
    with nengo.Network(seed=41) as net:
        given, wanted = nengo.Node([0.4, -0.3]), nengo.Node([0.5, -0.2])
        pre = nengo.Ensemble(80, 2)
        output, error = nengo.Node(size_in=2), nengo.Node(size_in=2)
        nengo.Connection(given, pre)
        conn = nengo.Connection(
            pre, output, function=lambda x: [0, 0], learning_rule_type=nengo.PES(learning_rate)
        )
        nengo.Connection(output, error)
        nengo.Connection(wanted, error, transform=-1, synapse=None)
        connect_errors(error, conn.learning_rule)
        probe = nengo.Probe(output, synapse=0.02)
    with deploy.Simulator(net, target=target, progress_bar=False) as simulator:
        simulator.run(0.6)
        return np.array(simulator.data[probe])


def whole(error, rule):
    nengo.Connection(error, rule)


@pytest.mark.quick
@pytest.mark.parametrize("target", ["emulator", "cpu"])
def test_errors_come_to_the_dimensions_they_are_for(target):
    def one_by_one(error, rule):
        for k in range(2):
            nengo.Connection(error[k], rule[k])

    def crossed_twice(error, rule):
        nengo.Connection(error[[1, 0]], rule[[1, 0]])

    def second_alone(error, rule):
        nengo.Connection(error[1], rule[1])

    expected = learns(whole, target=target)[-100:].mean(axis=0)
    assert np.abs(expected).min() > 0.1
    for connect in (one_by_one, crossed_twice):
        found = learns(connect, target=target)[-100:].mean(axis=0)
        assert found == pytest.approx(expected, abs=0.02)
    alone = learns(second_alone, target=target)[-100:].mean(axis=0)
    assert alone == pytest.approx([0, expected[1]], abs=0.02)


@pytest.mark.quick
@pytest.mark.parametrize("way", ["last", "first"])
def test_an_error_times_k_at_a_kth_of_the_rate_learns_the_same(way):
    def times(k):
        def last(error, rule):
            nengo.Connection(error, rule, transform=k)

        def first(error, rule):
            sum_of = nengo.Node(size_in=2)
            nengo.Connection(error, sum_of, transform=k, synapse=None)
            nengo.Connection(sum_of, rule)

        return {"last": last, "first": first}[way]

    same = [learns(times(k), learning_rate=3e-4 / k) for k in (1.0, 0.125, 16.0)]
    for other in same[1:]:
        assert np.array_equal(other, same[0])
