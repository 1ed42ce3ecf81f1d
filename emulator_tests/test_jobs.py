"""Jobs on this machine, without a cluster: parts, tasks, sites' ways, and what an agent answers."""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from urllib.parse import unquote

import numpy as np
import pytest

import deploy
from deploy.errors import BadInput, Stopped
from deploy.jobs import remote, runner
from deploy.jobs.agent import answering, folder, process, slurm, submitting
from deploy.jobs.bundle import pack, unpack
from deploy.jobs.job import Task, find_job
from deploy.jobs.preparing import Options, prepare
from deploy.jobs.site import LOCAL, Site
from deploy.jobs.states import State, Status
from deploy.traces.parts import PartWriter, read_parts

# ------------------------------------------------------------------ parts of a run


@pytest.mark.quick
def test_parts_put_together_are_the_run(small, tmp_path, monkeypatch):
    monkeypatch.setattr("deploy.workflows.run.CHUNK", 37)
    parts = PartWriter(tmp_path / "parts", every=0.0)
    whole = deploy.run(small, 0.3, "emulator", parts=parts)
    found = read_parts(tmp_path / "parts")
    assert found.record["partial"] == {"steps": 296, "of": 300} and "partial" in found.where
    assert set(found.traces) == set(whole.traces)
    for trace in found:
        if trace.sparse:
            n = len(trace.spike_steps)
            assert np.array_equal(trace.spike_steps, whole[trace.label].spike_steps[:n])
            assert (whole[trace.label].spike_steps[n:] > 296).all()
        else:
            n = len(trace.samples)
            assert np.array_equal(trace.samples, whole[trace.label].samples[:n])
    parts.forget()
    assert not (tmp_path / "parts").exists()


@pytest.mark.quick
def test_a_run_that_is_told_to_stop_leaves_what_it_had(small, tmp_path, monkeypatch):
    monkeypatch.setattr("deploy.workflows.run.CHUNK", 50)
    parts = PartWriter(tmp_path / "parts")
    parts.stop()
    with pytest.raises(Stopped, match="after 0.05 of 0.3 s"):
        deploy.run(small, 0.3, "emulator", parts=parts)
    assert read_parts(tmp_path / "parts").n_steps == 50


@pytest.mark.quick
@pytest.mark.parametrize("spoil", ["gap", "other run", "nothing"])
def test_parts_that_do_not_fit_are_refused(small, tmp_path, monkeypatch, spoil):
    monkeypatch.setattr("deploy.workflows.run.CHUNK", 50)
    folders = [tmp_path / "a", tmp_path / "b"]
    for seed, place in enumerate(folders):
        small.seed = seed
        deploy.run(small, 0.3, "cpu", seed=seed, parts=PartWriter(place, every=0.0))
    first = folders[0]
    if spoil == "gap":
        (first / "000001.npz").unlink()
    elif spoil == "other run":
        os.replace(folders[1] / "000001.npz", first / "000001.npz")
    else:
        for path in first.iterdir():
            path.unlink()
    with pytest.raises(BadInput):
        read_parts(first)


# ------------------------------------------------------------------ bundles and sites


@pytest.mark.quick
def test_a_job_keeps_its_site_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("LOIHI_DEPLOY_SITES", str(tmp_path / "sites.toml"))
    table = '[far]\nhost = "{}"\nconda = "nx"\nmodules = ["a/1"]\nat_once = 3\n'
    (tmp_path / "sites.toml").write_text(table.format("first"))
    job = prepare([Task("oja", 0, 1.0)], "far")
    (tmp_path / "sites.toml").write_text(table.format("second"))
    kept = find_job(job.name)
    assert kept == job and kept.site.host == "first" and kept.site.modules == ("a/1",)
    other = prepare([Task("oja", 0, 1.0)], "far")
    assert other.name != job.name and other.site.host == "second"
    local = prepare([Task("oja", 0, 1.0)], "local")
    assert find_job(local.name).site == LOCAL


@pytest.mark.quick
def test_the_same_content_gives_the_same_bundle(tmp_path):
    one, other = (
        pack(files, {"x": 1}) for files in ({"a": b"1", "b": b"2"}, {"b": b"2", "a": b"1"})
    )
    assert one == other and unpack(one, tmp_path) == {"x": 1}
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


