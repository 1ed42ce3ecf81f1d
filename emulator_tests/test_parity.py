"""Parity: metrics against closed forms, and a verdict that can fail."""

import dataclasses

import nengo
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spike_traces import spike_trace

import deploy
from deploy.models.variants import Variant, vary
from deploy.parity import QUANTITIES
from deploy.parity.metrics.pair import Pair, aligned, rms
from deploy.parity.metrics.rates import rates
from deploy.parity.metrics.voltage import voltage_distribution
from deploy.parity.metrics.weights import learned_weights
from deploy.parity.statistics.path import peak_lag
from deploy.parity.tolerances import Tolerance, parse_tolerance
from deploy.traces.dynamics import dynamics_of, seen_through
from deploy.traces.trace import Trace
from loihi_rules import fix_seeds
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
def test_peak_lag_a_shifted_signal(shift, seed, dimensions):
    rng = np.random.RandomState(seed)
    smooth = nengo.Lowpass(0.02).filt(rng.randn(3200, dimensions), dt=0.001)
    reference, other = smooth[600:2600], smooth[600 - shift : 2600 - shift]
    assert peak_lag(reference, other, 0.001) == shift
    a, b = aligned(reference, other, shift)
    np.testing.assert_array_equal(a, b)


@pytest.mark.quick
def test_equal_slow_signals_have_no_lag():
    slow = np.sin(np.linspace(0, 2, 1000))[:, None]
    assert peak_lag(slow, slow, 0.001) == 0
    assert peak_lag(slow, 3 * slow + 1, 0.001) == 0
    assert peak_lag(slow * 0, slow * 0, 0.001) == 0


@pytest.mark.quick
def test_rms_of_a_sine():
    t = np.arange(1000) / 1000
    assert rms(np.sin(2 * np.pi * 5 * t)) == pytest.approx(np.sqrt(0.5))


@pytest.mark.quick
def test_rate_figures_in_closed_form():
    a, b = np.zeros((1000, 2)), np.zeros((1000, 2))
    a[::10, 0] = a[::20, 1] = 1000  # 100 and 50 spikes
    b[::20, 0] = b[::10, 1] = 1000  # swapped
    pair = Pair(spike_trace("s", a), spike_trace("s", b), 0.001)
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
    a, b = (spike_trace("s", 1000.0 * (rng.rand(20_000, 20) < 0.02)) for _ in range(2))
    same = {f.metric: f.value for f in spike_distances(Pair(a, a, 0.001))}
    apart = {f.metric: f.value for f in spike_distances(Pair(a, b, 0.001))}
    assert same == {"ISI-distance": 0, "SPIKE-distance": 0}
    assert apart["ISI-distance"] == pytest.approx(0.5, abs=0.02)
    assert apart["SPIKE-distance"] == pytest.approx(0.29, abs=0.02)


# ---------------------------------------------------------------- a verdict that can fail


@pytest.fixture(scope="module")
def model():
    """A learning model with a probe of every kind."""
    net = pes_connection(seed=6)
    with net:
        pre, post = net.ensembles[0], net.ensembles[1]
        nengo.Probe(pre.neurons, "voltage", label="voltage")
        nengo.Probe(post, label="raw")
    return net


@pytest.fixture(scope="module")
def runs(model):
    """(reference, emulator)"""
    ideals = {"post": "input"}
    return [deploy.run(model, 3.0, target, seed=6, ideals=ideals) for target in ("cpu", "emulator")]


@pytest.fixture(scope="module")
def yardstick(model, runs):
    return deploy.spread(model, 3.0, 6, ideals={"post": "input"}, reference=runs[0])


def changed(run, label, **fields):
    trace = dataclasses.replace(run[label], **fields)
    return dataclasses.replace(run, traces={**run.traces, label: trace})


@pytest.fixture
def caught(runs, yardstick):
    """{(trace, quantity)} that are different in a run."""

    def judge(other):
        found = deploy.compare_traces(runs[0], other, yardstick)
        return {(e.trace, e.quantity) for e in found.different}

    return judge


def test_a_good_run_passes(runs, yardstick):
    parity = deploy.compare_traces(*runs, yardstick)
    assert parity.outcome == "PARITY" and parity.ok, parity.verdict
    kinds = {t.kind for t in runs[0]}
    assert kinds == {"value", "decoded", "spikes", "voltage", "weights", "error"}
    assert {e.trace for e in parity.effects} == set(runs[0].traces) - {"input"}
    assert parity.same == ("input",)
    notes = " ".join(parity.notes)
    assert "4 CPU runs of the same neurons and 9 with others" in notes
    assert "through 5 ms: raw" in notes and "learned: post, raw" in notes
    assert "driven: pre" in notes


