"""What a verdict rests on: a chip that had a part in it, figures, and reasons that fit."""

import json
from dataclasses import replace

import nengo
import numpy as np
import pytest

import deploy
from deploy.models.variants import Variant
from deploy.parity import QUANTITIES, measures
from deploy.parity.effects import effects_of
from deploy.parity.metrics.learning_curve import learning_curve
from deploy.parity.metrics.pair import Pair
from deploy.parity.statistics.decision import K
from deploy.parity.statistics.learning import while_taught
from deploy.parity.statistics.path import fit_path, lost_gain
from deploy.parity.tolerances import Tolerance
from deploy.traces.sources import sources_of
from deploy.traces.trace import Trace
from deploy.workflows.run import run

MODEL = """
import nengo
import numpy as np
with nengo.Network(seed=1) as model:
    u = nengo.Node(lambda t: np.sin(6 * t), label="u")
    a = nengo.Ensemble(20, 1, label="a"{more})
    nengo.Connection(u, a)
    nengo.Probe(u, label="input")
    {probe}
"""
PROBE = 'nengo.Probe(a, synapse=0.02, label="value")'
IZHIKEVICH = ", neuron_type=nengo.Izhikevich()"


# --------------------------------------------------------------------- the chip has no part in it


@pytest.mark.parametrize(
    "more, probe, said",
    [
        (IZHIKEVICH, PROBE, "no Izhikevich neurons, only LIF and SpikingRectifiedLinear (a)"),
        (", neuron_type=nengo.AdaptiveLIF()", PROBE, "no AdaptiveLIF neurons"),
        ("", "", "nothing that is on the chip goes into what is probed"),
    ],
)
def test_what_the_chip_has_no_part_in_is_not_tested(loihi_deploy, tmp_path, more, probe, said):
    (tmp_path / "model.py").write_text(MODEL.format(more=more, probe=probe))
    done = loihi_deploy("compare", "model.py", "--duration", 0.2, "--spread", 0, "--json")
    record = json.loads(done.stdout)
    assert (done.returncode, record["outcome"], record["ok"]) == (1, "NOT TESTED", False)
    assert record["effects"] == [] and said in record["verdict"]


def test_a_network_without_neurons_is_not_tested():
    with nengo.Network(seed=1) as net:
        nengo.Probe(nengo.Node(np.sin), label="input")
    found = deploy.compare(net, 0.2)
    assert found.outcome == "NOT TESTED" and "it has no neurons" in found.verdict
    assert "it has no neurons" in deploy.check(net).verdict


def test_inputs_are_shown_and_not_counted():
    with nengo.Network(seed=1) as net:
        u = nengo.Node(lambda t: np.sin(6 * t))
        a = nengo.Ensemble(20, 1)
        host = nengo.Ensemble(20, 1, neuron_type=nengo.Izhikevich())
        nengo.Connection(u, a)
        nengo.Connection(u, host)
        nengo.Probe(u, label="input")
        nengo.Probe(host, synapse=0.02, label="on the host")
        nengo.Probe(a, synapse=0.02, label="value")
    found = deploy.compare(net, 0.3, spread=0)
    assert found.same == ("input", "on the host")
    assert {e.trace for e in found.effects} == {"value"}
    assert {f.trace for f in found.figures} == {"input", "on the host", "value"}
    assert found.to_dict()["not counted"] == ["input", "on the host"]


def test_what_comes_back_by_a_shared_object_is_counted():
    """The second node has no connection from the chip, and gets what came from there."""
    held = [0.0]
    with nengo.Network(seed=1) as net:
        a = nengo.Ensemble(20, 1)
        nengo.Connection(nengo.Node(lambda t: np.sin(6 * t)), a)
        nengo.Connection(a, nengo.Node(lambda t, x: held.__setitem__(0, float(x[0])), size_in=1))
        nengo.Probe(nengo.Node(lambda t: held[0]), label="by the way")
    found = deploy.compare(net, 0.3, spread=0)
    assert found.same == () and {e.trace for e in found.effects} == {"by the way"}


@pytest.mark.quick
def test_a_probes_sources_are_found_over_rules_and_connections():
    with nengo.Network() as net:
        u = nengo.Node(0.0)
        pre, post, error, other = (nengo.Ensemble(5, 1) for _ in range(4))
        nengo.Connection(u, pre)
        learned = nengo.Connection(pre, post[0], learning_rule_type=nengo.PES())
        nengo.Connection(error, learned.learning_rule)
        probes = [
            nengo.Probe(obj, attr)
            for obj, attr in (
                (u, "output"),
                (pre.neurons, "output"),
                (post, "decoded_output"),
                (learned, "weights"),
                (other, "decoded_output"),
            )
        ]
    behind = sources_of(net)
    all_three = {pre, post, error}
    assert [behind(p) for p in probes] == [set(), {pre}, all_three, all_three, {other}]


