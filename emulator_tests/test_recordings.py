"""What other programs recorded: read, aligned where no sample changes, refused in one line else.

The truth is a run of our own: written by the formats' own libraries and read again, it has to be
judged as it is judged without that way.
"""

import json
import pickle
import re
import subprocess
import sys
import warnings
import zipfile
from dataclasses import replace
from datetime import datetime, timezone
from types import SimpleNamespace

import numpy as np
import pytest

import deploy
from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.parity.tolerances import Tolerance
from deploy.recordings import csv as csv_reader
from deploy.recordings.aligning import align
from deploy.recordings.formats import FORMATS

pytestmark = pytest.mark.quick
ROUNDED = 1e-9  # of a sample, in files of text


@pytest.fixture(scope="module")
def runs():
    return [deploy.run("pes-connection", 0.3, target, seed=2) for target in ("cpu", "emulator")]


def aligned(reference, other):
    return align(reference, other).runs


def without_instruments(run):
    return run.select([trace.label for trace in run if not trace.instrument])


def judged(reference, other):
    """What a verdict is drawn from; lessons' and learned weights' numbers are of whole runs."""
    parity = deploy.compare_traces(reference, other)
    return {(e.trace, e.quantity, e.where): e.value for e in parity.effects}


# ------------------------------------------------------------------ written by their libraries


def columns_of(run):
    """Wide: times, and a column a value; spikes as Nengo gives them."""
    columns = {"time": run.dt * np.arange(1, run.n_steps + 1)}
    for trace in run:
        dense = trace.dense().reshape(run.n_steps, -1)
        for i in range(dense.shape[1]):
            columns[f"{trace.label}[{i}]"] = dense[:, i]
    return columns


def write_npz(run, path):
    arrays = {trace.label: trace.dense() for trace in run}
    np.savez_compressed(path, t=run.dt * np.arange(1, run.n_steps + 1), **arrays)


def write_csv(run, path):
    columns = columns_of(run)
    names = ",".join(f'"{name}"' for name in columns)
    np.savetxt(path, np.array(list(columns.values())).T, "%.17g", ",", header=names, comments="")


def write_pandas_csv(run, path):
    pytest.importorskip("pandas")
    run.to_pandas().to_csv(path, index=False)


def write_parquet(run, path):
    pytest.importorskip("pyarrow")
    pytest.importorskip("pandas").DataFrame(columns_of(run)).to_parquet(path)


def write_tidy_parquet(run, path):
    pytest.importorskip("pyarrow")
    pytest.importorskip("pandas")
    run.to_pandas().to_parquet(path)


def write_feather(run, path):
    pytest.importorskip("pyarrow")
    pytest.importorskip("pandas").DataFrame(columns_of(run)).to_feather(path)


def write_nix(run, path):
    pytest.importorskip("h5py")
    pytest.importorskip("nixio")
    neo = pytest.importorskip("neo")
    with neo.io.NixIO(str(path), "ow") as stream:
        stream.write_block(run.to_neo())


def write_nwb(run, path):
    pynwb = pytest.importorskip("pynwb")
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    file = pynwb.NWBFile(session_description="a run", identifier="1", session_start_time=now)
    for trace in run:
        if trace.sparse:
            for train in trace.spike_trains(run.dt):
                file.add_unit(spike_times=train)
            continue
        # stored in thousandths, which its conversion says
        series = pynwb.TimeSeries(
            name=trace.label, data=1000 * trace.samples, unit="n.a.", conversion=1e-3,
            starting_time=run.dt, rate=1 / run.dt,
        )  # fmt: skip
        file.add_acquisition(series)
    with pynwb.NWBHDF5IO(str(path), "w") as stream:
        stream.write(file)


