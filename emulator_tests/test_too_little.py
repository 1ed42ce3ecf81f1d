"""Too little data is OPEN, with what would decide."""

from __future__ import annotations

import nengo
import numpy as np
import pytest

import deploy
from deploy.parity.comparison import NO_PARITY, OPEN_, PARITY
from deploy.parity.effects import judged_effects
from deploy.parity.run_values import QuantityValues
from deploy.traces.uncompared import FEWEST_SAMPLES


def network_of(seed):
    with nengo.Network(seed=seed) as net:
        ens = nengo.Ensemble(60, 1)
        nengo.Connection(nengo.Node(lambda t: 0.8 * np.sin(5 * t)), ens)
        nengo.Probe(ens.neurons, label="spikes")
        nengo.Probe(ens, synapse=0.02, label="x")
    return net


@pytest.fixture(scope="module")
def cpu():
    return deploy.run(network_of(421), 2.0, "cpu")


@pytest.mark.parametrize("count", [1, 2, 20, FEWEST_SAMPLES - 1])
@pytest.mark.parametrize("spread", [False, True])
def test_a_recording_of_a_few_samples_is_open(cpu, count, spread):
    samples = np.array(cpu["x"].samples[:count])  # the CPU's own, bit for bit
    recorded = deploy.read_recording({"x": samples}, {"dt": 0.001})
    yardstick = deploy.spread(network_of(421), 2.0, runs=6) if spread else None
    found = deploy.compare_traces(cpu, recorded, yardstick)
    assert found.outcome == OPEN_
    assert found.verdict.startswith("OPEN: nothing could be judged")
    assert "run longer" in found.verdict
    assert found.seconds_more > 0


@pytest.mark.parametrize("seconds", [0.001, 0.005, 0.02, 0.05, 0.15])
def test_short_healthy_runs_are_open(seconds):
    for seed in range(423, 427):
        net = network_of(seed)
        runs = [deploy.run(net, seconds, target, seed=seed) for target in ("cpu", "emulator")]
        found = deploy.compare_traces(*runs)
        assert found.outcome == OPEN_, found.verdict
        assert not found.different


def values(its, repeats):
    return QuantityValues(
        "x", "gain", [""], np.array([its]), np.array(repeats)[:, None], None, seconds=0.05
    )


@pytest.mark.parametrize("its", [1.2, 2.4999])
def test_wide_intervals_say_how_much_longer(its):
    """An estimate beside the edge of its margin, by chance, asked for no run at all."""
    effects = judged_effects([values(its, [-0.5, 0.0, 0.6, -0.1])])
    assert effects[0].outcome == "open"
    assert 1 < effects[0].longer < 100


def test_a_healthy_pair_of_two_seconds_is_still_judged(cpu):
    same = deploy.run(network_of(421), 2.0, "cpu")
    assert deploy.compare_traces(cpu, same).outcome == PARITY
    found = deploy.compare_traces(cpu, deploy.run(network_of(421), 2.0, "emulator"))
    assert found.outcome != NO_PARITY


SELDOM = 50.0  # s, which is longer than any run here


def of_every_kind(sample_every):
    """A network that learns, and all that can be probed of it."""
    with nengo.Network(seed=431) as net:
        stimulus = nengo.Node(lambda t: [np.sin(4 * t)])
        pre, post = nengo.Ensemble(30, 1), nengo.Ensemble(30, 1)
        error = nengo.Node(size_in=1)
        nengo.Connection(stimulus, pre)
        learned = nengo.Connection(pre, post, learning_rule_type=nengo.PES())
        nengo.Connection(post, error)
        nengo.Connection(stimulus, error, transform=-1)
        nengo.Connection(error, learned.learning_rule)
        for of, what in (
            (stimulus, "output"), (post, "decoded_output"), (post.neurons, "output"),
            (post.neurons, "voltage"), (post.neurons, "input"), (learned, "weights"),
            (learned.learning_rule, "error"),
        ):  # fmt: skip
            nengo.Probe(of, what, sample_every=sample_every, label=what + of.__class__.__name__)
        nengo.Probe(post.neurons, synapse=0.01, sample_every=sample_every, label="activity")
    return net


@pytest.mark.parametrize("runs", [0, 6])
def test_what_was_never_sampled_is_not_compared(tmp_path, runs):
    """Of no samples the shape, the last one and the worst were asked, with errors of NumPy's."""
    net = of_every_kind(SELDOM)
    found = deploy.compare(net, 0.2, spread=runs)
    beside = {each.trace for each in found.uncompared}
    assert beside | set(found.same) == {p.label for p in net.all_probes}
    for each in found.uncompared:
        assert each.why.startswith("it has 0 of "), each
    assert all(figure.trace.startswith(("weights of", "error of")) for figure in found.figures)
    found.save(tmp_path / "page")
    for label, trace in found.reference.traces.items():
        assert found.plot(label) is not None
        assert trace.rows.ndim == 2
    loaded = [deploy.Traces.load(path) for path in sorted((tmp_path / "page").glob("traces/*"))]
    assert deploy.compare_traces(*loaded).uncompared


def test_nothing_but_what_was_never_sampled_is_open():
    with nengo.Network(seed=432) as net:
        nengo.Probe(nengo.Ensemble(30, 1), sample_every=SELDOM, label="x")
    found = deploy.compare(net, 0.2, spread=0)
    assert found.outcome == OPEN_ and "0 of 36 samples" in found.verdict