# --------------------------------------------------------------------- figures that there are not


def two(label, kind, own, its, **more):
    """A pair of runs with one trace."""
    runs = []
    for target, samples in (("cpu", own), ("emulator", its)):
        samples = np.asarray(samples, float).reshape(len(samples), -1)
        trace = Trace(label, kind, 1.0, len(samples), samples, **more)
        runs.append(deploy.Traces("m", target, "", 0, 0.001, len(samples), "f", {label: trace}))
    return runs


@pytest.mark.quick
def test_what_cannot_be_measured_is_said_with_its_reason():
    samples, said = np.ones(500), "does not vary"
    found = deploy.compare_traces(*two("p", "decoded", samples, samples, radius=1.0))
    missing = {each.quantity: each.why for each in found.unmeasured}
    assert {"gain", "lag"} <= set(missing) and said in missing["gain"]
    assert any(said in line for line in found.unmeasured_in_words)


@pytest.mark.quick
def test_too_few_samples_are_said_to_be_that():
    samples = np.sin(np.arange(20) / 3)
    found = deploy.compare_traces(*two("p", "decoded", samples, samples, radius=1.0))
    assert "p is not compared (it has 20 of 36 samples that are needed; run longer" in found.verdict


@pytest.mark.quick
def test_a_constant_has_no_lag_gain_and_correlation_and_says_so():
    found = deploy.compare_traces(*two("p", "decoded", np.ones(500), np.ones(500), radius=1.0))
    figures = {f.metric: f for f in found.figures}
    for name in ("lag", "gain", "correlation"):
        assert np.isnan(figures[name].value) and "hardly varies" in figures[name].note


@pytest.mark.quick
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300, -1e16])
@pytest.mark.parametrize("where", ["reference", "judged run", "spread"])
def test_samples_that_are_no_numbers_are_never_parity(value, where):
    """One NaN of the reference was PARITY, and one of the other run an IndexError."""
    signal = np.sin(np.arange(600) / 30)
    broken = np.where(np.arange(600) == 400, value, signal)
    beside = Trace("u", "value", 1.0, 600, signal[:, None], dynamics="driven")

    def beside_u(samples):
        own = two("p", "decoded", samples, samples, radius=1.0, ideal="u")[0]
        return replace(own, traces={**own.traces, "u": beside})

    runs = {
        name: beside_u(broken if name == where else signal) for name in ("reference", "judged run")
    }
    others = [beside_u(signal), beside_u(broken if where == "spread" else signal)]
    spread = deploy.Spread((runs["reference"], *others), tuple(others))
    for yardstick in (None, spread):
        if yardstick is None and where == "spread":
            continue
        found = deploy.compare_traces(runs["reference"], runs["judged run"], yardstick)
        assert found.outcome == "OPEN" and {e.trace for e in found.effects} == {"u"}
        assert {f.trace for f in found.figures} == {"u"}
        said = f"p is not compared (in the {where}, NaN, infinite or above 1e+15 in 1 of 600"
        assert said in found.verdict and "at 0.401 s" in found.verdict


@pytest.mark.quick
def test_nothing_but_what_is_no_number_is_no_verdict():
    found = deploy.compare_traces(*two("p", "decoded", np.ones(500), np.full(500, np.nan)))
    assert found.outcome == "NO VERDICT" and "p is not compared (in the judged" in found.verdict


@pytest.mark.quick
def test_a_verdict_from_one_quantity_says_so():
    voltage = np.random.RandomState(0).rand(500, 2)
    found = deploy.compare_traces(*two("v", "voltage", voltage, voltage))
    assert found.verdict.startswith(
        "PARITY: the only quantity that could be judged, voltages apart of v, which is little"
    )


# ------------------------------------------------------------------------------ no artefacts


def taught_and_switched_off(seconds, rate):
    """An error that falls by a third within 3 s, by noise of its own, and is then switched off."""
    t = 0.001 * np.arange(4000)
    noise = np.random.RandomState(1).randn(len(t))
    error = (1 - rate * t / seconds) * (1 + 0.1 * noise)
    return np.where(t < seconds, error, 0.0)