WRITERS = {
    "npz": (write_npz, "a.npz", {}),
    "CSV": (write_csv, "a.csv", {}),
    "tidy CSV of pandas": (write_pandas_csv, "a.csv", {}),
    "parquet": (write_parquet, "a.parquet", {}),
    "tidy parquet": (write_tidy_parquet, "a.parquet", {}),
    "feather": (write_feather, "a.feather", {}),
    "NIX of Neo": (write_nix, "a.nix", {}),
    "NWB of pynwb": (write_nwb, "a.nwb", {"traces": {"pre spikes": "units"}}),
}


@pytest.mark.parametrize("written", WRITERS)
def test_what_went_through_a_file_is_judged_as_before(runs, written, tmp_path):
    write, name, mapping = WRITERS[written]
    reference, other = map(without_instruments, runs)
    write(other, tmp_path / name)
    recording = deploy.read_recording(tmp_path / name, mapping)
    _, back = aligned(reference, recording)
    assert set(back.traces) == set(other.traces)
    for trace in other:
        if trace.sparse:
            np.testing.assert_array_equal(back[trace.label].spike_steps, trace.spike_steps)
            np.testing.assert_array_equal(back[trace.label].spike_neurons, trace.spike_neurons)
        else:
            np.testing.assert_allclose(back[trace.label].samples, trace.samples, ROUNDED, 1e-12)
    # which signals the chip has no part in, is not in a file of somebody else's
    expected, found = judged(reference, replace(other, record={})), judged(reference, recording)
    assert set(found) == set(expected)
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, 1e-6, 1e-9), key


def test_every_format_is_tried(runs):
    tried = {"." + name.partition(".")[2] for _, name, _ in WRITERS.values()}
    alike = {".tsv": ".csv", ".arrow": ".feather"}
    assert {alike.get(suffix, suffix) for suffix in FORMATS} == tried


def test_neo_writes_nwb_with_names_of_its_own(runs, tmp_path):
    pytest.importorskip("pynwb")
    neo = pytest.importorskip("neo")
    run = without_instruments(runs[1])
    block = run.to_neo()
    block.annotate(session_start_time=datetime(2026, 1, 1, tzinfo=timezone.utc), identifier="1")
    block.segments[0].name = "s"
    neo.io.NWBIO(str(tmp_path / "a.nwb"), "w").write_all_blocks([block])
    plain = deploy.read_recording(tmp_path / "a.nwb")
    signal = next(name for name in plain.recorded if "post" in name)
    named = deploy.read_recording(tmp_path / "a.nwb", {"traces": {"post": signal}})
    _, back = aligned(runs[0], named)
    np.testing.assert_allclose(back["post"].samples, run["post"].samples)
    np.testing.assert_array_equal(back["pre spikes"].counts(), run["pre spikes"].counts())


# ------------------------------------------------------------------ probes in memory


def test_lists_of_nxsdks_probes(runs):
    reference, other = runs
    spikes = other["pre spikes"].dense() > 0
    as_series = [SimpleNamespace(timeSeries=SimpleNamespace(data=list(row))) for row in spikes.T]
    as_data = [SimpleNamespace(data=column) for column in other["post"].samples.T]
    recording = deploy.read_recording({"pre spikes": as_series, "post": as_data})
    _, back = aligned(reference, recording)
    np.testing.assert_array_equal(back["pre spikes"].spike_steps, other["pre spikes"].spike_steps)
    np.testing.assert_array_equal(back["post"].samples, other["post"].samples)


@pytest.mark.parametrize("backend", ["nengo", "nengo_loihi"])
def test_a_simulators_probes(backend, small):
    module = pytest.importorskip(backend)
    settings = {"optimize": False}
    if backend == "nengo_loihi":
        load_nengo_loihi()  # which mends it for this NumPy
        settings = {"target": "sim"}
        next(p for p in small.probes if p.label == "sampled").sample_every = None  # not there
    with module.Simulator(small, progress_bar=False, **settings) as sim:
        sim.run(0.1)
    recording = deploy.read_recording(sim)
    reference = deploy.run(small, 0.1, "cpu")
    _, back = aligned(reference, recording)
    assert {"value", "spikes", "sampled", "input"} <= set(back.traces)
    for probe in small.probes:
        if probe.label in back.traces and not back[probe.label].sparse:
            np.testing.assert_array_equal(back[probe.label].samples, sim.data[probe])
    spikes = next(p for p in small.probes if p.label == "spikes")
    np.testing.assert_array_equal(back["spikes"].counts(), (sim.data[spikes] > 0).sum(axis=0))


