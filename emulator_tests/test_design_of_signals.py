"""Signals that tell little: what they cannot tell is left out by name, and the rest is judged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import stdtrit

from benchmarks.verdict_coverage import DT, band_limited, coloured
from deploy import compare_traces
from deploy.parity import Spread
from deploy.parity.statistics.design import TERMS
from deploy.parity.statistics.path import fit_path, mixed_terms, path_precision
from deploy.traces.dynamics import DRIVEN
from deploy.traces.trace import Trace
from deploy.traces.traces import Traces

pytestmark = pytest.mark.quick
N = 1000
NOISE = 0.005

SIGNALS = {
    "ramp": lambda u: 2 * u - 1,
    "ramp from 0": lambda u: u,
    "quarter of a sine": lambda u: np.sin(0.5 * np.pi * u),
    "half a sine": lambda u: np.sin(np.pi * u),
    "exponential": lambda u: np.exp(-3 * u),
    "step": lambda u: np.where(u > 0.5, 0.8, -0.3),
    "saw": lambda u: 2 * ((4 * u) % 1) - 1,
    "constant": lambda u: 0.5 + 0 * u,
}
VARYING = sorted(set(SIGNALS) - {"constant"})


def signal(name, n=N):
    return SIGNALS[name](np.arange(n) / n)


def run(samples, target="cpu"):
    trace = Trace(
        "x", "decoded", 1.0, len(samples), samples=samples[:, None], radius=1.0, dynamics=DRIVEN
    )
    return Traces("m", target, "", 0, DT, len(samples), "f", {"x": trace})


class Process:
    """Runs of one model: its builds are wrong by an offset and a gain, its runs by noise."""

    def __init__(self, name, seed, wrong=0.01):
        self._signal, self._wrong = signal(name), wrong
        self._rng = np.random.RandomState(seed)
        self._own = self._build()
        self.reference = run(self.samples())
        repeats = (self.reference, *(run(self.samples()) for _ in range(3)))
        self.spread = Spread(repeats, tuple(run(self._noisy(self._build())) for _ in range(9)))

    def samples(self):
        return self._noisy(self._own)

    def _build(self):
        gain, offset = self._wrong * self._rng.randn(2)
        return (1 + gain) * self._signal + offset

    def _noisy(self, path):
        return path + coloured(len(path), self._rng, NOISE)

    def judged(self, change, alone):
        found = run(change(self.samples()), "emulator")
        return compare_traces(self.reference, found, None if alone else self.spread)


@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize(
    "name, left_out",
    [
        ("ramp", {"lag": {"offset"}, "drift": {"gain"}, "time base": {"gain"}}),
        ("ramp from 0", {"lag": {"offset"}, "drift": {"gain"}, "time base": {"gain"}}),
        ("half a sine", {"drift": {"lag"}, "time base": {"gain", "offset"}}),
        ("step", {"time base": {"lag"}}),
        ("saw", {}),
    ],
)
def test_terms_that_a_signal_does_not_tell_are_named(name, left_out, noise):
    path = signal(name) + (coloured(N, np.random.RandomState(0), noise) if noise else 0)
    assert {term: set(names) for term, names in mixed_terms(path[:, None], DT)[0].items()} == (
        left_out
    )


def test_an_exponential_is_late_as_it_is_large():
    assert set(mixed_terms(signal("exponential")[:, None], DT)[0]["lag"]) == {"gain", "offset"}


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.02, 0.05]))
def test_a_signal_that_varies_tells_everything(seed, noise):
    rng, n = np.random.RandomState(seed), 4 * N
    path = band_limited(n, rng)(DT * np.arange(n)) + (coloured(n, rng, noise) if noise else 0)
    assert mixed_terms(path[:, None], DT) == [{}]


@settings(max_examples=40)
@given(
    st.sampled_from(["ramp", "ramp from 0", "quarter of a sine", "exponential"]),
    st.floats(0.7, 1.4),
    st.floats(-0.2, 0.2),
    st.floats(0.2, 1.0),
    st.integers(400, 3000),
)
def test_what_is_left_is_what_was_put_in(name, gain, offset, size, n):
    """Whatever stands for what is left out: there is none of it."""
    r = size * signal(name, n)
    found = fit_path(r[:, None], (gain * r + offset)[:, None], DT)
    assert found.gain[0] == pytest.approx(gain, abs=1e-6)
    assert found.offset[0] == pytest.approx(offset + (gain - 1) * r.mean(), abs=1e-6)
    assert np.isnan(found.lag[0]) and np.isnan(found.time_base[0])
    assert found.residual[0] < 1e-6


@settings(max_examples=40)
@given(st.floats(-0.3, 0.3), st.integers(400, 3000))
def test_a_drift_of_a_ramp_is_a_gain(drift, n):
    r = signal("ramp", n)
    tau = np.arange(n) / n - 0.5
    found = fit_path(r[:, None], (r + drift * tau)[:, None], DT)
    assert found.gain[0] == pytest.approx(1 + drift / 2, abs=1e-3)
    assert np.isnan(found.offset_drift[0])


@pytest.mark.parametrize("name", [*VARYING, "random"])
def test_one_pair_of_runs_knows_how_well_it_knows(name):
    """Truth within the 95 % interval, of gain and offset, from what the fit leaves."""
    hits = []
    for seed in range(60):
        rng = np.random.RandomState(seed)
        r = band_limited(N, rng)(DT * np.arange(N)) if name == "random" else signal(name)
        reference, other = (path + coloured(N, rng, 0.02) for path in (r, 1.1 * r + 0.02))
        without = mixed_terms(reference[:, None], DT)
        fit = fit_path(reference[:, None], other[:, None], DT, without)
        known = path_precision(reference, other, DT, without[0]).terms
        half = stdtrit(known.freedom, 0.975) * known.error
        hits.append(abs(fit.gain[0] - 1.1) <= half[TERMS.index("gain")])
        off = fit.offset[0] - (0.02 + 0.1 * reference.mean())
        hits.append(abs(off) <= half[TERMS.index("offset")])
    assert 0.87 < np.mean(hits) < 0.995


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("name", sorted(SIGNALS))
def test_healthy_runs_are_not_called_faulty(name, alone):
    outcomes = [Process(name, seed).judged(lambda x: x, alone).outcome for seed in range(12)]
    assert outcomes.count("NO PARITY") == 0, outcomes
    if not alone and name in ("ramp", "step", "saw"):  # in which all that is asked is known
        assert outcomes.count("PARITY") >= 9, outcomes


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("name", VARYING)
@pytest.mark.parametrize("gain", [0.85, 1.15])
def test_a_gain_is_caught(name, gain, alone):
    seeds = range(4)
    found = [Process(name, seed).judged(lambda x: gain * x, alone) for seed in seeds]
    assert [each.outcome for each in found].count("NO PARITY") == len(seeds)
    worst = [effect for each in found for effect in each.different if effect.quantity == "gain"]
    assert worst and all(abs(effect.value - gain) < 0.06 for effect in worst)


def test_what_an_effect_may_be_besides_is_said():
    process = Process("ramp", 0)
    tau = np.arange(N) / N - 0.5
    found = process.judged(lambda x: x + 0.4 * tau, alone=False)
    words = next(effect.words for effect in found.different if effect.quantity == "gain")
    assert "too large" in words and "or drift or time base, which the signal does not tell" in words
    left_out = [each for each in found.unmeasured if each.quantity == "drift"]
    assert [each.why for each in left_out] == [
        "the signal does not tell it from gain, which stands for it too; let the input vary "
        "otherwise, or for longer"
    ]
    assert not {"drift", "lag", "time base"} & {effect.quantity for effect in found.effects}


def test_late_is_an_offset_of_a_ramp():
    """50 ms of 2 in a second are 0.1."""
    found = Process("ramp", 1).judged(lambda x: x - 0.1, alone=False)
    assert found.outcome == "NO PARITY"
    effect = next(effect for effect in found.different if effect.quantity == "offset")
    assert effect.instead == "lag" and effect.value == pytest.approx(-0.1, abs=0.02)
