"""Parity: metrics against closed forms, and a verdict that can fail."""

import dataclasses

import nengo
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deploy
from deploy.parity.metrics.pair import Pair, aligned, lag_of, rms
from deploy.parity.metrics.rates import rates
from deploy.parity.metrics.voltage import voltage_distribution
from deploy.parity.metrics.weights import learned_weights
from deploy.parity.tolerances import TOLERANCES, Tolerance, parse_tolerance
from deploy.traces import Trace, sparse_spikes
from loihi_rules.systems.pes_connection import pes_connection

# ------------------------------------------------------------------ metrics by themselves


@pytest.mark.quick
@pytest.mark.parametrize("size, compared", [(7e-10, False), (1e-4, True)])
def test_weights_that_give_nothing_are_not_compared(size, compared):
    """A learning rule that is switched off: 7e-10 on one side and 0 on the other."""
    first, last = np.zeros((1, 100)), np.full((1, 100), size / 10)
    reference, other = (
        Trace("w", "weights", 1.0, 2, samples=np.array([first, end])) for end in (last, 0 * last)
    )
    names = {figure.metric for figure in learned_weights(Pair(reference, other, 0.001))}
    assert ("weights, relative error" in names) is compared
    assert "weight change, reference" in names


@pytest.mark.quick
@given(st.integers(-80, 80), st.integers(0, 10_000), st.integers(1, 3))
def test_lag_of_a_shifted_signal(shift, seed, dimensions):
    rng = np.random.RandomState(seed)
    smooth = nengo.Lowpass(0.02).filt(rng.randn(3200, dimensions), dt=0.001)
    reference, other = smooth[600:2600], smooth[600 - shift : 2600 - shift]
    assert lag_of(reference, other, 0.001) == shift
    a, b = aligned(reference, other, shift)
    np.testing.assert_array_equal(a, b)


@pytest.mark.quick
def test_equal_slow_signals_have_no_lag():
    slow = np.sin(np.linspace(0, 2, 1000))[:, None]
    assert lag_of(slow, slow, 0.001) == 0
    assert lag_of(slow, 3 * slow + 1, 0.001) == 0
    assert lag_of(slow * 0, slow * 0, 0.001) == 0


@pytest.mark.quick
def test_rms_of_a_sine():
    t = np.arange(1000) / 1000
    assert rms(np.sin(2 * np.pi * 5 * t)) == pytest.approx(np.sqrt(0.5))


@pytest.mark.quick
def test_rate_figures_in_closed_form():
    a, b = np.zeros((1000, 2)), np.zeros((1000, 2))
    a[::10, 0] = a[::20, 1] = 1000  # 100 and 50 spikes
    b[::20, 0] = b[::10, 1] = 1000  # swapped
    pair = Pair(sparse_spikes("s", a, 1000, 1000.0), sparse_spikes("s", b, 1000, 1000.0), 0.001)
    figures = {f.metric: f.value for f in rates(pair)}
    assert figures["rate, reference"] == pytest.approx(75)
    assert figures["population rate"] == 1
    assert figures["rate difference"] == pytest.approx(100 / 150)


@pytest.mark.quick
def test_voltage_distribution_of_a_moved_voltage():
    v = np.random.RandomState(0).rand(500, 3)
    pair = Pair(Trace("v", "voltage", 1.0, 500, v), Trace("v", "voltage", 1.0, 500, v + 0.2), 0.001)
    assert voltage_distribution(pair)[0].value == pytest.approx(0.2)


def test_spike_distances_are_those_of_poisson_trains():
    """Kreuz et al. 2013: SPIKE-distance of independent Poisson trains is about 0.29."""
    pytest.importorskip("pyspike")
    from deploy.parity.metrics.spike_distances import spike_distances

    rng = np.random.RandomState(3)
    a, b = (
        sparse_spikes("s", 1000.0 * (rng.rand(20_000, 20) < 0.02), 20_000, 1000.0) for _ in range(2)
    )
    same = {f.metric: f.value for f in spike_distances(Pair(a, a, 0.001))}
    apart = {f.metric: f.value for f in spike_distances(Pair(a, b, 0.001))}
    assert same == {"ISI-distance": 0, "SPIKE-distance": 0}
    assert apart["ISI-distance"] == pytest.approx(0.5, abs=0.02)
    assert apart["SPIKE-distance"] == pytest.approx(0.29, abs=0.02)


# ---------------------------------------------------------------- a verdict that can fail


@pytest.fixture(scope="module")
def runs():
    """(reference, emulator) of a learning model with a probe of every kind."""
    net = pes_connection(seed=6)
    with net:
        pre = net.ensembles[0]
        nengo.Probe(pre.neurons, "voltage", label="voltage")
    ideals = {"post": "input"}
    return [deploy.run(net, 4.0, target, seed=6, ideals=ideals) for target in ("cpu", "emulator")]


def changed(run, label, **fields):
    trace = dataclasses.replace(run[label], **fields)
    return dataclasses.replace(run, traces={**run.traces, label: trace})


def failing(reference, other):
    return {(f.trace, f.metric) for f in deploy.compare_traces(reference, other).failed}


def test_a_good_run_passes(runs):
    parity = deploy.compare_traces(*runs)
    assert parity.ok, parity.verdict
    kinds = {t.kind for t in runs[0]}
    assert kinds == {"value", "decoded", "spikes", "voltage", "weights", "error"}
    judged = {f.trace for f in parity.judged}
    assert judged == set(runs[0].traces)


def test_a_run_equals_itself(runs):
    parity = deploy.compare_traces(runs[0], runs[0])
    values = {(f.trace, f.metric): f.value for f in parity.figures}
    assert parity.ok
    assert values["post", "lag"] == values["post", "aligned error"] == 0
    assert values["post", "gain"] == values["post", "correlation"] == pytest.approx(1)
    assert values["post", "error to ideal, ratio"] == 1
    assert values["weights of learned", "weights, relative error"] == 0


