"""What comes from outside and means harm, or is merely broken: refused in one line each."""

import io
import json
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from deploy.errors import DeployError
from deploy.jobs import bundle as bundles
from deploy.jobs import job as jobs
from deploy.jobs.job import Task
from deploy.jobs.names import checked
from deploy.jobs.preparing import prepare
from deploy.jobs.remote import submit, wait
from deploy.jobs.results import _check, fetch
from deploy.jobs.runner import open_task
from deploy.jobs.site import VARIABLE, load_sites
from deploy.jobs.states import Status
from deploy.shown import printable
from deploy.traces.traces import Traces

pytestmark = pytest.mark.quick
DEEP = "[" * 100_000


def refused(call, *arguments):
    """The one line with which something is refused."""
    with pytest.raises(DeployError) as caught:
        call(*arguments)
    text = str(caught.value)
    assert text.strip() and "\n" not in text and len(text) < 600, text
    return text


# ------------------------------------------------------------------ what reaches a shell

SHELL = [
    "-oProxyCommand=id", "--rsh=id", "a;id", "a|id", "a&id", "a$(id)", "a`id`", "a b",
    "a\nb", "a\0b",
    "a'b", 'a"b', "a>b", "a*", "a\\b", "~root/x", "../x", "x/../../y", "é", "a" * 300,
    "{a,b}", "!x",
]  # fmt: skip


@pytest.mark.parametrize("value", SHELL)
@pytest.mark.parametrize("kind", ["name", "host", "path", "module", "word", "time"])
def test_what_a_shell_would_obey_is_no_name(kind, value):
    refused(checked, kind, value, "it")


def test_what_a_terminal_would_obey_is_not_printed():
    assert printable("a\x1b]0;owned\x07b\x9b31m\r") == "a]0;ownedb31m"


# ------------------------------------------------------------------ files of sites

TOML = {
    "no TOML": "[a\n",
    "a number as table": "a = 3\n",
    "a list as table": "a = [1, 2]\n",
    "host is a number": "[a]\nhost = 3\n",
    "host is a table": "[a.host]\nx = 1\n",
    "host is a date": "[a]\nhost = 1979-05-27\n",
    "host is an option": '[a]\nhost = "-oProxyCommand=id"\n',
    "host has a command": '[a]\nhost = "x$(id)"\n',
    "folder climbs": '[a]\nfolder = "../../etc"\n',
    "folder is a list": '[a]\nfolder = ["x"]\n',
    "python with an option": '[a]\npython = "python3 -c evil"\n',
    "conda has a semicolon": '[a]\nconda = "x;id"\n',
    "both conda and venv": '[a]\nconda = "x"\nvenv = "y"\n',
    "modules is a text": '[a]\nmodules = "x"\n',
    "a module with a command": '[a]\nmodules = ["x && id"]\n',
    "a module is a number": "[a]\nmodules = [3]\n",
    "partition with a comma": '[a]\npartition = "x,y"\n',
    "time in words": '[a]\ntime_limit = "an hour"\n',
    "time is a number": "[a]\ntime_limit = 60\n",
    "no task at once": "[a]\nat_once = 0\n",
    "half a task": "[a]\nat_once = 0.5\n",
    "true tasks": "[a]\nat_once = true\n",
    "an unknown way": '[a]\ntake = "by force"\n',
    "an unknown key": '[a]\nshell = "sh"\n',
    "a name with a space": '["a b"]\nhost = "x"\n',
    "a name that is an option": '["-o"]\nhost = "x"\n',
    "deep": "a = " + "[" * 5000 + "\n",
    "long": "#" * (2**20 + 1),
    "endless digits": f"[a]\nat_once = {'9' * 5000}\n",
    "more than a float": f"[a]\nat_once = {'9' * 400}\n",
}