@pytest.mark.quick
def test_the_ways_that_python_is_started():
    def words(**given):
        return Site.of("a", given, "file").python_words

    assert words() == ["python3"]
    assert words(venv="~/x") == ["~/x/bin/python"]
    assert words(conda="/opt/x") == ["/opt/x/bin/python"]
    assert words(conda="x") == ["conda", "run", "--no-capture-output", "-n", "x", "python"]
    assert words(modules=["a/1", "b"])[:2] == ["bash", "-lc"]
    assert words(modules=["a/1", "b"])[2] == 'module load a/1 b && exec python3 "$@"'


@pytest.mark.quick
def test_nxsdks_own_way_to_a_board():
    site = Site.of("a", {"take": "nxsdk", "partition": "nahuku32", "board": "ncl-og-05"}, "file")
    assert site.environment == {"SLURM": "1", "PARTITION": "nahuku32", "BOARD": "ncl-og-05"}
    board = Site.of("a", {"lmt_options": "--skip-power=1 --verbose"}, "file")
    assert board.environment == {"LMTOPTIONS": "--skip-power=1 --verbose"}
    with pytest.raises(BadInput, match="lmt_options"):
        Site.of("a", {"lmt_options": "--power=1; rm -r ~"}, "file")
    assert Site.of("a", {}, "file").environment == {}


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A model that imports a file, which imports another, and a package, all beside it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "gains.py").write_text("import limits\ngain = limits.most")
    (tmp_path / "limits.py").write_text("most = 1.0")
    (tmp_path / "mine.py").write_text(
        "import gains, nengo\nmodel = nengo.Network(seed=0)\nwith model:\n"
        "    nengo.Probe(nengo.Ensemble(10, 1, radius=gains.gain))\n"
    )
    yield tmp_path
    for name in ("gains", "limits"):
        sys.modules.pop(name, None)


def prepared(folder, *beside):
    return prepare([Task(str(folder / "mine.py"), 0, 0.1)], "local", Options(beside=beside))


def test_what_a_model_imports_has_to_be_sent(mine):
    gains, limits = mine / "gains.py", mine / "limits.py"
    with pytest.raises(BadInput, match=f"gains is imported.*--beside {gains}"):
        prepared(mine)
    with pytest.raises(BadInput, match=f"limits is imported.*--beside {limits}"):
        prepared(mine, gains)
    assert prepared(mine, gains, limits).bundle.is_file()


def test_a_package_beside_a_model_is_not_sent(mine):
    (mine / "limits.py").unlink()
    (mine / "limits").mkdir()
    (mine / "limits" / "__init__.py").write_text("most = 1.0")
    with pytest.raises(BadInput, match="limits is imported.*install it"):
        prepared(mine, mine / "gains.py")


def test_a_file_that_lacks_at_the_site_is_told(mine, tmp_path, capsys):
    (mine / "mine.py").write_text(
        "import nengo, pathlib\npathlib.Path(__file__).with_name('data.txt').read_text()\n"
        "model = nengo.Network(seed=0)\nwith model:\n    nengo.Probe(nengo.Ensemble(10, 1))\n"
    )
    (mine / "data.txt").write_text("1")
    job = prepared(mine)
    assert runner.main([str(job.bundle), "--out", str(tmp_path / "out")]) == 2
    printed = capsys.readouterr().err
    assert "data.txt" in printed and "--beside FILE" in printed and printed.count("\n") == 1


# ------------------------------------------------------------------ what an agent answers


@pytest.mark.quick
def test_slurms_accounts_are_read():
    """As sacct --parsable2 prints an array; see its manual, section JOB STATE CODES."""
    out = "12_0|COMPLETED\n12_1|CANCELLED by 1000\n12_2|OUT_OF_MEMORY\n12_[3-4%2]|PENDING\n\n"
    found = slurm.read_accounts(out)
    assert found == {0: ("COMPLETED", ""), 1: ("CANCELLED", ""), 2: ("OUT_OF_MEMORY", "")}
    assert slurm.read_accounts("4_0|COMPLETED\n4|CANCELLED by 0\n") == {
        0: ("COMPLETED", ""),
        slurm.REST: ("CANCELLED", ""),
    }


