"""Small things that once ended in a traceback, or in a wrong word."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import nengo
import pytest

import deploy
from deploy.errors import BadInput, TargetUnavailable
from deploy.files.folder import staged_folder
from deploy.jobs import remote
from deploy.jobs.job import Task, all_jobs, jobs_folder
from deploy.jobs.link import Link
from deploy.jobs.preparing import Options, prepare
from deploy.jobs.results import fetch
from deploy.models.user_code import user_code
from deploy.shown import LONGEST, bounded, one_line

pytestmark = pytest.mark.quick
AGENT = Path(deploy.__file__).parent / "jobs" / "agent"


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "state"


def test_one_damaged_job_does_not_hide_the_others(state):
    job = prepare([Task("oja", 0, 0.1)], "local")
    (jobs_folder() / "x").mkdir()
    (jobs_folder() / "x" / "job.json").write_text("{")
    found = all_jobs()
    assert found.jobs == (job,)
    assert len(found.damaged) == 1 and "damaged" in found.damaged[0]


def test_what_is_kept_of_jobs_is_nobody_elses_whatever_the_umask(state):
    before = os.umask(0)
    try:
        job = prepare([Task("oja", 0, 0.1)], "local")
        job.note("sending")
        with pytest.raises(TargetUnavailable):
            fetch(job)
    finally:
        os.umask(before)
    found = [path for path in [state, *state.rglob("*")] if path.stat().st_mode & 0o077]
    assert (job.folder / "fetch.lock").exists() and not found


def test_a_link_among_the_results_is_not_followed(tmp_path):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    for folder in (out, elsewhere):
        folder.mkdir()
    (out / "traces").symlink_to(elsewhere)
    with pytest.raises(BadInput, match="a link"), staged_folder(out) as stage:
        (stage / "traces").mkdir()
        (stage / "traces" / "cpu.npz").write_text("x")
        (stage / "report.html").write_text("x")
    assert not list(elsewhere.iterdir()) and not (out / "report.html").exists()


def test_standard_output_is_given_back_when_threads_overlap():
    first, second, out = threading.Event(), threading.Event(), sys.stdout

    def early():
        with user_code(None):
            first.set()
            second.wait(10)

    def late():
        first.wait(10)
        with user_code(None):
            second.set()
            other.join(10)

    other, last = threading.Thread(target=early), threading.Thread(target=late)
    other.start(), last.start()
    other.join(), last.join()
    assert sys.stdout is out


def test_a_parameter_that_names_a_file_of_this_machine(state, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("other.py").write_text("")
    Path("mine.py").write_text(
        "import nengo\n"
        "def model(seed, kind='x'):\n"
        "    with nengo.Network(seed=seed) as net:\n"
        "        nengo.Probe(nengo.Ensemble(10, 1))\n"
        "    return net\n"
    )
    task = Task("mine.py[kind=other.py]", 0, 0.1)
    with pytest.raises(BadInput, match="kind=other.py.*--beside"):
        prepare([task], "local")
    assert prepare([task], "local", Options(beside=(Path("other.py"),)))
    assert prepare([Task("mine.py[kind=nowhere.py]", 0, 0.1)], "local")


def test_want_of_memory_of_a_network_is_said_of_it():
    with pytest.raises(BadInput, match="^the network: the model does not fit"), user_code(None):
        raise MemoryError


def test_a_line_has_an_end():
    assert len(one_line("x" * 10**6)) == LONGEST and one_line("x" * 100) == "x" * 100


def test_a_label_of_a_million_characters_is_said_shortly(tmp_path):
    """A report says a label forty times; of this one that were 44 MB."""
    runs = []
    for target in ("cpu", "emulator"):
        with nengo.Network(label="x" * 10**6, seed=1) as network:
            ens = nengo.Ensemble(10, 1, label="y" * 10**6)
            nengo.Connection(nengo.Node(0.5), ens)
            nengo.Probe(ens, synapse=0.01, label="a" * 10**6)
            nengo.Probe(ens, synapse=0.02, label="a" * 10**6 + "b")
        runs.append(deploy.run(network, 0.05, target, seed=1))
    first, second = (label for label in runs[0].traces if label.startswith("a"))
    assert len(first) == 1000 and second == f"{first} (2)"
    deploy.compare_traces(*runs).save(tmp_path)
    sizes = {path.name: path.stat().st_size for path in tmp_path.rglob("*.*")}
    assert sizes["parity.json"] < 500_000 and sizes["report.html"] < 2_000_000, sizes


def test_texts_of_a_record_have_an_end():
    long = "x" * 10**6
    (key, (text,)), *_ = bounded({long: (long,), "n": 1}).items()
    assert len(key) == len(text) == LONGEST and bounded(("a", None, 1.5)) == ["a", None, 1.5]


def test_a_log_that_stands_still_is_not_followed_for_ever(state, monkeypatch):
    job = prepare([Task("oja", 0, 0.1)], "local")
    monkeypatch.setattr(Link, "ask", lambda *_: {"log": "again\n", "offset": 6})
    assert remote.logs(job, 0) == ("again\n", 6)
    with pytest.raises(TargetUnavailable, match="no end"):
        remote.logs(job, 0, 6)


# ------------------------------------------------------------------ the agent's start


def agent_at(folder):
    """An agent in a job's folder, which answers that it has no settings."""
    (folder / "agent").mkdir()
    for path in AGENT.glob("*.py"):
        (folder / "agent" / path.name).write_bytes(path.read_bytes())
    words = [sys.executable, str(folder / "agent" / "__main__.py"), "status"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_an_agent_compiles_nothing_and_believes_nothing_compiled(tmp_path):
    assert "settings.json is not here" in agent_at(tmp_path)["error"]
    assert not list(tmp_path.rglob("*.pyc"))
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(tmp_path / "agent")], check=True)
    compiled = list(tmp_path.rglob("*.pyc"))
    assert len(compiled) > 5
    for path in compiled:
        path.write_bytes(path.read_bytes()[:100])
    words = [sys.executable, str(tmp_path / "agent" / "__main__.py"), "status"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "settings.json is not here" in json.loads(done.stdout)["error"]


def test_a_python_that_is_too_old_is_said(tmp_path):
    """As it is seen by one: the check is the first thing that is done."""
    source = (AGENT / "__main__.py").read_text()
    older = source.replace("(3, 8)", "(99, 0)")
    (tmp_path / "start.py").write_text(older)
    words = [sys.executable, str(tmp_path / "start.py"), "status"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "older than 99.0" in json.loads(done.stdout)["error"] and older != source
