"""Traces: what they hold, their file, and what becomes of damaged ones."""

import json
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from spike_traces import spike_trace

import deploy
from deploy.traces.trace import Trace
from deploy.traces.traces import Traces

pytestmark = pytest.mark.quick


@pytest.fixture(scope="module")
def run():
    return deploy.run("pes-connection", 0.3, "emulator", seed=2)


def test_round_trip(run, tmp_path):
    back = Traces.load(run.save(tmp_path / "a.npz"))
    assert back.to_dict() == run.to_dict()
    for trace in run:
        np.testing.assert_array_equal(trace.dense(), back[trace.label].dense())
        np.testing.assert_array_equal(trace.steps, back[trace.label].steps)


def test_same_bytes_but_for_the_time(run, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    paths = [
        deploy.run("pes-connection", 0.2, "emulator", seed=2).save(tmp_path / f"{k}.npz")
        for k in range(2)
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_record_names_what_it_is(run):
    record = run.to_dict()
    assert (record["target"], record["substrate"]) == ("emulator", "no silicon")
    assert record["settings"]["arithmetic"] == "integer"
    assert record["versions"]["nengo-loihi"] == "1.1.0"
    assert len(record["fingerprint"]) == 64
    units = {t["label"]: t["unit"] for t in record["traces"]}
    assert units["pre spikes"] == "spikes" and units["post"] == "represented value"


def test_fingerprint_tells_models_apart():
    from deploy.models.fingerprint import fingerprint
    from loihi_rules.systems.pes_connection import pes_connection

    assert fingerprint(pes_connection()) == fingerprint(pes_connection())
    marks = {
        fingerprint(net)
        for net in (
            pes_connection(),
            pes_connection(seed=1),
            pes_connection(neurons=51),
            pes_connection(learning_rate=1e-4),
        )
    }
    assert len(marks) == 4


def test_sparse_spikes_are_the_dense_ones():
    rng = np.random.RandomState(0)
    dense = 1000.0 * (rng.rand(50, 7) < 0.2)
    trace = spike_trace("s", dense)
    np.testing.assert_array_equal(trace.dense(), dense)
    np.testing.assert_array_equal(trace.counts(), (dense > 0).sum(axis=0))
    for neuron, train in enumerate(trace.spike_trains(0.001)):
        np.testing.assert_allclose(train, 0.001 * (np.flatnonzero(dense[:, neuron]) + 1))


def test_a_million_spikes_are_read_quickly_and_once(run, tmp_path):
    n = 1_000_000
    steps = np.sort(np.random.RandomState(0).randint(1, 100_001, n)).astype(np.int64)
    neurons = np.zeros(n, np.int32)
    trace = Trace(
        "s", "spikes", 1.0, 100_000, spike_steps=steps, spike_neurons=neurons, n_neurons=1
    )
    big = Traces("m", "cpu", "Nengo core", 0, 0.001, 100_000, "0" * 64, {"s": trace})
    path = big.save(tmp_path / "big.npz")
    tracemalloc.start()
    start = time.perf_counter()
    back = Traces.load(path)
    took = time.perf_counter() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(back["s"].spike_steps) == n
    assert peak < 1.5 * (steps.nbytes + neurons.nbytes), "read more than once"
    assert took < 5  # not a benchmark: a spike-by-spike reader would need far longer


def damage(path, tmp_path, how):
    """A damaged copy of a traces file."""
    bad = tmp_path / f"{how}.npz"
    data = bytearray(path.read_bytes())
    if how == "truncated":
        bad.write_bytes(data[: len(data) // 2])
    elif how == "byte flipped":
        data[len(data) // 2] ^= 0xFF
        bad.write_bytes(data)
    elif how == "empty":
        bad.write_bytes(b"")
    elif how == "text":
        bad.write_text("not a zip")
    elif how == "foreign npz":
        np.savez(bad, a=np.arange(3))
    elif how == "pickled":
        np.savez(bad, json=np.array([{"a": 1}], dtype=object))
    else:
        rewritten(path, bad, how)
    return bad


def rewritten(path, bad, how):
    with np.load(path, allow_pickle=False) as npz:
        arrays = {name: npz[name] for name in npz.files}
    record = json.loads(bytes(arrays["json"]).decode())
    if how == "newer":
        record["version"] = 99
    elif how == "json of another kind":
        record = [1, 2]
    elif how == "missing key":
        del record["dt"]
    elif how == "array missing":
        del arrays["0.samples"]
    elif how == "too short":
        arrays["0.samples"] = arrays["0.samples"][:5]
    elif how == "strings":
        arrays["0.samples"] = np.array(["x"] * len(arrays["0.samples"]))
    elif how == "spike outside":
        name = next(n for n in arrays if n.endswith(".steps"))
        arrays[name] = arrays[name] + 10_000
    arrays["json"] = np.frombuffer(json.dumps(record).encode(), np.uint8)
    np.savez(bad, **arrays)


@pytest.mark.parametrize(
    "how",
    ["truncated", "byte flipped", "empty", "text", "foreign npz", "pickled", "newer",
     "json of another kind", "missing key", "array missing", "too short", "strings",
     "spike outside"],
)  # fmt: skip
def test_damaged_files_get_one_line(run, tmp_path, how):
    bad = damage(run.save(tmp_path / "good.npz"), tmp_path, how)
    with pytest.raises(deploy.BadInput) as error:
        Traces.load(bad)
    assert str(bad) in str(error.value) and "\n" not in str(error.value)
    if how == "newer":
        assert "newer" in str(error.value) and "upgrade" in str(error.value)


def test_a_failed_save_leaves_nothing(run, tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    run.save(path)
    before = path.read_bytes()

    def full(*arguments, **arrays):
        arguments[0].write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(deploy.BadInput, match="No space left"):
        run.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]
    assert zipfile.is_zipfile(path)


def test_to_pandas_is_tidy(run):
    table = pytest.importorskip("pandas") and run.to_pandas()
    assert list(table.columns) == ["trace", "kind", "unit", "time", "index", "value"]
    spikes = table[table["trace"] == "pre spikes"]
    assert len(spikes) == len(run["pre spikes"].spike_steps)
    post = table[table["trace"] == "post"]
    np.testing.assert_array_equal(post["value"], run["post"].samples.ravel())


def test_to_neo_keeps_spikes_and_signals(run):
    pytest.importorskip("neo")
    segment = run.to_neo().segments[0]
    assert len(segment.spiketrains) == 50
    np.testing.assert_array_equal([len(t) for t in segment.spiketrains], run["pre spikes"].counts())
    post = next(s for s in segment.analogsignals if s.name == "post")
    np.testing.assert_array_equal(np.asarray(post), run["post"].samples)
    assert float(post.sampling_period.rescale("s")) == pytest.approx(0.001)


def test_unknown_label_is_said(run):
    with pytest.raises(deploy.BadInput, match="it has 'input', 'pre'"):
        run["psot"]