def test_a_run_equals_itself(runs, yardstick):
    parity = deploy.compare_traces(runs[0], runs[0])
    values = {(f.trace, f.metric): f.value for f in parity.figures}
    assert parity.ok and "one pair of runs" in " ".join(parity.notes)
    assert values["post", "lag"] == values["post", "aligned error"] == 0
    assert values["post", "gain"] == values["post", "correlation"] == pytest.approx(1)
    assert values["post", "error to ideal, ratio"] == 1
    assert values["weights of learned", "weights, relative error"] == 0
    assert deploy.compare_traces(runs[0], runs[0], yardstick).ok


def test_the_same_samples_are_parity_however_few(model):
    """What one pair of so short runs does not tell is open, but not of a run and itself."""
    run = deploy.run(model, 0.2, "cpu", seed=6)
    same = deploy.compare_traces(run, run)
    assert same.outcome == "PARITY", same.verdict
    assert all(e.low == e.value == e.high and e.outcome == "same" for e in same.effects)
    samples = run["post"].samples
    moved = changed(run, "post", samples=np.nextafter(samples, np.inf))
    parity = deploy.compare_traces(run, moved)
    assert parity.outcome == "OPEN"
    assert {e.trace for e in parity.open} == {"post"}


def test_runs_of_other_seeds_are_said_to_have_other_neurons(model):
    """Rates of single neurons are NO PARITY then, as they should be."""
    runs = [deploy.run(model, 0.2, "cpu", seed=seed) for seed in (6, 7)]
    note = "the two runs have different seeds, 6 and 7"
    assert any(text.startswith(note) for text in deploy.compare_traces(*runs).notes)
    again = deploy.compare_traces(runs[0], runs[0])
    assert not any("seeds" in text for text in again.notes)


def test_every_build_and_repeat_is_parity_or_open(runs, yardstick):
    for k in (1, 2):
        assert deploy.compare_traces(runs[0], yardstick.repeats[k], yardstick).outcome == "PARITY"
    for build in yardstick.builds[:2]:
        found = deploy.compare_traces(runs[0], build, yardstick)
        assert found.outcome != "NO PARITY", found.verdict
        asked = {e.quantity for e in found.effects}
        assert not {"rates apart", "learning speed"} & asked  # its neurons are others