@pytest.mark.parametrize("text", TOML.values(), ids=TOML.keys())
def test_a_bad_file_of_sites(text, tmp_path, monkeypatch):
    path = tmp_path / "sites.toml"
    path.write_text(text)
    monkeypatch.setenv(VARIABLE, str(path))
    assert str(path) in refused(load_sites)


def test_a_file_of_sites_that_is_no_text(tmp_path, monkeypatch):
    path = tmp_path / "sites.toml"
    path.write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv(VARIABLE, str(path))
    refused(load_sites)


# ------------------------------------------------------------------ bundles


def tar(*entries):
    """A tar of (name, content or TarInfo's changes)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                entry.size = len(content)
                made.addfile(entry, io.BytesIO(content))
            else:
                for key, value in content.items():
                    setattr(entry, key, value)
                made.addfile(entry)
    return stream.getvalue()


def manifest(sums=(), **more):
    record = {"format": bundles.FORMAT, "version": 1, "files": dict(sums), **more}
    return (bundles.MANIFEST, json.dumps(record).encode())


GOOD = bundles.pack({"a.py": b"1"}, {"x": 1})
TARS = {
    "a link": tar(("a", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"})),
    "a hard link": tar(("a", {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"})),
    "a device": tar(("a", {"type": tarfile.CHRTYPE, "devmajor": 1})),
    "a pipe": tar(("a", {"type": tarfile.FIFOTYPE})),
    "a folder": tar(("a", {"type": tarfile.DIRTYPE})),
    "an absolute path": tar(("/tmp/a", b"1")),
    "a way out": tar(("../a", b"1")),
    "a way out in the middle": tar(("x/../../a", b"1")),
    "the same twice": tar(("a", b"1"), ("a", b"2")),
    "no manifest": tar(("a", b"1")),
    "another format": tar(manifest(format="zip")),
    "a manifest of a list": tar((bundles.MANIFEST, b"[]")),
    "a deep manifest": tar((bundles.MANIFEST, DEEP.encode())),
    "a manifest that is no JSON": tar((bundles.MANIFEST, b"{")),
    "files as a number": tar(manifest({}, files=3)),
    "a file that the manifest has not": tar(manifest(), ("a", b"1")),
    "a file that is missing": tar(manifest({"a": "00"})),
    "a wrong sum": tar(manifest({"a": "00"}), ("a", b"1")),
    "no specification": tar(manifest({})),
    "truncated": GOOD[:1100],
    "no tar": b"PK\x03\x04 not a tar" * 100,
    "nothing": b"",
    "more than there can be": tar(*((f"f{k}", b"") for k in range(2001))),
    "a compressed tar": __import__("gzip").compress(GOOD),
}


@pytest.mark.parametrize("data", TARS.values(), ids=TARS.keys())
def test_a_bad_bundle(data, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    refused(bundles.unpack, data, folder)
    assert not list(folder.iterdir()) and [p.name for p in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("name", ["../a", "x/../../a", "/tmp/loihi-deploy-a"])
def test_a_way_out_of_a_bundle_that_is_honest_but_for_it(name, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    assert "no plain file" in refused(bundles.unpack, bundles.pack({name: b"1"}, {}), folder)
    assert not list(folder.iterdir()) and [p.name for p in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("files", [{".": b"1"}, {"a": b"1", "a/b": b"2"}, {"a/b": b"1", "a": b"2"}])
def test_names_in_a_bundle_that_no_folder_can_have(files, tmp_path):
    assert "cannot be unpacked" in refused(bundles.unpack, bundles.pack(files, {}), tmp_path)


def test_a_byte_of_a_bundle_that_is_honest_but_for_it(tmp_path):
    data = bundles.pack({"a.py": b"gain = 1"}, {}).replace(b"gain = 1", b"gain = 2")
    assert "SHA-256" in refused(bundles.unpack, data, tmp_path)


SPEC = {"file": "", "tasks": [{"model": "oja", "seed": 0, "duration": 1}], "target": "cpu",
        "dt": 0.001, "part_every": 30, "weights": None}  # fmt: skip
SPECS = {
    "no tasks": {**SPEC, "tasks": None},
    "a task of nothing": {**SPEC, "tasks": [None]},
    "no such task": {**SPEC, "tasks": []},
    "a file elsewhere": {**SPEC, "file": "../../x.py"},
    "a file that is an option": {**SPEC, "file": "-x.py"},
    "a seed of words": {**SPEC, "tasks": [{"model": "oja", "seed": "x", "duration": 1}]},
    "no model": {**SPEC, "tasks": [{"model": "none", "seed": 0, "duration": 1}]},
    "a list": [],
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
def test_a_bad_specification(spec, tmp_path):
    path = tmp_path / "bundle.tar"
    path.write_bytes(bundles.pack({}, spec))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    refused(open_task, path, 0, scratch)


# ------------------------------------------------------------------ answers of a site

ANSWERS = [
    {}, {"id": "1"}, {"id": 1, "tasks": {"0": {"state": "running"}}}, {"id": "1", "tasks": []},
    {"id": "1", "tasks": {"1": {"state": "running"}}}, {"id": "1", "tasks": {"0": "running"}},
    {"id": "1", "tasks": {"0": {"state": 3}}},
    {"id": "1", "tasks": {"0": {"state": "x", "log": []}}},
    {"id": "1", "tasks": {"0": {"state": "x", "restarts": "1"}}}, {"note": "not submitted"},
]  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS, ids=map(str, range(len(ANSWERS))))
def test_an_answer_that_cannot_be_read(answer):
    refused(Status.of, answer, 1)


# ------------------------------------------------------------------ results


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A job that ran on this machine, and the folder of its results there."""
    home = tmp_path_factory.mktemp("home")
    before = {name: os.environ.get(name) for name in ("HOME", "XDG_STATE_HOME", VARIABLE)}
    os.environ.update(HOME=str(home), XDG_STATE_HOME=str(home / "state"))
    os.environ[VARIABLE] = str(home / "none.toml")
    try:
        job = prepare([Task("oja", 0, 0.05)], "local")
        submit(job)
        assert wait(job).counts == {"complete": 1}
        yield job, home / "loihi-deploy" / "jobs" / job.name / "results"
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def repack(whole, change):
    """The file with its arrays and record changed."""
    with np.load(io.BytesIO(whole)) as npz:
        arrays = {name: npz[name] for name in npz.files}
    record = json.loads(bytes(arrays.pop("json")).decode())
    stream = io.BytesIO()
    arrays, text = change(arrays, record)
    np.savez(stream, json=np.frombuffer(text.encode(), np.uint8), **arrays)
    return stream.getvalue()