def test_swapped_neurons_are_caught_by_their_rates(runs):
    reference, other = runs
    neurons = other["pre spikes"].spike_neurons[...]
    swapped = changed(other, "pre spikes", spike_neurons=(49 - neurons).astype(neurons.dtype))
    caught = failing(reference, swapped)
    assert ("pre spikes", "rate difference") in caught
    assert ("pre spikes", "population rate") not in caught
    assert {trace for trace, _ in caught} == {"pre spikes"}


def test_a_shift_of_20_ms_is_caught_by_the_lag(runs):
    reference, other = runs
    late = changed(other, "post", samples=np.roll(other["post"].samples, 20, axis=0))
    assert failing(reference, late) == {("post", "lag")}
    late = changed(reference, "post", samples=np.roll(reference["post"].samples, 20, axis=0))
    assert failing(reference, late) == {("post", "lag")}


def test_half_the_gain_is_caught_by_the_gain(runs):
    reference, other = runs
    weak = changed(other, "post", samples=0.5 * other["post"].samples)
    caught = failing(reference, weak)
    assert {("post", "gain"), ("post", "aligned error")} <= caught
    assert ("post", "correlation") not in caught and ("post", "lag") not in caught


def test_learning_that_is_off_is_caught_by_curve_and_weights(runs):
    reference, _ = runs
    net = pes_connection(seed=6, learning_rate=1e-12)
    off = deploy.run(net, 4.0, "emulator", seed=6, ideals={"post": "input"})
    caught = failing(reference.select([t.label for t in off]), off)
    assert ("error of learned", "time to half, difference") in caught
    assert ("weights of learned", "weights, correlation") in caught
    assert ("post", "error to ideal, ratio") in caught
    assert not any(trace in ("pre", "pre spikes") for trace, _ in caught)


def test_a_voltage_that_is_off_is_caught(runs):
    reference, other = runs
    low = changed(other, "voltage", samples=other["voltage"].samples * 0.5)
    assert failing(reference, low) == {("voltage", "voltage distribution")}


def test_spikes_where_the_reference_has_none_are_caught(runs):
    reference, other = runs
    none = np.zeros(0, np.int64)
    silent = changed(reference, "pre spikes", spike_steps=none, spike_neurons=none.astype(np.int32))
    assert ("pre spikes", "spikes too many") in failing(silent, other)


def test_two_models_are_told_apart(runs):
    other = dataclasses.replace(runs[1], fingerprint="f" * 64)
    assert any("different models" in note for note in deploy.compare_traces(runs[0], other).notes)


@pytest.mark.parametrize(
    "fields, said",
    [
        ({"dt": 0.002}, "different steps"),
        ({"n_steps": 5}, "differ in length"),
        ({"traces": {}}, "no trace in common"),
    ],
)
def test_runs_that_cannot_be_compared(runs, fields, said):
    with pytest.raises(deploy.BadInput, match=said):
        deploy.compare_traces(runs[0], dataclasses.replace(runs[1], **fields))


def test_traces_of_another_shape_cannot_be_compared(runs):
    other = changed(runs[1], "post", samples=runs[1]["post"].samples[:, :0])
    with pytest.raises(deploy.BadInput, match="'post' is decoded of shape"):
        deploy.compare_traces(runs[0], other)


def test_nothing_to_judge_is_not_parity(runs):
    net = nengo.Network(seed=1)
    with net:
        nengo.Ensemble(5, 1)
    with pytest.raises(deploy.BadInput, match="no trace in common"):
        deploy.compare(net, 0.1)


# ------------------------------------------------------------------------------ tolerances


@pytest.mark.quick
def test_every_tolerance_has_a_reason_and_a_limit():
    for name, tolerance in TOLERANCES.items():
        assert len(tolerance.why) > 20, name
        assert (tolerance.low, tolerance.high) != (None, None), name
        assert not tolerance.allows(float("nan"))


@pytest.mark.quick
def test_the_user_sets_tolerances(runs):
    strict = deploy.compare_traces(*runs, {"lag": Tolerance(5, 9)})
    assert {f.metric for f in strict.failed} == {"lag"}
    assert "lag of" in strict.verdict
    with pytest.raises(deploy.BadInput, match="no tolerance 'lga'"):
        deploy.compare_traces(*runs, {"lga": Tolerance(-1, 1)})


@pytest.mark.quick
def test_tolerances_from_text():
    assert parse_tolerance("lag=-1:2") == {"lag": Tolerance(-1.0, 2.0)}
    assert parse_tolerance("gain=:2")["gain"].allows(-1e9)
    for text in ("lag", "lag=", "lag=:", "lag=a:b", "=1:2", "lag=1"):
        with pytest.raises(deploy.BadInput, match="written NAME=LOW:HIGH"):
            parse_tolerance(text)


# --------------------------------------------------------------------------- error budget


def test_error_budget_splits_the_difference():
    parity = deploy.compare("pes-connection", 1.0, ("cpu", "float-emulator", "emulator"), seed=3)
    shares = {(s.trace, s.cause): s.error for s in parity.budget}
    assert {s.cause for s in parity.budget} == {
        "neuron and input translation",
        "fixed point",
        "in all",
    }
    for trace in ("pre", "post"):
        parts = [shares[trace, "neuron and input translation"], shares[trace, "fixed point"]]
        whole = shares[trace, "in all"]
        assert 0 < whole <= sum(parts) * 1.2, "more than its parts, triangle inequality"
    assert shares["input", "in all"] == 0
