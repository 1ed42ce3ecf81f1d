"""Files whose record says what it should not: refused in one line, or compared; nothing else."""

import copy
import io
import json
import random
import resource
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import deploy
from deploy.report.page import render
from deploy.traces.traces import KIND, Traces

WRONG = (
    None, True, False, -1, 0, 0.5, 10**30, 10**400, -(10**9), 1e308, float("nan"), float("inf"), "",
    "x", "\x1b[31m", [], [[]], [1, "x"], {}, {"a": {"b": 1}}, {"": None}, "9" * 5000,
)  # fmt: skip
EACH = 3  # wrong values that each place gets
FILES = 0.1  # share of what is refused that is written and read
COMPARED = 12  # of what is read all the same
GONE = object()


@pytest.fixture(scope="module")
def runs():
    return [deploy.run("pes-connection", 0.2, target, seed=2) for target in ("cpu", "emulator")]


def places(value, path=()):
    """Each place in a record, the tables themselves too."""
    if path:
        yield path
    parts = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, each in parts:
        yield from places(each, (*path, key))


def changed(record, path, value):
    record = copy.deepcopy(record)
    holder = record
    for key in path[:-1]:
        holder = holder[key]
    if value is GONE:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return record


def write(path, record, arrays):
    text = json.dumps(record).encode()
    np.savez(path, json=np.frombuffer(text, np.uint8), **arrays)
    return path


def test_each_place_of_a_record(runs, tmp_path):
    reference, run = runs
    record = {**json.loads(json.dumps(run.to_dict())), "format": KIND.format, "version": 1}
    rng, arrays = random.Random(1), run.arrays()
    cases = [(path, value) for path in places(record) for value in (GONE, *rng.sample(WRONG, EACH))]
    assert len(cases) > 800
    taken = []
    for path, value in cases:
        try:
            taken.append((path, value, Traces.of_record(changed(record, path, value), arrays)))
        except (ValueError, KeyError, TypeError) as error:  # of which files make one line
            if rng.random() < FILES:
                file = write(tmp_path / "a.npz", changed(record, path, value), arrays)
                with pytest.raises(deploy.BadInput) as caught:
                    Traces.load(file)
                assert "\n" not in str(caught.value) and len(str(caught.value)) < 600, error
    refused = len(cases) - len(taken)
    assert refused > len(cases) / 2, "hardly anything is refused"
    for path, value, found in rng.sample(taken, COMPARED):
        try:
            render(deploy.compare_traces(reference, found), [])
        except deploy.BadInput as error:
            assert "\n" not in str(error), (path, value)
        except Exception as error:
            raise AssertionError(f"{path} = {value!r}") from error


@pytest.mark.parametrize(
    "fields, trace",
    [
        ({"n_steps": 10**9}, {}),
        ({"n_steps": 10**9}, {"period": 1e9}),
        ({"n_steps": 10**15}, {}),
        ({}, {"n_neurons": 10**12}),
    ],
)
def test_what_a_header_says_costs_no_memory(runs, tmp_path, fields, trace):
    """Held against what there is before there is room for it, as the kernel counts."""
    record = {**json.loads(json.dumps(runs[1].to_dict())), "format": KIND.format, "version": 1}
    record.update(fields)
    for each in record["traces"]:
        each.update(trace)
    write(tmp_path / "a.npz", record, runs[1].arrays())
    code = (
        "import resource, sys, deploy.traces.traces as t\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    t.Traces.load(sys.argv[1])\n"
        "except t.BadInput as error:\n    print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.npz")],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30)),
    )
    said, grown = done.stdout.strip().splitlines()
    assert "not a whole traces file" in said and int(grown) < 50_000, done.stdout  # KiB


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(10, 10)", "(3"])
def test_an_array_that_is_not_what_its_header_says(runs, tmp_path, shape):
    runs[1].save(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz") as whole, zipfile.ZipFile(
        tmp_path / "b.npz", "w"
    ) as other:
        for name in whole.namelist():
            body = whole.read(name)
            if name == "0.samples.npy":
                header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
                text = header.ljust(117).encode() + b"\n"
                body = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + body[128:]
            other.writestr(name, body)
    with pytest.raises(deploy.BadInput, match="header"):
        Traces.load(tmp_path / "b.npz")


def _changed_zip(path, change, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path) as whole:
        members = [(name, change(name, whole.read(name))) for name in whole.namelist()]
    with zipfile.ZipFile(path, "w", method) as other:
        for name, body in members:
            other.writestr(name, body)


def test_a_packed_array_that_is_damaged(runs, tmp_path):
    """Which zlib says in an error of its own, before there is a sum to compare."""
    runs[1].save(tmp_path / "a.npz")
    _changed_zip(tmp_path / "a.npz", lambda name, body: body)
    with zipfile.ZipFile(tmp_path / "a.npz") as whole:
        members = [
            (m.header_offset + 30 + len(m.filename), m.compress_size) for m in whole.infolist()
        ]
    data, said = (tmp_path / "a.npz").read_bytes(), set()
    for first, size in members:
        for at in range(first, first + min(size, 40), 7):
            broken = data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]
            (tmp_path / "b.npz").write_bytes(broken)
            with pytest.raises(deploy.BadInput) as caught:
                Traces.load(tmp_path / "b.npz")
            said.add("decompressing" in str(caught.value))
    assert said == {True, False}


def test_a_label_without_end(runs):
    record = {**json.loads(json.dumps(runs[1].to_dict())), "format": KIND.format, "version": 1}
    record["traces"][0]["label"] = "x" * 20_000
    with pytest.raises(ValueError, match="a label of 20,000 characters"):
        Traces.of_record(record, runs[1].arrays())


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_array_that_is_packed_as_nobody_does(runs, tmp_path, method):
    runs[1].save(tmp_path / "a.npz")
    _changed_zip(tmp_path / "a.npz", lambda name, body: body, method)
    with pytest.raises(deploy.BadInput, match="packed as NumPy packs nothing"):
        Traces.load(tmp_path / "a.npz")


@pytest.mark.parametrize("escape", ["\\ud800", "\\uDFFF x"])
def test_half_a_character_which_no_file_could_have_again(runs, tmp_path, escape):
    """A part of a job's result is written anew when it is fetched."""
    runs[1].save(tmp_path / "a.npz")

    def change(name, body):
        if name != "json.npy":
            return body
        text = bytes(np.load(io.BytesIO(body)))
        stream = io.BytesIO()
        np.save(stream, np.frombuffer(text.replace(b"pes-connection", escape.encode()), np.uint8))
        return stream.getvalue()

    _changed_zip(tmp_path / "a.npz", change)
    with pytest.raises(deploy.BadInput, match="surrogates"):
        Traces.load(tmp_path / "a.npz")