@pytest.mark.quick
@pytest.mark.parametrize(
    "kept, age, lost",
    [
        (300, 20, True), (300, 299, True), (300, 301, False), (300, 5000, False), (0, 5000, True),
        (300, -5, True), (300, -50, False), (60, 250, False),
    ],
)  # fmt: skip
def test_a_job_is_lost_only_where_slurm_cannot_have_forgotten_it(kept, age, lost, monkeypatch):
    """Of one that it does not know, and that was never begun."""
    known = {"stored_id": "5", "was_cancelled": False, "any_begun": False, "states": {},
             "queued": [], "read": str(time.time() - age), "seconds_kept": kept}  # fmt: skip
    for name, value in known.items():
        monkeypatch.setattr(slurm, name, lambda *_, value=value: value)
    assert slurm.is_lost({"name": "x"}) is lost


@pytest.mark.quick
def test_slurms_queue_is_read():
    """As squeue --array prints an array of which the rest was cancelled before it began."""
    found = slurm.read_queue("N/A|CANCELLED|JobArrayTaskLimit\n0|COMPLETING|None\n")
    rest = ("CANCELLED", "JobArrayTaskLimit")
    assert found == {0: ("COMPLETING", "None"), slurm.REST: rest}


@pytest.mark.quick
@pytest.mark.parametrize(
    "limit, seconds",
    [
        ("", 0),
        ("90", 5400),
        ("0:30", 30),
        ("01:00:00", 3600),
        ("2-12", 216000),
        ("2-12:30", 217800),
        ("2-00:00:00", 172800),
    ],
)
def test_time_limits(limit, seconds):
    assert answering.seconds_of(limit) == seconds


@pytest.mark.quick
@pytest.mark.parametrize(
    "words",
    [
        "slurmstepd: error: StepId=1.batch exceeded memory limit (2621440000 > 2097152000), "
        "being killed",
        "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=7.batch.",
    ],
)
def test_want_of_memory_is_told_by_slurms_words(words):
    """As slurmstepd writes them into the log where it polls memory, and where it has cgroups."""
    found = answering.end_of({"time_limit": ""}, "FAILED", {}, True, f"epoch 3\n{words}")
    assert found == ("failed", "ran out of memory")


@pytest.mark.quick
@pytest.mark.parametrize(
    "state, ended, begun, found, why",
    [
        ("TIMEOUT", {}, True, "failed", "time limit"),
        ("OUT_OF_MEMORY", {}, True, "failed", "memory"),
        ("NODE_FAIL", {}, True, "failed", "node"),
        ("PREEMPTED", {}, True, "failed", "preempted"),
        ("CANCELLED", {}, True, "cancelled", "cancelled"),
        ("CANCELLED", {}, False, "cancelled", "cancelled"),
        ("", {"code": 143, "stopped": True, "seconds": 3599}, True, "failed", "time limit"),
        ("", {"code": 143, "stopped": True, "seconds": 10}, True, "failed", "or preempted"),
        ("CANCELLED", {"code": 143, "stopped": True, "seconds": 10}, True, "cancelled", "cance"),
        ("FAILED", {"code": -9, "stopped": False, "seconds": 10}, True, "failed", "killed"),
        ("FAILED", {"code": 2, "stopped": False, "seconds": 10}, True, "failed", "failed"),
        ("", {"code": 0, "stopped": False, "seconds": 10}, True, "failed", "ended well"),
        ("", {}, True, "failed", "without a result"),
        ("", {}, False, "forgotten", "never began"),
    ],
)
def test_ends_are_told_apart(state, ended, begun, found, why):
    end = answering.end_of({"time_limit": "01:00:00"}, state, ended, begun)
    assert end[0] == found and why in end[1]


@pytest.mark.quick
@pytest.mark.parametrize("resubmit, times", [(None, 0), (lambda: False, 0), (lambda: True, 3)])
def test_a_site_that_always_loses_a_job_is_not_submitted_to_for_ever(monkeypatch, resubmit, times):
    lost, sent = Status("1", (State("lost"),)), []
    monkeypatch.setattr(remote, "status", lambda job: lost)
    monkeypatch.setattr(remote, "submit", sent.append)
    monkeypatch.setattr(remote.time, "sleep", lambda seconds: None)
    assert remote.wait("job", resubmit=resubmit) == lost and sent == ["job"] * times