# ------------------------------------------------------------------ aligned, or named


def made(run, times=None, **arrays):
    """A recording of arrays, with times."""
    given = dict(arrays) if times is None else {**arrays, "t": times}
    found = {name: np.asarray(value) for name, value in given.items()}
    path = run / "made.npz"
    np.savez(path, **found)
    return path


@pytest.fixture
def post(runs):
    return runs[1]["post"].samples


def steps(n, dt=0.001):
    return dt * np.arange(1, n + 1)


def warned(reference, recording):
    return " ".join(aligned(reference, recording)[1].warnings)


def test_a_shorter_run_is_compared_as_far_as_it_goes(runs, post, tmp_path):
    recording = deploy.read_recording(made(tmp_path, steps(200), post=post[:200]))
    reference, back = aligned(runs[0], recording)
    assert (reference.n_steps, back.n_steps) == (200, 200)
    np.testing.assert_array_equal(reference["post"].samples, runs[0]["post"].samples[:200])
    assert "compared are 0 to 0.2 s" in " ".join(back.warnings)
    assert deploy.compare_traces(runs[0], recording).effects


def test_a_run_that_begins_later_is_compared_from_there(runs, post, tmp_path):
    recording = deploy.read_recording(made(tmp_path, steps(300)[100:], post=post[100:]))
    reference, back = aligned(runs[0], recording)
    np.testing.assert_array_equal(reference["post"].samples, runs[0]["post"].samples[100:])
    np.testing.assert_array_equal(back["post"].samples, post[100:])
    assert "compared are 0.1 to 0.3 s" in " ".join(back.warnings)


def test_finer_samples_are_compared_where_both_are(runs, post, tmp_path):
    fine = np.repeat(post, 4, axis=0) + np.tile([[1.0], [2.0], [3.0], [0.0]], (300, 1))
    recording = deploy.read_recording(made(tmp_path, steps(1200, 0.00025), post=fine))
    _, back = aligned(runs[0], recording)
    np.testing.assert_array_equal(back["post"].samples, post)


def test_rarer_samples_are_compared_where_both_are(runs, post, tmp_path):
    recording = deploy.read_recording(made(tmp_path, steps(60, 0.005), post=post[4::5]))
    reference, back = aligned(runs[0], recording)
    np.testing.assert_array_equal(reference["post"].samples, runs[0]["post"].samples[4::5])
    np.testing.assert_array_equal(back["post"].samples, post[4::5])
    assert back["post"].period == 5 and "every 0.005 s" in " ".join(back.warnings)
    again = deploy.Traces.load(back.save(tmp_path / "back.npz"))
    np.testing.assert_array_equal(again["post"].samples, back["post"].samples)


@pytest.mark.parametrize("first", [0, 1, 3])
def test_rarer_samples_may_begin_at_any_step(runs, post, tmp_path, first):
    """As of a recorder that writes the first step, and then each fifth."""
    path = made(tmp_path, steps(300)[first::5], post=post[first::5])
    reference, back = aligned(runs[0], deploy.read_recording(path))
    # less the sample from whose step on both are compared
    expected = slice(first + 5, None, 5)
    np.testing.assert_array_equal(back["post"].samples, post[expected])
    np.testing.assert_array_equal(reference["post"].samples, runs[0]["post"].samples[expected])


