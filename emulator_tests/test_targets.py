"""Targets against what they stand for: Nengo core, and nengo-loihi used directly."""

import nengo
import numpy as np
import pytest

import deploy
from deploy.targets import find_target
from loihi_rules import fix_seeds
from loihi_rules.nengo_parts.settings import declare
from loihi_rules.systems.pes_connection import pes_connection

pytestmark = pytest.mark.quick


def test_cpu_is_nengo_core(small):
    traces = deploy.run(small, 0.7, "cpu", seed=4)
    copied = fix_seeds(small)
    with nengo.Simulator(copied.network, seed=4, progress_bar=False, optimize=False) as sim:
        sim.run(0.7)
    for probe in small.probes:
        np.testing.assert_array_equal(traces[probe.label].dense(), sim.data[copied.copies[probe]])


@pytest.mark.parametrize("target", ["emulator", "float-emulator"])
@pytest.mark.filterwarnings("ignore")
def test_emulators_are_nengo_loihis_own(small, target):
    """The same bits from nengo-loihi's engine, stepped through its queues."""
    traces = deploy.run(small, 0.7, target, seed=4)
    reference = deploy.run(small, 0.7, target, seed=4, engine="reference")
    assert "nengo-loihi" in reference.settings["engine"]
    for trace in traces:
        its = reference[trace.label].dense()
        np.testing.assert_array_equal(trace.dense(), its, err_msg=trace.label)
    assert 0.9 < traces["voltage"].samples.max() < 1.0 + 1e-6  # in thresholds
    assert traces.substrate == "no silicon"


def test_run_in_pieces_is_a_run_in_one(small, monkeypatch):
    whole = deploy.run(small, 0.5, "emulator")
    monkeypatch.setattr("deploy.workflows.run.CHUNK", 37)
    pieces = deploy.run(small, 0.5, "emulator")
    for trace in whole:
        np.testing.assert_array_equal(trace.dense(), pieces[trace.label].dense())


def test_learned_decoders_in_nengo_units():
    """Decoders read from the chip decode the chip's own spikes to its own output."""
    net = pes_connection(seed=5)
    with net:
        learned = next(c for c in net.connections if c.label == "learned")
        learned.synapse = None
        nengo.Probe(learned, "weights", label="decoders")
        nengo.Probe(learned.post, "input", label="arrives")
    traces = deploy.run(net, 1.0, "float-emulator", seed=1)
    spikes = traces["pre spikes"].dense()
    decoders = traces["decoders"].samples[:, 0, :]
    decoded = np.einsum("tn,tn->t", spikes, decoders)
    arrives = traces["arrives"].samples[:, 0]
    late = 2  # steps from a spike on the chip to its value on the host
    np.testing.assert_allclose(arrives[100 + late :], decoded[100:-late], atol=0.02)
    assert np.std(decoded[100:]) > 0.2


def test_learning_on_the_host_is_learning_in_nengo_core():
    """RLS from neurons that are kept on the host: the same weights as on the CPU."""
    with nengo.Network(seed=8) as net:
        declare(net, nengo.Ensemble, "on_chip")
        u = nengo.Node(lambda t: np.sin(9 * t), label="u")
        pre, post = nengo.Ensemble(20, 1, label="pre"), nengo.Ensemble(20, 1, label="post")
        net.config[pre].on_chip = False
        on_the_chip = nengo.Ensemble(20, 1, label="on the chip")
        nengo.Connection(u, pre)
        nengo.Connection(u, on_the_chip)
        conn = nengo.Connection(pre, post, learning_rule_type=nengo.RLS())
        error = nengo.Node(size_in=1)
        nengo.Connection(post, error)
        nengo.Connection(u, error, transform=-1)
        nengo.Connection(error, conn.learning_rule)
        nengo.Probe(conn, "weights", label="w")
        nengo.Probe(conn.learning_rule, "delta", label="delta")
        nengo.Probe(on_the_chip.neurons, label="spikes")
    cpu, chip = deploy.run(net, 0.3, "cpu"), deploy.run(net, 0.3, "emulator")
    for label in ("w", "delta"):
        np.testing.assert_allclose(cpu[label].samples, chip[label].samples, rtol=1e-9, atol=1e-15)
    assert np.abs(cpu["w"].samples[-1] - cpu["w"].samples[0]).max() > 1e-5
    assert len(chip["spikes"].spike_steps) > 0


def test_nothing_for_the_chip_runs_on_the_host():
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(20, 1, neuron_type=nengo.LIFRate(), label="e")
        nengo.Probe(ens, label="e")
    cpu, chip = deploy.run(net, 0.05, "cpu"), deploy.run(net, 0.05, "emulator")
    np.testing.assert_array_equal(cpu["e"].samples, chip["e"].samples)
    assert any("nothing of this model" in c["why"] for c in chip.changes)


def test_same_seed_same_bits_and_another_seed_others():
    runs = [deploy.run("pes-connection", 0.3, "emulator", seed=s) for s in (1, 1, 2)]
    same, other = runs[1], runs[2]
    for trace in runs[0]:
        np.testing.assert_array_equal(trace.dense(), same[trace.label].dense())
    assert not np.array_equal(runs[0]["post"].samples, other["post"].samples)


