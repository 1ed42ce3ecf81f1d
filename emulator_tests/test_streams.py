"""Commands whose standard streams are closed or not read, and workers whose parent is gone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = f"{sys.executable} -m deploy"
MODEL = """
import time, nengo, numpy as np
with nengo.Network(seed=1) as model:
    a = nengo.Ensemble(20, 1)
    nengo.Connection(nengo.Node(lambda t: time.sleep({pause}) or np.sin(9 * t)), a)
    nengo.Probe(a, synapse=0.02, label="a")
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.py").write_text(MODEL.format(pause=0))
    return tmp_path


def in_shell(line, folder):
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True)


COMPARE = "compare mine.py --duration 0.1 --spread 0 --out out"


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(folder, closed):
    whole = in_shell(f"{HERE} {COMPARE}", folder)
    done = in_shell(f"{HERE} {COMPARE}2 {closed}", folder)
    assert done.returncode == whole.returncode
    assert sorted(p.name for p in (folder / "out2").rglob("*")) == sorted(
        p.name for p in (folder / "out").rglob("*")
    )
    if ">&-" not in closed.split():
        assert done.stdout == whole.stdout.replace("report: out/", "report: out2/")


@pytest.mark.parametrize(
    "command", [COMPARE, "check mine.py --verbose", "check mine.py --json", "systems one-hot"]
)
def test_a_reader_who_has_had_enough_changes_no_exit_code(folder, command):
    whole = in_shell(f"{HERE} {command}", folder)
    done = in_shell(f"{HERE} {command} | true; exit ${{PIPESTATUS[0]}}", folder)
    assert (done.returncode, done.stderr) == (whole.returncode, "")
    assert (folder / "out" / "report.html").exists() == (command == COMPARE)


def test_what_is_wrong_ends_with_its_code_where_nobody_reads_it(folder):
    assert in_shell(f"{HERE} check nothing.py 2>&-", folder).returncode == 2


def children(pid):
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in found.read_text().split()]


def is_there(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def hang_up_ends_it():
    """As in a terminal, also where the tests run under nohup, whose children inherit that."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc for children")
@pytest.mark.parametrize("how", [signal.SIGHUP, signal.SIGKILL])
@pytest.mark.parametrize("command", ["compare", "sweep"])
def test_workers_end_with_their_parent(folder, command, how):
    (folder / "mine.py").write_text(MODEL.format(pause=0.02))
    more = ["--spread", "6"] if command == "compare" else ["--seeds", "0:4", "--processes", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy", command, "mine.py", "--duration", "1", *more],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "LOIHI_DEPLOY_CACHE": ""}, preexec_fn=hang_up_ends_it,
    )  # fmt: skip
    end = time.time() + 100
    while not children(process.pid):
        assert process.poll() is None and time.time() < end
        time.sleep(0.02)
    time.sleep(1.0)
    workers = children(process.pid)
    process.send_signal(how)
    process.wait(timeout=60)
    assert workers and process.returncode in (128 + signal.SIGHUP, -signal.SIGKILL)
    end = time.time() + 20
    while any(map(is_there, workers)):
        assert time.time() < end, "workers are left"
        time.sleep(0.05)