def test_a_table_without_lines_is_said_to_have_none(tmp_path):
    (tmp_path / "empty.csv").write_text("t,post\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(deploy.BadInput, match="no numbers below its names"):
            deploy.read_recording(tmp_path / "empty.csv")


def test_a_spread_is_sampled_as_rarely(tmp_path):
    yardstick = deploy.spread("pes-connection", 0.3, seed=2, runs=6)
    reference = yardstick.repeats[0]
    path = made(tmp_path, steps(60, 0.005), post=reference["post"].samples[4::5])
    parity = deploy.compare_traces(reference, deploy.read_recording(path), yardstick)
    assert parity.spread != (0, 0) and not parity.different


@pytest.mark.parametrize("begin, end", [(0, 299), (0, 200), (100, 300)])
def test_a_spread_is_cut_to_what_is_compared(tmp_path, begin, end):
    """It was refused, and one "of that length" was compared with other seconds."""
    yardstick = deploy.spread("pes-connection", 0.3, seed=2, runs=6)
    reference = yardstick.repeats[0]
    given = {name: reference[name].samples[begin:end] for name in ("pre", "post")}
    given["pre spikes"] = reference["pre spikes"].dense()[begin:end]
    other = deploy.read_recording(made(tmp_path, steps(300)[begin:end], **given))
    parity = deploy.compare_traces(reference, other, yardstick)
    whole = deploy.compare_traces(reference, reference, yardstick)
    assert {e.trace for e in parity.effects} == set(given) and not parity.different
    level = [
        found.effect("pre", "offset").deviation / found.effect("pre", "offset").margin[1]
        for found in (parity, whole)
    ]
    assert level[0] < 3 * level[1]  # at other seconds the builds are far apart

    shorter = replace(
        yardstick, repeats=tuple(replace(run, n_steps=end - 1) for run in yardstick.repeats)
    )
    with pytest.raises(
        deploy.BadInput, match=rf"to {end / 1000:g} s .* make one of {end / 1000:g} s"
    ):
        deploy.compare_traces(reference, other, shorter)


def test_spikes_between_steps_are_of_the_step_that_ends_after_them(runs, tmp_path):
    spikes = runs[1]["pre spikes"]
    times = spikes.spike_times(0.001) - 0.0004
    path = made(tmp_path, when=times, who=spikes.spike_neurons)
    named = {"traces": {"pre spikes": {"from": "when", "neurons": "who"}}}
    recording = deploy.read_recording(path, named)
    _, back = aligned(runs[0], recording)
    np.testing.assert_array_equal(back["pre spikes"].spike_steps, spikes.spike_steps)
    assert "taken to be as long" in " ".join(back.warnings)


@pytest.mark.parametrize(
    "change, mapping, said",
    [
        (lambda x, t: (x, t - 0.0005), {}, "no sample lies on a step"),
        (lambda x, t: (x, 0.0007 * np.arange(1, 301)), {}, "not evenly apart|every 0.007 s"),
        (
            lambda x, t: (np.where(t[:, None] == t[9], np.nan, x), t),
            {},
            "no numbers in 1 of 300 samples, the first at 0.01",
        ),
        (lambda x, t: (x, t[::-1].copy()), {}, "do not increase"),
        (lambda x, t: (np.hstack([x, x]), t), {}, "values a sample"),
        (lambda x, t: (x.T.copy(), t), {}, "times"),
        (lambda x, t: (x, 1e12 * t), {}, "time_unit in a mapping"),
        (lambda x, t: (x, 1e6 * t), {}, "its times reach over 299000 s, and the run over 0.3 s"),
        (lambda x, t: (x, 1000 * t), {}, "its times reach over 299 s, and the run over 0.3 s"),
        (lambda x, t: (x, 1e7 + t), {}, "too many steps"),
        (lambda x, t: (x, t), {"traces": {"post": {"kind": "voltage"}}}, "voltage, where decoded"),
    ],
)
def test_what_cannot_be_aligned_is_named(runs, post, tmp_path, change, mapping, said):
    values, times = change(post, steps(300))
    path = made(tmp_path, times, post=values)
    recording = deploy.read_recording(path, mapping)
    try:
        text = warned(runs[0], recording)
    except deploy.BadInput as error:
        text = str(error)
        assert "'post'" in text and "\n" not in text
    assert re.search(said, text), text


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda x: x[:, [0, 0]], "2 values a sample, and 1 in the reference"),
        (lambda x: np.where(x == x[9], np.inf, x), "no numbers in 1 of 300 samples"),
        (lambda x: np.where(x == x[9], 1e300, x), "above 1e+15 in 1 of 300 samples"),
    ],
)
def test_what_both_have_and_cannot_be_compared_is_never_parity(runs, post, tmp_path, change, said):
    values = {"post": change(runs[0]["post"].samples), "pre": runs[0]["pre"].samples}
    other = deploy.read_recording(made(tmp_path, steps(300), **values))
    parity = deploy.compare_traces(runs[0], other, tolerances={"gain": Tolerance(low=0.5)})
    assert {e.trace for e in parity.effects} == {"pre"} and not parity.open
    assert parity.outcome == "OPEN" and not parity.ok
    assert parity.verdict.startswith("OPEN: post is not compared (") and said in parity.verdict
    assert not any("post" in note for note in parity.notes if "on one side only" in note)
    assert parity.to_dict()["not compared"] == [each._asdict() for each in parity.uncompared]


