"""Jobs on a real Slurm, by way of a real sshd: sent once, run once, brought back whole."""

import json
import re
import signal
import threading
import time

import campaign
import daemons
import faults
import pytest

pytestmark = pytest.mark.xdist_group("cluster")  # one cluster, of one worker


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
    # two seconds, judged by a pair of runs, need not be enough for PARITY
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert re.search("^ *(NO PARITY|PARITY|OPEN): ", done.stdout, re.MULTILINE)
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
    name = json.loads(done.stdout)["name"]
    for _ in range(120):
        if cluster.mend():
            break
        time.sleep(1)
    assert job_names(cluster).count(name) == 1
    assert json.loads(laptop("status", name, "--json").stdout)["tasks"][0]["state"] == "complete"


def test_a_sweep_is_one_array(laptop, cluster):
    words = ("submit", "oja", "--site", "test", "--duration", 0.2, "--seeds", "0:2")
    done = laptop(*words, "--sweep", "neurons=2,3", "--json")
    name = json.loads(done.stdout)["name"]
    watched = laptop("status", name, "--watch")
    assert watched.returncode == 0 and "4 complete" in watched.stdout
    assert job_names(cluster).count(name) == 1


def test_more_tasks_than_slurm_takes(laptop):
    done = laptop("submit", "oja", "--site", "test", "--duration", 0.1, "--seeds", "0:1500")
    assert done.returncode == 3 and len(done.stderr.strip().splitlines()) == 1
    assert "submit fewer at a time" in done.stderr


def test_a_partition_that_is_not_there(laptop, cluster, tmp_path):
    settings = cluster.way(tmp_path / "way", partition="nosuch")
    done = laptop("submit", "oja", "--site", "test", "--duration", 0.1, env=settings)
    assert done.returncode == 3 and done.stderr.count("\n") == 1
    assert "sbatch: Batch job submission failed: Invalid partition" in done.stderr
    done = laptop("sites", "check", "test", "--json", env=settings)
    found = {step["step"]: step["works"] for step in json.loads(done.stdout)}
    assert done.returncode == 3 and [s for s, works in found.items() if not works] == ["partition"]


def test_what_a_job_waits_for_is_said_while_it_waits(laptop, cluster):
    def partition(state):
        words = ("scontrol", "update", f"PartitionName={daemons.PARTITION}", f"State={state}")
        assert cluster.slurm(*words).returncode == 0

    partition("DOWN")
    opened = threading.Timer(12, partition, ("UP",))
    try:
        done = laptop("submit", "oja", "--site", "test", "--duration", 0.1, "--json")
        opened.start()
        name = json.loads(done.stdout)["name"]
        watched = laptop("status", name, "--watch")
    finally:
        opened.cancel()
        partition("UP")
    assert watched.returncode == 0
    assert "1 pending (the partition is down)" in watched.stdout


def test_a_log_is_followed_to_its_end(laptop, tmp_path):
    (tmp_path / "talks.py").write_text(
        "import nengo\n"
        "def model(seed):\n"
        "    with nengo.Network(seed=seed) as net:\n"
        "        nengo.Probe(nengo.Node(lambda t: print('at', t) or t))\n"
        "    return net\n"
    )
    done = laptop("submit", "talks.py", "--site", "test", "--duration", 0.05, "--json")
    name = json.loads(done.stdout)["name"]
    followed = laptop("logs", name, "--follow").stdout
    assert "at 0.001" in followed and "at 0.05" in followed


# what takes more than half a minute is left to the campaign
LONG = {
    "stopped at its time limit",
    "requeued",
    "preempted and queued again",
    "clocks an hour apart",
}


SHORT = sorted(set(faults.FAULTS) - LONG)


@pytest.fixture(scope="module")
def outcomes(cluster):
    """Several runs at a time, as they wait more than they work."""
    faults.put_mishaps(cluster)
    found = campaign.campaign(cluster, SHORT, len(SHORT), seed=0, at_once=6)
    return {outcome.fault: outcome for outcome in found}


@pytest.mark.slow
@pytest.mark.parametrize("fault", SHORT)
def test_through_a_fault(fault, outcomes):
    assert outcomes[fault].good, outcomes[fault]