FAULTS = {
    "gain": (lambda x, t: 1.15 * x, {"gain"}),
    "weak": (lambda x, t: 0.5 * x, {"gain"}),
    "offset": (lambda x, t: x + 0.06, {"offset"}),
    "late": (lambda x, t: np.roll(x, 10, axis=0), {"lag"}),
    "very late": (lambda x, t: np.roll(x, 20, axis=0), {"lag"}),
    "sinking": (lambda x, t: x - 0.3 * t / t[-1], {"drift"}),
    "noisy": (
        lambda x, t: x
        + 0.06 * nengo.Lowpass(0.005).filt(np.random.RandomState(0).randn(*x.shape) * 10, dt=0.001),
        {"noise"},
    ),
    "saturating": (lambda x, t: np.clip(x, -0.4, 0.4), {"shape"}),
    "slow": (lambda x, t: np.interp(t[:, 0] * 0.985, t[:, 0], x[:, 0])[:, None], {"time base"}),
    "mirrored": (lambda x, t: -x, {"gain"}),
    "dead": (lambda x, t: 0 * x, {"gain"}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught_by_its_own_quantity(runs, caught, name):
    fault, expected = FAULTS[name]
    reference = runs[0]
    trace = reference["post"]
    faulty = fault(np.asarray(trace.samples, float), trace.times(reference.dt)[:, None])
    found = caught(changed(reference, "post", samples=faulty))
    assert {("post", quantity) for quantity in expected} <= found
    assert {label for label, _ in found} == {"post"}


def test_effects_say_what_is_wrong_and_by_how_much(runs, yardstick):
    reference = runs[0]
    weak = changed(reference, "post", samples=0.85 * reference["post"].samples)
    parity = deploy.compare_traces(reference, weak, yardstick)
    words = parity.effect("post", "gain").words
    assert "% too small (± " in words and parity.verdict.startswith("NO PARITY: ")
    assert words in parity.verdict
    gain = parity.effect("post", "gain")
    assert gain.value == pytest.approx(0.85, abs=0.02) and gain.low < gain.value < gain.high
    late = changed(reference, "post", samples=np.roll(reference["post"].samples, 10, axis=0))
    effect = deploy.compare_traces(reference, late, yardstick).effect("post", "lag")
    assert effect.value == pytest.approx(10, abs=0.5) and "ms late" in effect.words
    regular = parity.effect("pre spikes", "regularity").words
    assert "CV₂" in regular and "%" not in regular


def test_swapped_and_dead_neurons_are_caught(runs, caught):
    reference, _ = runs
    trace = reference["pre spikes"]
    swapped = (49 - trace.spike_neurons).astype(trace.spike_neurons.dtype)
    found = caught(changed(reference, "pre spikes", spike_neurons=swapped))
    assert ("pre spikes", "rates apart") in found
    assert ("pre spikes", "population rate") not in found
    active = np.argsort(-trace.counts())[:5]  # a tenth of the neurons
    left = ~np.isin(trace.spike_neurons, active)
    dead = changed(
        reference,
        "pre spikes",
        spike_steps=trace.spike_steps[left],
        spike_neurons=trace.spike_neurons[left],
    )
    assert ("pre spikes", "silenced") in caught(dead)


def test_learning_that_is_off_or_slow_is_caught(runs, yardstick):
    reference, _ = runs
    for rate, expected in (
        (1e-12, {("weights of learned", "learning speed"), ("post", "gain")}),
        (5e-4, {("weights of learned", "learning speed")}),
    ):
        net = pes_connection(seed=6, learning_rate=rate)
        slow = deploy.run(net, 3.0, "cpu", seed=6, ideals={"post": "input"})
        mine = reference.select([t.label for t in slow])
        found = deploy.compare_traces(mine, slow, yardstick)
        caught = {(e.trace, e.quantity) for e in found.different}
        assert expected <= caught
        assert not any(trace in ("pre", "pre spikes") for trace, _ in caught)


def test_a_voltage_that_is_off_is_caught(runs, caught):
    reference, _ = runs
    low = changed(reference, "voltage", samples=reference["voltage"].samples * 0.5)
    assert caught(low) == {("voltage", "voltages apart")}


def test_spikes_where_the_reference_has_none_are_caught(runs):
    reference, other = runs
    none = np.zeros(0, np.int64)
    silent = changed(reference, "pre spikes", spike_steps=none, spike_neurons=none.astype(np.int32))
    found = deploy.compare_traces(silent, other)
    assert ("pre spikes", "population rate") in {(e.trace, e.quantity) for e in found.different}


def test_two_models_are_told_apart(runs, yardstick):
    other = dataclasses.replace(runs[1], fingerprint="f" * 64)
    assert any("different models" in note for note in deploy.compare_traces(runs[0], other).notes)
    foreign = dataclasses.replace(runs[0], fingerprint="f" * 64)
    with pytest.raises(deploy.BadInput, match="of another model"):
        deploy.compare_traces(foreign, runs[1], yardstick)
    with pytest.raises(deploy.BadInput, match="of that length"):
        short = [dataclasses.replace(run, n_steps=5) for run in runs]
        deploy.compare_traces(*short, yardstick)


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
    with pytest.raises(deploy.BadInput, match="the model has no probes"):
        deploy.compare(net, 0.1)


# ------------------------------------------------------------------------------ the spread


def test_a_spread_is_kept_saved_and_loaded(model, runs, yardstick, tmp_path, monkeypatch):
    path = yardstick.save(tmp_path / "spread.npz")
    again = deploy.Spread.load(path)
    first, second = (deploy.compare_traces(*runs, s).to_dict() for s in (yardstick, again))
    assert first == second
    monkeypatch.setattr(
        "deploy.workflows.spread.on_all_cores", None
    )  # nothing is run a second time
    kept = deploy.spread(model, 3.0, 6, ideals={"post": "input"}, reference=runs[0])
    assert deploy.compare_traces(*runs, kept).to_dict() == first
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(deploy.BadInput, match="not a whole spread file"):
        deploy.Spread.load(path)
    runs[0].save(tmp_path / "run.npz")
    with pytest.raises(deploy.BadInput, match="not one of loihi-deploy spread"):
        deploy.Spread.load(tmp_path / "run.npz")


def test_builds_have_other_neurons_and_the_same_signals(runs, yardstick):
    reference = runs[0]
    for run in yardstick.builds:
        np.testing.assert_array_equal(run["input"].samples, yardstick.repeats[0]["input"].samples)
        assert not np.array_equal(run["pre spikes"].counts(), reference["pre spikes"].counts())
        assert "weights of learned" not in run.traces
    rates = np.array([run["pre spikes"].counts() for run in yardstick.repeats])
    assert np.all(np.abs(rates - rates[0]) <= 3 + 0.1 * rates[0])
    assert len({run["pre"].samples.tobytes() for run in yardstick.repeats}) == 4


@pytest.mark.quick
def test_trained_neurons_are_no_others_in_builds():
    with nengo.Network(seed=0) as net:
        drawn, trained, deep = (nengo.Ensemble(5, 1, label=name) for name in "abc")
        out = nengo.Node(size_in=1)
        nengo.Connection(drawn, out)
        nengo.Connection(trained, out, solver=nengo.solvers.NoSolver(np.ones((5, 1))))
        nengo.Connection(drawn, deep.neurons, transform=-np.ones((5, 1)))
        nengo.Connection(deep.neurons, out, transform=np.arange(5.0)[None])
    copy = fix_seeds(net).network
    before = [ens.seed for ens in copy.all_ensembles]
    assert vary(copy, Variant(1)) == [] and [e.seed for e in copy.all_ensembles] == before
    assert vary(copy, Variant(1, 2)) == ["b", "c"]
    changed = [ens.seed != seed for ens, seed in zip(copy.all_ensembles, before)]
    assert changed == [True, False, False]


@pytest.mark.quick
def test_the_kind_of_a_signal_is_found_from_the_network():
    with nengo.Network() as net:
        u = nengo.Node(0.0)
        driven, integrator, behind, pre, post, error = (nengo.Ensemble(5, 1) for _ in range(6))
        nengo.Connection(u, driven, synapse=0.02)
        nengo.Connection(driven, integrator, synapse=0.1)
        nengo.Connection(integrator, integrator, synapse=0.1)
        nengo.Connection(integrator, behind)
        nengo.Connection(driven, pre)
        learned = nengo.Connection(pre, post, learning_rule_type=nengo.PES())
        nengo.Connection(post, error)
        nengo.Connection(error, learned.learning_rule)
        raw, fine = nengo.Probe(driven), nengo.Probe(driven, synapse=0.01)
        last, signal = nengo.Probe(behind), nengo.Probe(u)
    kind = dynamics_of(net)
    found = [kind(obj) for obj in (u, driven, integrator, behind, pre, post[0], error)]
    assert found == ["driven", "driven", "free", "free", "driven", "learned", "learned"]
    assert [seen_through(net, p) for p in (raw, fine, last, signal)] == [0.005, 0, 0.005, 0]


def test_an_integrator_and_an_oscillator_are_judged_by_what_they_are():
    with nengo.Network(seed=1) as net:
        start = nengo.Node(lambda t: [1, 0] if t < 0.1 else [0, 0])
        osc = nengo.Ensemble(100, 2)
        nengo.Connection(start, osc)
        turn = [[1.0, 1.5], [-1.5, 1.0]]
        nengo.Connection(osc, osc, synapse=0.1, transform=turn)
        nengo.Probe(osc, synapse=0.02, label="osc")
    found = deploy.compare(net, 4.0, ("cpu", "emulator"), spread=9)
    assert "judged as signals that are free: osc" in found.notes
    assert {"amplitude", "frequency"} <= {e.quantity for e in found.effects}
    assert found.outcome != "NO PARITY", found.verdict


# ------------------------------------------------------------------------------ limits


@pytest.mark.quick
def test_every_quantity_has_a_reason_and_a_floor():
    for name, quantity in QUANTITIES.items():
        assert name == quantity.name and len(quantity.why) > 15, name
        assert quantity.floor > 0 and 0 <= quantity.run <= quantity.build + 1e-12
        for value in (0.0, 0.1, -0.1):
            assert quantity.judged(quantity.shown(value)) == pytest.approx(value)


@pytest.mark.quick
def test_the_user_sets_limits(runs):
    strict = deploy.compare_traces(*runs, tolerances={"lag": Tolerance(5, 9)})
    assert {e.quantity for e in strict.different} == {"lag"}
    old = deploy.compare_traces(*runs, tolerances={"aligned error": Tolerance(high=1e-9)})
    assert {f.metric for f in old.failed} == {"aligned error"}
    assert old.outcome == "NO PARITY" and "aligned error of" in old.verdict
    with pytest.raises(deploy.BadInput, match="no quantity or figure 'lga'"):
        deploy.compare_traces(*runs, tolerances={"lga": Tolerance(-1, 1)})


@pytest.mark.quick
def test_tolerances_from_text():
    assert parse_tolerance("lag=-1:2") == {"lag": Tolerance(-1.0, 2.0)}
    assert parse_tolerance("gain=:2")["gain"].allows(-1e9)
    for text in ("lag", "lag=", "lag=:", "lag=a:b", "=1:2", "lag=1"):
        with pytest.raises(deploy.BadInput, match="written NAME=LOW:HIGH"):
            parse_tolerance(text)


def test_what_is_open_is_run_until_it_is_decided(monkeypatch):
    """An eighth of a second is too little to tell the lag of a slow signal."""
    with nengo.Network(seed=3) as net:
        ens = nengo.Ensemble(50, 1)
        nengo.Connection(nengo.Node(lambda t: np.sin(6 * t)), ens)
        nengo.Probe(ens, synapse=0.02, label="out")
    short = deploy.compare(net, 0.25, spread=6)
    assert short.outcome == "OPEN" and "to decide" in short.verdict
    longer = deploy.compare(net, 0.25, spread=6, until_decided=True)
    assert longer.reference.duration > 0.25 or sum(longer.spread) > 7
    assert longer.outcome != "OPEN" or longer.reference.duration >= 8 * 0.25 or longer.open