def test_spikes_that_are_not_compared_do_not_ask_for_a_library(runs, tmp_path):
    pytest.importorskip("pyspike")
    values = {"pre": runs[1]["pre"].samples, "pre spikes": np.arange(900).reshape(300, 3)}
    other = deploy.read_recording(made(tmp_path, steps(300), **values))
    parity = deploy.compare_traces(runs[0], other)
    assert [each.trace for each in parity.uncompared] == ["pre spikes"]
    assert not any("pip install" in note for note in parity.notes)


def test_probes_that_a_shorter_recording_has_not_are_named(runs, post, tmp_path):
    said = warned(runs[0], deploy.read_recording(made(tmp_path, steps(200), post=post[:200])))
    assert "not compared, as it is not there: 'input', 'pre', 'pre spikes'" in said


def test_times_of_spikes_in_milliseconds_are_not_taken_for_seconds(runs, tmp_path):
    spikes = runs[1]["pre spikes"]
    path = made(tmp_path, when=1000 * spikes.spike_times(0.001), who=spikes.spike_neurons)
    named = {"traces": {"pre spikes": {"from": "when", "neurons": "who"}}}
    with pytest.raises(deploy.BadInput, match="'pre spikes': its times reach over 29"):
        aligned(runs[0], deploy.read_recording(path, named))
    _, back = aligned(runs[0], deploy.read_recording(path, {**named, "time_unit": "ms"}))
    np.testing.assert_array_equal(back["pre spikes"].spike_steps, spikes.spike_steps)


def test_a_long_recording_of_small_steps_is_in_seconds(runs, post, tmp_path):
    path = made(tmp_path, steps(300 * 101), post=np.tile(post, (101, 1)))
    _, back = aligned(runs[0], deploy.read_recording(path))
    np.testing.assert_array_equal(back["post"].samples, post)


@pytest.mark.parametrize(
    "line, said",
    [
        ("0.003", "row 3 of numbers has 1 of them, those before have 2"),
        ("0.003,x", "row 3 of numbers has 'x' for one, in column 2"),
        ("0.003,", "row 3 of numbers has '' for one, in column 2"),
    ],
)
def test_a_row_that_does_not_fit_is_named_in_our_words(tmp_path, line, said):
    path = tmp_path / "bad.csv"
    path.write_text(f"t,post\n0.001,1\n0.002,1\n{line}\n")
    with pytest.raises(deploy.BadInput) as caught:
        deploy.read_recording(path)
    assert f"({said});" in str(caught.value)


def test_a_first_sample_of_0_s_is_not_moved_in_silence(runs, post, tmp_path):
    path = made(tmp_path, steps(300) - 0.001, post=post)
    assert "1 samples from 0 s on are before the first step" in warned(
        runs[0], deploy.read_recording(path)
    )
    moved = deploy.read_recording(path, {"offset": 0.001})
    np.testing.assert_array_equal(aligned(runs[0], moved)[1]["post"].samples, post)
    assert warned(runs[0], moved) == ""


