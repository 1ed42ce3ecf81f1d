"""Jobs on a real Slurm, by way of a real sshd: sent once, run once, brought back whole."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest


def job_names(cluster):
    """Every job that Slurm has had, one name a job array."""
    done = cluster.slurm("squeue", "--noheader", "--states=all", "--format=%F %j")
    return [line.split()[1] for line in sorted(set(done.stdout.splitlines()))]


def test_a_site_is_tried_step_by_step(laptop):
    done = laptop("sites", "check", "test", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(step["works"] for step in json.loads(done.stdout))


def test_submit_and_wait_ends_in_a_report(laptop, tmp_path):
    done = laptop(
        "submit", "pes-connection", "--site", "test", "--duration", 2, "--wait", "--out", "report"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PARITY" in done.stdout
    assert (tmp_path / "report" / "report.html").is_file()


def test_the_same_job_is_sent_once(laptop, cluster):
    arguments = ("submit", "oja", "--site", "test", "--duration", 0.3, "--seeds", "0:3", "--json")
    first, second = (json.loads(laptop(*arguments).stdout) for _ in range(2))
    assert first["new"] and not second["new"]
    assert first["id"] == second["id"] and first["name"] == second["name"]
    assert job_names(cluster).count(first["name"]) == 1


def test_an_array_comes_back_whole(laptop):
    done = laptop("submit", "bcm", "--site", "test", "--duration", 0.2, "--seeds", "0:4", "--json")
    name = json.loads(done.stdout)["name"]
    for _ in range(90):
        state = json.loads(laptop("status", name, "--json").stdout)
        if all(task["state"] == "complete" for task in state["tasks"]):
            break
        time.sleep(1)
    fetched = json.loads(laptop("fetch", name, "--json", "--no-compare").stdout)
    assert (fetched["complete"], fetched["of"]) == (4, 4)


def test_a_failed_task_says_why(laptop, tmp_path):
    (tmp_path / "broken.py").write_text(
        "import nengo\n"
        "def model(seed):\n"
        "    with nengo.Network(seed=seed) as net:\n"
        "        nengo.Probe(nengo.Node(lambda t: 1 / 0 if t > 0.05 else 0.0))\n"
        "    return net\n"
    )
    done = laptop("submit", "broken.py", "--site", "test", "--duration", 0.2, "--wait")
    assert done.returncode == 1
    assert "task 0" in done.stdout and "ZeroDivisionError" in done.stdout


def test_a_job_can_be_cancelled(laptop, cluster):
    done = laptop("submit", "pes-connection", "--site", "test", "--duration", 900, "--json")
    name = json.loads(done.stdout)["name"]
    assert laptop("cancel", name).returncode == 0
    for _ in range(60):
        state = json.loads(laptop("status", name, "--json").stdout)["tasks"][0]
        if state["state"] == "failed":
            break
        time.sleep(0.5)
    assert state["state"] == "failed" and "cancelled" in state["why"]


def test_with_sshd_down_it_says_so_and_goes_on_after(laptop, cluster):
    arguments = ("submit", "injection", "--site", "test", "--json")
    cluster.stop("sshd")
    try:
        done = laptop(*arguments)
        assert done.returncode == 3 and len(done.stderr.strip().splitlines()) == 1
    finally:
        cluster.start("sshd")
        time.sleep(0.7)
    done = laptop(*arguments)
    assert done.returncode == 0, done.stderr
    assert job_names(cluster).count(json.loads(done.stdout)["name"]) == 1


def test_with_slurmctld_down_nothing_is_lost_or_doubled(laptop, cluster):
    arguments = ("submit", "one-hot", "--site", "test", "--duration", 0.3, "--json")
    cluster.stop("slurmctld", signal.SIGKILL)
    try:
        done = laptop(*arguments)
        assert done.returncode == 3 and len(done.stderr.strip().splitlines()) == 1
    finally:
        cluster.start("slurmctld")
        time.sleep(2)
    for _ in range(20):
        done = laptop(*arguments)
        if done.returncode == 0:
            break
        time.sleep(1)
    assert job_names(cluster).count(json.loads(done.stdout)["name"]) == 1


@pytest.mark.parametrize("after", [0.05, 0.6, 1.2, 1.8, 2.4, 3.0])
def test_a_laptop_killed_anywhere_starts_again(laptop, cluster, tmp_path, after):
    duration = 0.1 + after / 100  # another job each time
    arguments = ("submit", "oja", "--site", "test", "--duration", duration, "--json")
    environment = {**os.environ, **cluster.settings, "XDG_STATE_HOME": str(tmp_path / "state")}
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy", *map(str, arguments)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after)
    process.kill()
    process.wait()
    answer = json.loads(laptop(*arguments).stdout)
    assert job_names(cluster).count(answer["name"]) == 1


def test_a_flipped_byte_is_not_taken(laptop, cluster):
    done = laptop("submit", "injection", "--site", "test", "--duration", 0.6, "--json")
    name = json.loads(done.stdout)["name"]
    for _ in range(90):
        state = json.loads(laptop("status", name, "--json").stdout)
        if state["tasks"][0]["state"] == "complete":
            break
        time.sleep(0.5)
    result = cluster.folder / "remote" / "jobs" / name / "results" / "0.npz"
    whole = result.read_bytes()
    result.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
    done = laptop("fetch", name, "--no-compare")
    assert done.returncode == 2 and "damaged" in done.stderr
    result.write_bytes(whole)
    assert laptop("fetch", name, "--no-compare").returncode == 0