def with_record(**changes):
    return lambda whole: repack(whole, lambda a, r: (a, json.dumps({**r, **changes})))


def with_arrays(change):
    return lambda whole: repack(whole, lambda a, r: (change(a), json.dumps(r)))


def with_trace(**changes):
    def change(arrays, record):
        record["traces"][0].update(changes)
        return arrays, json.dumps(record)

    return lambda whole: repack(whole, change)


def a_bomb(whole):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("0.samples.npy", bytes(200 * 2**20))
        packed.writestr("json.npy", b"")
    return stream.getvalue()


def a_vast_header(whole):
    header = io.BytesIO()
    shape = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(header, shape)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed, zipfile.ZipFile(io.BytesIO(whole)) as old:
        for name in old.namelist():
            body = header.getvalue() if name == "0.samples.npy" else old.read(name)
            packed.writestr(name, body)
    return stream.getvalue()


FILES = {
    "object arrays": with_arrays(lambda a: {**a, "0.samples": np.array([{}], dtype=object)}),
    "text for samples": with_arrays(lambda a: {**a, "0.samples": np.array(["x"] * 50)}),
    "samples missing": with_arrays(lambda a: {k: v for k, v in a.items() if k != "0.samples"}),
    "too few samples": with_arrays(lambda a: {**a, "0.samples": a["0.samples"][:-1]}),
    "wider samples": with_arrays(lambda a: {**a, "0.samples": np.zeros((50, 99))}),
    "another seed": with_record(seed=1),
    "another target": with_record(target="cpu"),
    "another length": with_record(n_steps=49),
    "steps below nothing": with_record(n_steps=-1),
    "another format": with_record(format="x"),
    "a newer version": with_record(version=99),
    "no traces": with_record(traces=3),
    "a trace nobody asked for": with_trace(label="x"),
    "an unknown kind": with_trace(kind="x"),
    "another kind": with_trace(kind="weights"),
    "a period of zero": with_trace(period=0),
    "a deep record": lambda whole: repack(whole, lambda a, r: (a, DEEP)),
    "a record that is a list": lambda whole: repack(whole, lambda a, r: (a, "[]")),
    "a bomb": a_bomb,
    "a vast header": a_vast_header,
    "nothing": lambda whole: b"",
    "a pickle": lambda whole: b"cos\nsystem\n(S'id'\ntR.",
    "half": lambda whole: whole[: len(whole) // 2],
}


def put(there, data):
    """Result and record, with sums that fit: whoever sends it wants it to be taken."""
    import hashlib

    (there / "0.npz").write_bytes(data)
    record = json.loads((there / "0.json").read_text())
    record.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    (there / "0.json").write_text(json.dumps(record))


@pytest.mark.parametrize("change", FILES.values(), ids=FILES.keys())
def test_a_bad_result(change, finished):
    job, there = finished
    whole, record = (there / "0.npz").read_bytes(), (there / "0.json").read_bytes()
    begun = time.monotonic()
    try:
        put(there, change(whole))
        fetched = fetch(job)
    finally:
        (there / "0.npz").write_bytes(whole)
        (there / "0.json").write_bytes(record)
    assert not fetched.complete and len(fetched.refused) == 1, fetched
    assert "\n" not in fetched.refused[0] and not list(job.results.iterdir())
    assert time.monotonic() - begun < 20


RECORDS = {
    "deep": DEEP, "no JSON": "{", "a list": "[]", "a number": "3", "long": " " * 70_000 + "{}",
    "not complete": json.dumps({"complete": False, "sha256": ""}), "of nothing": "{}",
    "no sum": json.dumps({"complete": True}), "a sum of numbers": '{"complete": true, "sha256": 1}',
}  # fmt: skip


@pytest.mark.parametrize("text", RECORDS.values(), ids=RECORDS.keys())
def test_a_bad_record(text, finished):
    job, there = finished
    record = (there / "0.json").read_bytes()
    try:
        (there / "0.json").write_text(text)
        fetched = fetch(job)
    finally:
        (there / "0.json").write_bytes(record)
    assert not fetched.complete and len(fetched.refused) == 1
    assert "\n" not in fetched.refused[0]


@pytest.mark.parametrize(
    "key, value",
    [
        ("task", 1), ("seed", 1), ("target", "cpu"), ("file", "1.npz"), ("bytes", 1),
        ("sha256", "0" * 64), ("complete", 0),
    ],
)  # fmt: skip
def test_a_record_that_says_something_else_of_an_honest_result(key, value, finished):
    """Each is plausible alone."""
    job, there = finished
    record = (there / "0.json").read_bytes()
    try:
        (there / "0.json").write_text(json.dumps({**json.loads(record), key: value}))
        fetched = fetch(job)
    finally:
        (there / "0.json").write_bytes(record)
    assert not fetched.complete and "differs" in fetched.refused[0], fetched


def test_an_honest_record_that_is_long(finished):
    job, there = finished
    record = (there / "0.json").read_bytes()
    try:
        (there / "0.json").write_bytes(record + b" " * 70_000)
        fetched = fetch(job)
    finally:
        (there / "0.json").write_bytes(record)
    assert not fetched.complete and "too long" in fetched.refused[0]


def test_a_bomb_beside_honest_arrays(finished, tmp_path):
    _, there = finished
    body = io.BytesIO()
    np.save(body, np.zeros(10**7))
    (tmp_path / "a.npz").write_bytes((there / "0.npz").read_bytes())
    with zipfile.ZipFile(tmp_path / "a.npz", "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("more.npy", body.getvalue())
    assert "would unpack to" in refused(Traces.load, tmp_path / "a.npz")


def test_a_result_that_is_larger_than_any_is_left_there(finished):
    job, there = finished
    whole = (there / "0.npz").read_bytes()
    most = max(each.most_bytes for each in job.expected.values())
    try:
        os.truncate(there / "0.npz", most + 1)
        fetched = fetch(job)
    finally:
        (there / "0.npz").write_bytes(whole)
    assert not fetched.complete and "larger" in fetched.refused[0]


def test_a_result_that_is_a_link_is_not_followed(finished, tmp_path):
    job, there = finished
    whole = (there / "0.npz").read_bytes()
    try:
        (there / "0.npz").unlink()
        (there / "0.npz").symlink_to("/etc/passwd")
        fetched = fetch(job)
    finally:
        (there / "0.npz").unlink()
        (there / "0.npz").write_bytes(whole)
    assert not fetched.complete and len(fetched.refused) == 1


def test_a_result_that_says_it_is_of_silicon(finished):
    job, there = finished
    run = Traces.load(there / "0.npz")
    _check(job, 0, run)
    said = refused(_check, job, 0, replace(run, substrate="silicon"))
    assert "it has the substrate 'silicon'" in said
    board = replace(job, target="loihi")
    for substrate in ("silicon", "virtual board, no silicon"):
        _check(board, 0, replace(run, target="loihi", substrate=substrate))
    refused(_check, board, 0, replace(run, target="loihi", substrate="no silicon"))


def test_the_whole_result_is_taken_after_all(finished):
    job, _ = finished
    assert fetch(job).complete == (0,)
    assert Traces.load(job.results / "0.npz").seed == 0


# ------------------------------------------------------------------ what is kept here

KEPT = ["", "{", "[]", "{}", DEEP, '{"name": 1, "tasks": 3}', '{"tasks": [], "expected": []}']


@pytest.mark.parametrize("text", KEPT, ids=map(str, range(len(KEPT))))
def test_a_damaged_job(text, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = jobs.jobs_folder() / "x"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(text)
    refused(jobs.find_job, "x")


# ------------------------------------------------------------------ the command line

COMMANDS = [
    ["status", "../../etc"], ["status", "--", "-oProxyCommand=id"], ["status", "a;id"],
    ["fetch", "x\ny"], ["logs", "none"], ["logs", "none", "--task", "-1"], ["cancel", "$(id)"],
    ["submit", "oja", "--site", "a;id"],
    ["submit", "oja", "--site", "local", "--seeds", "0:1000000000"],
    ["submit", "oja", "--site", "local", "--seeds", "1,1"],
    ["submit", "oja", "--site", "local", "--seeds", ""],
    ["submit", "oja", "--site", "local", "--sweep", "neurons"],
    ["submit", "oja", "--site", "local", "--sweep", "neurons=1,,2"],
    ["submit", "oja", "--site", "local", "--sweep", "none=1,2"],
    ["submit", "oja", "--site", "local", "--duration", "-1"],
    ["submit", "oja", "--site", "local", "--target", "none"],
    ["submit", "oja", "--site", "local", "--beside", "none.txt"],
    ["submit", "oja", "--site", "local", "--learn-on"],
    ["submit", "oja", "--site", "local", "--fan-in", "3"],
    ["submit", "none.py", "--site", "local"], ["sites", "check", "none"],
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=map(" ".join, COMMANDS))
def test_a_bad_command(words, tmp_path):
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), VARIABLE: str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-m", "deploy", *words],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (2, 3) and not done.stdout
    assert len(done.stderr.strip().splitlines()) == 1 and "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("job.json"))