@pytest.mark.quick
def test_an_error_that_is_switched_off_is_not_halved_by_that():
    error = taught_and_switched_off(3.0, 0.1)[:, None]  # hardly falls
    assert while_taught(error[None]).sum() == 3000
    trace = Trace("e", "error", 1.0, len(error), error)
    figures = {f.metric: f for f in learning_curve(Pair(trace, trace, 0.001))}
    assert "time to half, reference" not in figures
    assert "does not fall" in figures["time to half, difference"].note
    names = {e.quantity for e in effects_of(*two("e", "error", error, error))}
    assert names == {"final error"}


@pytest.mark.quick
def test_an_error_that_falls_is_halved_while_it_is_taught():
    error = taught_and_switched_off(3.0, 1.0)[:, None]
    trace = Trace("e", "error", 1.0, len(error), error)
    figures = {f.metric: f.value for f in learning_curve(Pair(trace, trace, 0.001))}
    assert figures["time to half, reference"] == pytest.approx(1.3, abs=0.3)


@pytest.mark.quick
def test_an_error_that_crosses_zero_is_not_switched_off():
    t = 0.001 * np.arange(4000)
    assert while_taught(np.sin(40 * t)[None, :, None]).all()


# --------------------------------------------------------------------- reasons fit their values


def test_a_margin_has_the_reason_that_made_it(small):
    found = deploy.compare(small, 0.5, spread=6)
    assert found.effects
    for effect in found.effects:
        kind = QUANTITIES[effect.quantity]
        half = kind.judged(effect.margin[1])
        if half <= kind.floor * (1 + 1e-9):
            assert effect.why == kind.why.format(of=effect.of)
        else:
            assert effect.why.startswith(f"{K:g} standard deviations of ")
            assert half == pytest.approx(K * effect.build)
    limited = deploy.compare_traces(*found.runs, tolerances={"gain": Tolerance(0.5, 2.0)})
    assert {e.why for e in limited.effects if e.quantity == "gain"} == {"set by the user"}


@pytest.mark.parametrize(
    "edges, shown",
    [
        ([-1.0, 0.104, 0.9961], ["-1", "0.1", "1"]),
        ([0.9, 0.9931, 0.9962, 1.0004], ["0.9", "0.993", "0.996", "1"]),
        ([0.5, 0.5, 0.5], ["0.5", "0.5", "0.5"]),
    ],
)
def test_ranges_have_ends_that_differ(edges, shown):
    assert measures._apart(np.array(edges)) == shown


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_one_pair_of_runs_cannot_tell_noise_from_a_signal(seed):
    """Of a constant, the CPU's noise was the signal, and the chip's 99 % too small."""
    with nengo.Network(seed=seed) as net:
        a, b = nengo.Ensemble(80, 1), nengo.Ensemble(80, 1)
        nengo.Connection(nengo.Node(0.6), a)
        nengo.Connection(a, b)
        nengo.Probe(b, synapse=0.02, label="b")
    found = deploy.compare(net, 2.0, spread=0)
    assert [each.quantity for each in found.undecided if each.quantity != "offset"] == ["gain"]
    assert {each.quantity for each in found.different} <= {"offset"}  # which a constant does tell
    if not found.different:
        assert found.outcome == "OPEN" and "gain of b" in found.verdict
        assert "judge by more runs (--spread) to decide: " in found.verdict


@pytest.mark.parametrize("seed", [0, 1, 10])
def test_one_pair_of_runs_cannot_tell_noise_from_what_a_filter_does_at_the_start(seed):
    """Of a constant, two healthy CPU runs shared the filter's rise, and were "61 % too small"."""
    with nengo.Network(seed=900 + seed) as net:
        a = nengo.Ensemble(120, 2)
        nengo.Connection(nengo.Node([0.4, -0.3]), a)
        nengo.Probe(a, synapse=0.05, label="a")
    pair = [run(net, 3.0, "cpu", seed, variant=Variant(v)) for v in (None, 77 + seed)]
    found = deploy.compare_traces(*pair)
    assert found.outcome == "OPEN" and not found.different
    assert [each.quantity for each in found.undecided] == ["gain"]