def test_units_and_names_are_the_mappings(runs, post, tmp_path):
    path = made(tmp_path, 1000 * steps(300), u=4096 * post.T)
    mapping = tmp_path / "bench.toml"
    mapping.write_text(
        'time_unit = "ms"\n[traces.post]\nfrom = "u"\ntranspose = true\nscale = 0.000244140625\n'
    )
    recording = deploy.read_recording(path, mapping)
    np.testing.assert_array_equal(aligned(runs[0], recording)[1]["post"].samples, post)


def test_physical_units_need_a_scale(runs, post, tmp_path):
    neo, pq = pytest.importorskip("neo"), pytest.importorskip("quantities")
    block, segment = neo.Block(), neo.Segment()
    block.segments.append(segment)
    segment.analogsignals.append(
        neo.AnalogSignal(
            post, units="mV", sampling_period=1 * pq.ms, t_start=1 * pq.ms, name="post"
        )
    )
    with pytest.raises(deploy.BadInput, match="in mV, not in the probe's unit"):
        aligned(runs[0], deploy.read_recording(block))
    scaled = deploy.read_recording(block, {"traces": {"post": {"scale": 2.0}}})
    np.testing.assert_allclose(aligned(runs[0], scaled)[1]["post"].samples, 2 * post)


def test_probes_that_are_missing_are_named(runs, post, tmp_path):
    recording = deploy.read_recording(made(tmp_path, steps(300), post=post, extra=post))
    parity = deploy.compare_traces(runs[0], recording)
    assert any("'extra'" in text for text in parity.other.warnings)
    assert any("on one side only" in note and "pre spikes" in note for note in parity.notes)
    assert any("which model it is of" in note for note in parity.notes)
    with pytest.raises(deploy.BadInput, match="it has 'extra'.*the reference 'input'"):
        aligned(runs[0], deploy.read_recording(made(tmp_path, steps(300), extra=post)))


def test_samples_without_times_need_a_step(runs, post, tmp_path):
    path = made(tmp_path, post=post[:250])
    with pytest.raises(deploy.BadInput, match="without times, and not as many"):
        aligned(runs[0], deploy.read_recording(path))
    _, back = aligned(runs[0], deploy.read_recording(path, {"dt": 0.001}))
    np.testing.assert_array_equal(back["post"].samples, post[:250])


def test_two_files_of_others_are_compared(runs, post, tmp_path):
    first = deploy.read_recording({"x": post}, {"dt": 0.002})
    second = deploy.read_recording({"x": 0.5 * post}, {"dt": 0.002})
    parity = deploy.compare_traces(first, second)
    assert (parity.reference.dt, parity.reference.n_steps) == (0.002, 300)
    assert parity.effect("x", "gain").value == pytest.approx(0.5, abs=0.05)


def test_two_spikes_in_one_step_are_named(runs, tmp_path):
    path = made(tmp_path, when=[0.0101, 0.0104], who=[3, 3])
    named = {"traces": {"pre spikes": {"from": "when", "neurons": "who"}}}
    with pytest.raises(deploy.BadInput, match="neuron 3 has two spikes within the step"):
        aligned(runs[0], deploy.read_recording(path, named))


# ------------------------------------------------------------------ what means harm


def refused(path, mapping=None):
    with pytest.raises(deploy.BadInput) as caught:
        deploy.read_recording(path, mapping)
    text = str(caught.value)
    assert text.strip() and "\n" not in text and len(text) < 600, text
    return text


class Harm:
    """Runs something where it is unpickled."""

    def __reduce__(self):
        return exec, ("raise SystemExit('it ran')",)