@pytest.mark.quick
def test_a_result_that_is_shown_late_is_waited_for(agent):
    """By a network's file system: Slurm, or the agent at its node, says that it has ended well."""
    here = agent("pass")
    now, job = time.time(), folder.settings()
    for name in folder.NOTES:
        (here / name).mkdir(exist_ok=True)
    for seconds, state in ((5, "completing"), (1000, "failed"), (-1000, "failed")):
        folder.note("ended", 0, code=0, stopped=False, seconds=1, time=now - seconds)
        assert answering.state_of(0, job, folder.Reported())["state"] == state
    folder.forget("ended", 0)
    for _ in range(2):
        found = answering.state_of(0, job, folder.Reported("COMPLETED", "None"))
        assert found["state"] == "completing"
    folder.note("said", 0, state="COMPLETED", time=now - 1000)
    assert answering.state_of(0, job, folder.Reported())["state"] == "forgotten"
    folder.note("begun", 0)
    assert answering.state_of(0, job, folder.Reported())["state"] == "failed"


# ------------------------------------------------------------------ on this machine


@pytest.fixture
def here(loihi_deploy, tmp_path):
    """`loihi-deploy` with a home of its own, whose site `local` is a process."""
    places = {"HOME": str(tmp_path / "home"), "XDG_STATE_HOME": str(tmp_path / "state")}
    (tmp_path / "home").mkdir()
    return lambda *words: loihi_deploy(*words, env=places)


@pytest.mark.slow
def test_a_sweep_of_a_users_model_with_its_file(here, tmp_path):
    (tmp_path / "gains.txt").write_text("0.5")
    (tmp_path / "mine.py").write_text(
        "from pathlib import Path\n"
        "import nengo\n"
        "def model(seed, factor=1.0):\n"
        "    gain = float((Path(__file__).parent / 'gains.txt').read_text())\n"
        "    with nengo.Network(seed=seed) as net:\n"
        "        ens = nengo.Ensemble(30, 1)\n"
        "        nengo.Connection(nengo.Node(gain * factor), ens)\n"
        "        nengo.Probe(ens, synapse=0.03, label='out')\n"
        "    return net\n"
    )
    words = ("submit", "mine.py", "--site", "local", "--duration", 0.4, "--beside", "gains.txt")
    done = here(*words, "--sweep", "factor=1.0,-1.0", "--seeds", "0:2", "--wait", "--json")
    assert done.returncode in (0, 1), done.stderr  # parity is not what is asked here
    answer = json.loads(done.stdout)
    assert (answer["complete"], len(answer["reports"])) == (4, 4)
    assert [found["seeds"] for found in answer["spread"].values()] == [[0, 1], [0, 1]]
    page = tmp_path / answer["report"]
    links = re.findall(r'href="([^"#]+\.html)"', page.read_text())
    assert len(links) == 4 and all((page.parent / unquote(link)).is_file() for link in links)
    assert page.read_text().count("<h2>Effects over seeds") == 2
    job = json.loads(here("jobs", "--json").stdout)[0]
    assert job["last seen"] == "fetched 4 complete" and job["submitted"] != "not yet"
    results = tmp_path / "state" / "loihi-deploy" / "jobs" / job["name"] / "results"
    with open(results.parent / "history.jsonl", "a") as stream:
        stream.write('{"time": "20')  # of a process that was killed
    assert "fetched 4 complete" in here("jobs").stdout
    ends = [deploy.Traces.load(results / f"{n}.npz")["out"].samples[-1, 0] for n in range(4)]
    assert np.allclose(ends, [0.5, 0.5, -0.5, -0.5], atol=0.15)


@pytest.mark.slow
def test_a_cancelled_job_leaves_a_part_and_can_be_started_again(here, tmp_path):
    words = ("submit", "oja", "--site", "local", "--duration", 5000, "--json")
    name = json.loads(here(*words).stdout)["name"]
    parts = tmp_path / "home" / "loihi-deploy" / "jobs" / name / "results" / "0.parts"
    for _ in range(600):
        if parts.exists():
            break
        time.sleep(0.1)
    time.sleep(0.5)
    assert here("cancel", name).returncode == 0
    for _ in range(120):  # numba may be compiling, which ends by itself
        state = json.loads(here("status", name, "--json").stdout)["tasks"][0]
        if state["state"] == "cancelled":
            break
        time.sleep(0.5)
    assert "cancelled" in state["why"]
    answer = json.loads(here("fetch", name, "--json").stdout)
    assert answer["complete"] == 0 and answer["partial"] == [0]
    again = json.loads(here(*words, "--again").stdout)
    assert again["new"]
    assert here("cancel", name).returncode == 0