@pytest.mark.quick
@pytest.mark.parametrize("noise", [0.05, 0.2, 0.5])
def test_what_noise_of_the_reference_takes_of_a_gain_is_bounded(noise):
    """In closed form it is σ² / (1 + σ²) of a signal of variance 1; by both runs' noise, twice."""
    t = 0.001 * np.arange(4000)
    signal = np.sqrt(2) * np.sin(2 * np.pi * 1.5 * t)
    lost, bounds, moves = [], [], ("lag", "time base")  # which would find noise alike
    for seed in range(40):
        white = np.random.RandomState(seed).randn(2, len(t) + 15)
        smooth = [np.convolve(each, np.full(16, 0.25), "valid") for each in white]  # as filtered
        r, o = signal + noise * np.array(smooth)
        lost.append(1 - fit_path(r[:, None], o[:, None], 0.001, [moves]).gain[0])
        bounds.append(lost_gain(r, o, 0.001, moves))
    share = noise**2 / (1 + noise**2)
    assert np.mean(lost) == pytest.approx(share, abs=3 * np.std(lost) / np.sqrt(len(lost)))
    assert share < np.mean(bounds) < 2.1 * share


@pytest.mark.quick
@pytest.mark.parametrize("times", [0.3, 3.0, 64.0])
def test_one_pair_of_runs_does_tell_of_another_scale(times):
    """What is times as large has times the noise, of which the reference has no more for that."""
    signal = np.sin(np.arange(3000) / 100)
    own, its = signal + 0.08 * np.random.RandomState(1).randn(2, len(signal))
    found = deploy.compare_traces(*two("p", "decoded", own, times * its, radius=1.0))
    assert found.effect("p", "gain").value == pytest.approx(times, rel=0.05)
    assert "gain" in {each.quantity for each in found.different}


@pytest.mark.quick
@pytest.mark.parametrize("noise, known", [(0.02, True), (0.5, False)])
def test_one_pair_of_runs_does_not_tell_the_gain_of_noisy_neurons(noise, known):
    """Filtered spikes of equal rates, a third too small by the noise of the reference alone."""
    signal = 1 + np.sin(np.arange(3000) / 100)[:, None] * np.ones(20)
    own, its = signal + noise * np.random.RandomState(1).randn(2, *signal.shape)
    found = deploy.compare_traces(*two("p", "activity", own, its))
    said = {each.quantity: each.why for each in found.unmeasured}
    assert ("gain" in {each.quantity for each in found.effects}) == known
    assert ("may be noise" in said.get("gain", "")) != known


@pytest.mark.quick
@pytest.mark.parametrize("dynamics, outcome", [("driven", "NO PARITY"), ("free", "PARITY")])
def test_one_pair_of_runs_does_not_follow_what_is_in_a_loop(dynamics, outcome):
    """Equally good integrators part, and what is late in one may be another."""
    signal = np.sin(np.arange(4000) / 200)
    late = np.sin((np.arange(4000) - 10) / 200)
    found = deploy.compare_traces(*two("p", "decoded", signal, late, radius=1.0, dynamics=dynamics))
    assert found.outcome == outcome
    said = {each.quantity: each.why for each in found.unmeasured}
    assert ("may part" in said.get("lag", "")) == (dynamics == "free")


@pytest.mark.quick
@pytest.mark.parametrize("steps, outcome", [(500, "OPEN"), (2000, "PARITY")])
def test_one_pair_of_short_runs_does_not_decide(steps, outcome):
    signal = np.sin(np.arange(steps) / 30)
    found = deploy.compare_traces(
        *two("p", "decoded", signal, 1.005 * signal, radius=1.0, dynamics="driven")
    )
    assert found.outcome == outcome
    assert outcome == "PARITY" or "run 1.5 s more to decide" in found.verdict


@pytest.mark.quick
@pytest.mark.parametrize("longer, said", [(1.001, "run 0.2 s more"), (1.5, "run 1 s more")])
def test_no_fraction_of_a_step_is_asked_for(longer, said):
    """What is at the edge of its margin was to be decided by "0.0025 s more"."""
    signal = np.sin(np.arange(2000) / 30)
    found = deploy.compare_traces(*two("p", "decoded", signal, signal, radius=1.0))
    first = replace(found.effects[0], outcome="open", longer=longer)
    assert said in replace(found, effects=(first,)).verdict


def test_what_is_silent_is_no_noise():
    """On the chip next to nothing is left of a signal, and of its noise."""
    steps = np.arange(2000)
    signal = np.sin(steps / 80)[:, np.newaxis]
    noise = 0.003 * np.random.RandomState(1).randn(len(steps), 1)
    found = deploy.compare_traces(*two("b", "decoded", signal, noise))
    assert found.outcome == "NO PARITY"
    assert not found.undecided