@pytest.mark.parametrize("name", ["a.pkl", "a.pickle", "a.joblib"])
def test_pickles_are_never_read(tmp_path, name):
    (tmp_path / name).write_bytes(pickle.dumps(Harm()))
    assert "not run" in refused(tmp_path / name)


def test_pickles_in_arrays_are_never_read(tmp_path):
    np.savez(tmp_path / "a.npz", post=np.array([Harm()], dtype=object))
    assert "pickled" in refused(tmp_path / "a.npz")


def npz_with(path, header, data=b""):
    """An npz whose one array has this header."""
    text = header.encode() + b" " * (118 - len(header)) + b"\n"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(
            "post.npy", b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data
        )
    return path


@pytest.mark.parametrize(
    "shape, dtype, data",
    [
        ("(1000000000000,)", "<f8", b"\0" * 80),  # 8 TB in 200 bytes
        ("(10,)", "<f8", b"\0" * 79),
        ("(3, 4)", "<f8", b"\0" * 80),
        ("(10,)", "<U2", b"\0" * 80),
        ("(10,)", "<c8", b"\0" * 80),
        ("(-1,)", "<f8", b"\0" * 80),
        ("(10,)", "|V8", b"\0" * 80),
        ("", "<f8", b""),
    ],
)
def test_headers_are_held_against_the_bytes(tmp_path, shape, dtype, data):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    refused(npz_with(tmp_path / "a.npz", header, data))


CSV = {
    "no names": "0.001,1\n0.002,2\n",
    "no line": "t,post",
    "nothing": "",
    "a text": "t,post\n0.001,a\n",
    "a gap": "t,post\n0.001,\n",
    "a decimal comma": "t;post\n0,001;1\n",
    "lines of other lengths": "t,post\n0.001,1\n0.002\n",
    "two of a name": "t,post,post\n0.001,1,2\n",
    "no name": "t,\n0.001,1\n",
    "a number too many": "t,post\n0.001,1,2\n",
    "an index that is missing": "t,post[0],post[2]\n0.001,1,2\n",
    "a name that a terminal obeys": "t,\x1b]0;x\x07\n0.001,1\n",
    "tidy, a value twice": "trace,time,index,value\na,0.001,0,1\na,0.001,0,1\n",
    "tidy, an index without end": "trace,time,index,value\na,0.001,1000000000,1\n",
    "tidy, half an index": "trace,time,index,value\na,0.001,0.5,1\n",
    "tidy, a short line": "trace,time,index,value\na,0.001\n",
    "only times": "t\n0.001\n",
}