def test_global_generators_are_fixed_and_left_alone():
    with nengo.Network() as net:
        nengo.Probe(nengo.Node(lambda t: np.random.rand()), label="random")
    np.random.seed(77)
    expected = np.random.RandomState(77).rand(3)
    a = deploy.run(net, 0.02, "cpu", seed=1)["random"].samples
    b = deploy.run(net, 0.02, "cpu", seed=1)["random"].samples
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(np.random.rand(3), expected)


def test_warnings_of_a_users_own_code_are_kept():
    """Those of casts were taken for nengo-loihi's on NumPy 2, which has none any more."""

    def casts(x):
        np.array([np.nan]).astype(int)
        return x

    with nengo.Network(seed=1) as net:
        nengo.Connection(nengo.Ensemble(10, 1), nengo.Ensemble(10, 1), function=casts)
    for target in ("cpu", "emulator"):
        texts = deploy.run(net, 0.002, target).warnings
        if np.lib.NumpyVersion(np.__version__) >= "1.24.0":
            assert any("invalid value encountered in cast" in text for text in texts)


def test_warnings_of_the_target_are_kept():
    net = pes_connection(learning_rate=0.5)
    traces = deploy.run(net, 0.3, "emulator")
    assert any("were cut off" in text for text in traces.warnings)
    assert len(set(traces.warnings)) == len(traces.warnings)


def every_kind_of_probe():
    """A network that learns, and probes that each target serves in a way of its own."""
    with nengo.Network(seed=2) as net:
        u = nengo.Node(lambda t: np.sin(9 * t))
        pre, post, error = nengo.Ensemble(20, 1), nengo.Ensemble(20, 1), nengo.Node(size_in=1)
        nengo.Connection(u, pre)
        conn = nengo.Connection(pre, post, learning_rule_type=nengo.PES())
        nengo.Connection(post, error)
        nengo.Connection(u, error, transform=-1)
        nengo.Connection(error, conn.learning_rule)
        for obj, attr, every in (
            (u, None, None),
            (pre, None, 0.004),
            (pre, "scaled_encoders", None),
            (pre.neurons, None, None),
            (pre.neurons, "voltage", None),
            (pre.neurons, "input", None),
            (pre.neurons, "refractory_time", 0.002),
            (post.neurons[:3], "voltage", 0.003),
            (conn, "weights", 0.003),
            (conn.learning_rule, "error", None),
            (conn.learning_rule, "delta", None),
            (conn.learning_rule, "delta", 0.003),
        ):
            nengo.Probe(obj, attr, sample_every=every)
    return net


@pytest.mark.parametrize(
    "target, engine",
    [
        ("cpu", "fast"),
        ("emulator", "fast"),
        ("emulator", "reference"),
        ("float-emulator", "fast"),
        ("float-emulator", "reference"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_samples_are_those_since_they_were_cleared(target, engine):
    """All of them however often they are read, of any kind of probe, and none twice."""

    def opened():
        copied = fix_seeds(every_kind_of_probe())
        return find_target(target).with_engine(engine).open(
            copied, 0.001, 0
        ), copied.copies.values()

    session, objects = opened()
    with session:
        session.run_steps(21)
        whole = [session.samples(p) for p in objects if isinstance(p, nengo.Probe)]
    session, objects = opened()
    probes = [obj for obj in objects if isinstance(obj, nengo.Probe)]

    def read():
        first, second = [[session.samples(probe) for probe in probes] for _ in range(2)]
        for a, b in zip(first, second):
            np.testing.assert_array_equal(a, b)
            assert a is not b
        return first

    with session:
        assert {samples.shape for samples in read()} == {(0,)}
        session.clear()
        session.run_steps(7)
        read()
        session.run_steps(4)
        before = read()
        for _ in range(2):
            session.clear()
            assert {samples.shape for samples in read()} == {(0,)}
        session.run_steps(10)
        for a, b, of_all in zip(before, read(), whole):
            np.testing.assert_array_equal(np.concatenate([a, b]), of_all)
        assert [len(samples) for samples in whole] == [21, 5, 21, 21, 21, 21, 10, 7, 7, 21, 21, 7]
        assert session.samples(every_kind_of_probe().probes[0]) is None


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda net: deploy.run(net, 0.0), "duration must be more than 0 s"),
        (lambda net: deploy.run(net, float("nan")), "duration must be a number"),
        (lambda net: deploy.run(net, 1.0, dt=-0.001), "dt must be more than 0 s"),
        (lambda net: deploy.run(net, 1e-5), "less than one step"),
        (lambda net: deploy.run(net, 1e300), "at most"),
        (lambda net: deploy.run(net, 0.1, seed=-1), "seed must be from 0"),
        (lambda net: deploy.run(net, 0.1, seed=1.5), "seed must be a whole number"),
        (lambda net: deploy.run(net, 0.1, "gpu"), "there is no target 'gpu'"),
        (lambda net: deploy.run(42, 0.1), "a model is a nengo.Network"),
        (lambda net: deploy.compare(net, 0.1, ["cpu"]), "two targets at least"),
        (lambda net: deploy.compare(net, 0.1, ["cpu", "cpu"]), "named once"),
        (lambda net: deploy.run(net, 0.1, ideals={"value": "nothing"}), "no probe 'nothing'"),
    ],
)
def test_bad_values_are_said_in_one_line(small, call, said):
    with pytest.raises(deploy.BadInput, match=said) as error:
        call(small)
    assert "\n" not in str(error.value)