@pytest.mark.slow
def test_weights_go_with_a_job(here, tmp_path):
    done = here("run", "oja", "--duration", 1, "--freeze", "weights.npz")
    assert done.returncode == 0, done.stderr
    words = ("submit", "oja", "--site", "local", "--duration", 0.3, "--weights", "weights.npz")
    done = here(*words, "--wait", "--json")
    assert done.returncode in (0, 1), done.stderr
    job = json.loads(here("jobs", "--json").stdout)[0]
    results = tmp_path / "state" / "loihi-deploy" / "jobs" / job["name"] / "results"
    assert deploy.Traces.load(results / "0.npz").settings["weights"] == "fixed"


# ------------------------------------------------------------------ a process and its lock


@pytest.fixture
def agent(tmp_path, monkeypatch):
    """The agent's folder of a job of one task, whose process does what ``script`` says."""
    for name in ("log", "results", "started", "ended", "agent"):
        (tmp_path / name).mkdir()
    for module in (folder, process, submitting, answering):
        monkeypatch.setattr(module, "HERE", tmp_path)

    def prepared(script):
        (tmp_path / "agent" / "__main__.py").write_text(script)
        (tmp_path / "bundle.tar").write_bytes(b"x")
        settings = {"name": "x", "sha256": hashlib.sha256(b"x").hexdigest(), "tasks": 1}
        settings.update(take="process", python=[sys.executable], time_limit="")
        (tmp_path / "settings.json").write_text(json.dumps(settings))
        return tmp_path

    return prepared


def until(done, seconds=20.0):
    end = time.time() + seconds
    while not done():
        assert time.time() < end, "it took too long"
        time.sleep(0.05)


SLEEPS = "import time; time.sleep(60)"


@pytest.mark.quick
def test_a_process_is_known_by_its_lock_and_stopped(agent):
    agent(SLEEPS)
    assert submitting.submit()["new"] and not submitting.submit()["new"]
    assert answering.status()["tasks"][0]["state"] == "pending"
    assert "error" not in submitting.cancel()
    until(lambda: not process.is_alive())
    assert answering.status()["tasks"][0]["state"] == "cancelled"
    assert submitting.cancel()["left"] is False
    answer = submitting.submit()
    assert not answer["new"] and answer["cancelled"]


@pytest.mark.quick
def test_cancelling_what_is_over_touches_no_stranger(agent):
    here = agent("pass")
    submitting.submit()
    until(lambda: not process.is_alive())
    with subprocess.Popen([sys.executable, "-c", SLEEPS], start_new_session=True) as stranger:
        (here / "jobid").write_text(f"process {stranger.pid} {socket.gethostname()}\n")
        assert "error" not in submitting.cancel()
        time.sleep(0.3)
        assert stranger.poll() is None
        assert answering.status()["tasks"][0]["state"] == "cancelled"
        stranger.kill()


@pytest.mark.quick
def test_a_child_that_outlives_its_agent_is_not_joined_by_a_second(agent):
    here = agent(
        "import subprocess, sys\n"
        f"subprocess.Popen([sys.executable, '-c', {SLEEPS!r}], close_fds=False)\n"
    )
    submitting.submit()
    group = int((here / "jobid").read_text().split()[1])
    time.sleep(0.5)
    assert process.is_alive() and answering.status()["tasks"][0]["state"] == "pending"
    assert not submitting.again()["new"]
    (here / "jobid").unlink()
    assert "still there" in submitting.submit()["error"]
    (here / "jobid").write_text(f"process {group} {socket.gethostname()}\n")
    submitting.cancel()
    until(lambda: not process.is_alive())


@pytest.mark.quick
def test_a_process_of_another_host_is_cancelled_there(agent):
    here = agent(SLEEPS)
    (here / "jobid").write_text("process 1 elsewhere\n")
    assert "elsewhere" in submitting.cancel()["error"]