@pytest.mark.parametrize("text", CSV.values(), ids=CSV.keys())
def test_bad_text(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    refused(tmp_path / "a.csv")


def test_text_that_is_none(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"t,post\n\xff\xfe,1\n")
    refused(tmp_path / "a.csv")


def test_too_much_text(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_reader, "MOST_BYTES", 10)
    (tmp_path / "a.csv").write_text("t,post\n0.001,1\n")
    assert "save it as parquet" in refused(tmp_path / "a.csv")


MAPPINGS = {
    "no TOML": "dt = \n",
    "an unknown key": "step = 0.1\n",
    "no step": "dt = 0\n",
    "a step in words": 'dt = "1 ms"\n',
    "a step that is none": "dt = nan\n",
    "an unknown unit": 'time_unit = "min"\n',
    "traces as a list": "traces = [1]\n",
    "a trace as a number": "[traces]\npost = 3\n",
    "an unknown key of a trace": "[traces.post]\nfactor = 3\n",
    "an unknown kind": '[traces.post]\nkind = "membrane"\n',
    "a scale in words": '[traces.post]\nscale = "2"\n',
    "a source that is not there": '[traces.post]\nfrom = "nowhere"\n',
    "a time that is not there": 'time = "nowhere"\n',
    "a neuron that is none": '[traces.post]\nfrom = "post"\nneurons = "half"\n',
    "too long": "#" * (2**20 + 1),
    "more than a float": f"dt = {'9' * 400}\n",
    "endless digits": f"dt = {'9' * 5000}\n",
}


@pytest.mark.parametrize("text", MAPPINGS.values(), ids=MAPPINGS.keys())
def test_bad_mappings(tmp_path, text):
    path = made(tmp_path, post=[0.1, 0.2], half=[0.5, 1])
    (tmp_path / "m.toml").write_text(text)
    refused(path, tmp_path / "m.toml")


def test_hdf5_leads_nowhere_else(tmp_path):
    h5py = pytest.importorskip("h5py")
    np.save(tmp_path / "secret.raw", np.zeros(10))
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.zeros(10)

    def link(file):
        file["acquisition/a/data"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")

    def external(file):
        file.create_dataset(
            "acquisition/a/data", (10,), "f8", external=[(str(tmp_path / "secret.raw"), 0, 80)]
        )

    def virtual(file):
        layout = h5py.VirtualLayout((10,), "f8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (10,))
        file.create_virtual_dataset("acquisition/a/data", layout)

    def huge(file):
        file.create_dataset("acquisition/a/data", (10**12,), "f8", chunks=(10**6,))
        file["acquisition/a/starting_time"] = 0.001
        file["acquisition/a/starting_time"].attrs["rate"] = 1000.0

    def circle(file):
        group = file.create_group("acquisition/a")
        group["again"] = file["acquisition"]

    for k, harm in enumerate((link, external, virtual, huge, circle)):
        path = tmp_path / f"{k}.nwb"
        with h5py.File(path, "w") as file:
            file.attrs["nwb_version"] = "2.7.0"
            harm(file)
        refused(path)


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_damaged_files_are_refused(tmp_path, suffix):
    for k, data in enumerate((b"", b"PK\x03\x04", b"PAR1", b"\x89HDF\r\n\x1a\n" + b"\0" * 200)):
        path = tmp_path / f"{k}{suffix}"
        path.write_bytes(data)
        refused(path)
    refused(tmp_path / f"nowhere{suffix}")


def test_a_library_that_is_not_there_is_named(tmp_path, monkeypatch):
    for name in ("pyarrow", "pyarrow.parquet", "h5py"):
        monkeypatch.setitem(sys.modules, name, None)
    for suffix, extra in (
        (".parquet", "parquet"),
        (".feather", "parquet"),
        (".nwb", "nwb"),
        (".nix", "nix"),
    ):
        (tmp_path / f"a{suffix}").write_bytes(b"x")
        assert f"pip install 'loihi-deploy[{extra}]'" in refused(tmp_path / f"a{suffix}")


def test_formats_load_no_library_before_they_are_read():
    code = (
        "import sys, deploy.recordings.reading; "
        "print([m for m in ('pyarrow', 'h5py', 'neo', 'pandas', 'nengo') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ------------------------------------------------------------------ the command line


def test_the_command_line_compares_files(runs, loihi_deploy, tmp_path):
    runs[0].save(tmp_path / "cpu.npz")
    write_csv(without_instruments(runs[1]), tmp_path / "bench.csv")
    done = loihi_deploy("compare", "cpu.npz", "bench.csv", "--json", "--spread", "0")
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert "bench.csv (recorded elsewhere) against cpu" in found["verdict"]
    page = (tmp_path / found["report"]).read_text()
    assert "loihi-deploy compare cpu.npz bench.csv" in page

    (tmp_path / "m.toml").write_text('[traces.post]\nfrom = "post"\nscale = 0.5\n')
    done = loihi_deploy("compare", "cpu.npz", "bench.csv", "--mapping", "m.toml", "--spread", "0")
    assert done.returncode == 1 and "NO PARITY" in done.stdout, done.stdout + done.stderr
    done = loihi_deploy("compare", "cpu.npz", "cpu.npz", "--mapping", "m.toml")
    assert done.returncode == 2 and "both of these are" in done.stderr
    done = loihi_deploy("compare", "cpu.npz", "run.pkl")
    assert done.returncode == 2 and "pickled objects are programs" in done.stderr
