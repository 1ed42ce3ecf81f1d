"""What can go wrong between a laptop and a cluster, each as a run that goes through it.

A run of a fault has a job of its own, and ends with an outcome in words, or with a `Violation`:
something lost, doubled, wrongly accepted, or not said in one clear line.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import numpy as np
from daemons import MEMORY
from laptop import Done, Laptop
from relay import Relay

import deploy
from deploy.jobs.states import OVER
from deploy.traces.traces import Traces

MODEL = """\
import os
import nengo

BALLAST = []

def model(seed):
    if "SLURM_JOB_ID" in os.environ:  # counts how often a task is begun at the site
        with open({marks!r}, "a") as stream:
            stream.write("%s %d\\n" % (os.environ["SLURM_ARRAY_JOB_ID"], seed))
        BALLAST.append(b"1" * ({memory} << 20))
    running = []

    def ramp(t):
        # built, and its kernels compiled: a host may be a batch of steps ahead of the chip
        if t > 2 and not running and "SLURM_JOB_ID" in os.environ:
            running.append(t)
            open("%s.%d.running" % ({marks!r}, seed), "w").close()
        return t

    with nengo.Network(label="campaign", seed=seed) as network:
        wave = nengo.Node(ramp, label="ramp")
        ens = nengo.Ensemble({neurons}, 1, label="ens")
        nengo.Connection(wave, ens)
        nengo.Probe(ens, synapse=0.01, label="decoded")
        nengo.Probe(ens.neurons, label="spikes")
    return network
"""
SHORT, LONG = 0.1, 20000.0  # s of model time; a long run is never done
PATIENCE = 240.0  # s, for one run


class Violation(Exception):
    """What must not be."""


@dataclass
class Run:
    """One job that goes through a fault.

    Attributes
    ----------
    folder : pathlib.Path
    cluster : daemons.Cluster
    draw : random.Random
        From the run's own seed.
    name : str
        Of its job, once it is known.
    """

    folder: Path
    cluster: Any
    draw: random.Random
    name: str = ""
    n_tasks: int = 1
    duration: float = SHORT
    asked: List[Done] = field(default_factory=list)
    site: Dict[str, Any] = field(default_factory=dict)
    memory: int = 0  # MiB, which a task takes

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.n_tasks = self.draw.choice([1, 1, 2])
        self.laptop = self.another("laptop")
        self.end = time.monotonic() + PATIENCE

    def another(self, name: str, port: Optional[int] = None) -> Laptop:
        """A laptop, and the model on it; the same model on each."""
        folder = self.folder / name
        found = Laptop(folder, self.cluster.way(folder, port, **self.site))
        text = MODEL.format(marks=str(self.folder / "marks"), neurons=20, memory=self.memory)
        (folder / "campaign.py").write_text(text)
        return found

    @property
    def submission(self) -> List[object]:
        """The command that sends the job."""
        return ["submit", "campaign.py", "--site", "test", "--seeds", f"0:{self.n_tasks}",
                "--duration", self.duration, "--json"]  # fmt: skip

    @property
    def remote(self) -> Path:
        """The job's folder at the site."""
        return self.cluster.folder / "remote" / "jobs" / self.name

    def try_once(self, *arguments: object, laptop: Optional[Laptop] = None, **how: Any) -> Done:
        """A command, of which nobody expects that it works, but that it is clear."""
        done = (laptop or self.laptop).run(*arguments, **how)
        self.asked.append(done)
        if done.code != -signal.SIGKILL and not (done.clear and done.code in (0, 1, 2, 3)):
            raise Violation(f"unclear: exit {done.code}: {done.stderr.strip()[-300:]!r}")
        return done

    def persist(self, *arguments: object, laptop: Optional[Laptop] = None) -> Done:
        """The same command until it works, as a user would who does not know more."""
        while True:
            done = self.try_once(*arguments, laptop=laptop)
            if done.code in (0, 1):
                return done
            if done.code == 2 or time.monotonic() > self.end:
                raise Violation(f"lost: {arguments[0]} says {done.stderr.strip()!r} to the end")
            time.sleep(1.0)

    def submit(self, laptop: Optional[Laptop] = None) -> None:
        """Until it is queued."""
        self.name = json.loads(self.persist(*self.submission, laptop=laptop).stdout)["name"]

    def states(self) -> List[Dict[str, Any]]:
        """Of the tasks, as `status` has them."""
        return json.loads(self.persist("status", self.name, "--json").stdout)["tasks"]

    def until(self, true: Callable[[], Any], what: str) -> Any:
        """Wait for something."""
        while time.monotonic() < self.end:
            found = true()
            if found:
                return found
            time.sleep(0.5)
        raise Violation(f"lost: waited in vain for {what}")

    def until_over(self) -> List[Dict[str, Any]]:
        """The states once all tasks are over."""

        def over() -> Any:
            states = self.states()
            if any(s["state"] == "lost" for s in states):
                self.submit()
                return None
            return states if all(s["state"] in OVER for s in states) else None

        return self.until(over, "the end of the job")

    def fetch(self) -> Dict[str, Any]:
        """Results, without a comparison."""
        return json.loads(self.persist("fetch", self.name, "--no-compare", "--json").stdout)

    def marks(self) -> List[str]:
        """A line each time that a task was begun at the site."""
        path = self.folder / "marks"
        return path.read_text().splitlines() if path.exists() else []

    def arrays(self) -> List[str]:
        """Slurm's ids of all arrays of this name, ever."""
        done = self.cluster.slurm(
            "squeue", "--noheader", "--states=all", f"--name={self.name}", "--format=%F"
        )
        return sorted(set(done.stdout.split()))

    def results(self) -> Path:
        """Where the laptop has them."""
        return self.laptop.folder / "state" / "loihi-deploy" / "jobs" / self.name / "results"

    def complete(self, restarts: bool = False, arrays: int = 1) -> str:
        """Check that the job is whole, was run once, and has the bits of a run here."""
        states = self.until_over()
        if any(s["state"] != "complete" for s in states):
            raise Violation(f"lost: {states}")
        fetched = self.fetch()
        if fetched["complete"] != self.n_tasks:
            raise Violation(f"lost: {fetched}")
        self.compare_bits()
        begun = self.marks()
        if len({line.split()[0] for line in begun}) != 1 and not restarts:
            raise Violation(f"doubled: tasks of several arrays were run: {begun}")
        if len(begun) != self.n_tasks and not restarts:
            raise Violation(f"doubled: {len(begun)} runs of {self.n_tasks} tasks")
        if len(self.arrays()) > arrays:
            raise Violation(f"doubled: arrays {self.arrays()}")
        return "complete, right bits"

    def compare_bits(self, partial: bool = False) -> None:
        """Hold what was fetched against the same run here."""
        for seed in range(self.n_tasks):
            name = f"{seed}.partial.npz" if partial else f"{seed}.npz"
            found = Traces.load(self.results() / name)
            if partial and not found.record.get("partial"):
                raise Violation("a partial result does not say that it is partial")
            model = f"{self.laptop.folder / 'campaign.py'}"
            seconds = min(found.duration, 1.0) if partial else self.duration
            here = deploy.run(model, seconds, "emulator", seed)
            n = here.n_steps
            if not np.array_equal(here["decoded"].samples, found["decoded"].samples[:n]):
                raise Violation("wrong: other samples than a run here gives")
            early = found["spikes"].spike_steps <= n
            if not np.array_equal(here["spikes"].spike_steps, found["spikes"].spike_steps[early]):
                raise Violation("wrong: other spikes than a run here gives")

    def ended(self, why: str) -> str:
        """Check that all tasks ended for this reason, and left what they had."""
        states, state = self.until_over(), "cancelled" if why == "was cancelled" else "failed"
        if any(s["state"] != state or why not in s["why"] for s in states):
            raise Violation(f"said wrongly: {states} in place of {why!r}")
        if self.fetch()["complete"]:
            raise Violation("wrong: a result of a job that did not end")
        return f"said: {why}"


Fault = Callable[[Run], str]
FAULTS: Dict[str, Fault] = {}


def fault(text: str) -> Callable[[Fault], Fault]:
    """Enter a fault under what it is."""

    def enter(function: Fault) -> Fault:
        FAULTS[text] = function
        return function

    return enter


# ------------------------------------------------------------------ the way


@contextlib.contextmanager
def _cut(run: Run, connection: int, after: int) -> Iterator[None]:
    relay = Relay(run.cluster.names["ssh"], (connection, after))
    run.laptop = run.another("cut", relay.port)
    try:
        yield
    finally:
        relay.stop()


@fault("connection refused at a step of submit")
def refused(run: Run) -> str:
    with _cut(run, run.draw.randrange(3), 0):
        run.submit()
        return run.complete()


@fault("connection cut at a random byte of submit")
def cut_in_submit(run: Run) -> str:
    step = run.draw.randrange(3)  # a folder is made, files are sent, the agent is asked
    after = run.draw.randrange(1, 4000) if step != 1 else run.draw.randrange(200_000)
    with _cut(run, step, after):
        run.submit()
        return run.complete()


@fault("connection cut at a random byte of fetch")
def cut_in_fetch(run: Run) -> str:
    run.submit()
    run.until_over()
    state = run.laptop.environment["XDG_STATE_HOME"]
    with _cut(run, 0, run.draw.randrange(1, 12_000)):
        run.laptop.environment["XDG_STATE_HOME"] = state
        while run.try_once("fetch", run.name, "--no-compare", "--json").code:
            pass
    back = run.another("laptop")
    back.environment["XDG_STATE_HOME"] = state
    run.laptop = back
    return run.complete()


# ------------------------------------------------------------------ laptops


@fault("laptop killed anywhere in submit")
def killed_in_submit(run: Run) -> str:
    for _ in range(run.draw.randrange(1, 4)):
        run.try_once(*run.submission, kill_after=run.draw.uniform(0.0, 1.6))
    run.submit()
    return run.complete()


@fault("laptop killed anywhere in fetch")
def killed_in_fetch(run: Run) -> str:
    run.submit()
    run.until_over()
    for _ in range(3):
        run.try_once("fetch", run.name, "--no-compare", kill_after=run.draw.uniform(0.0, 0.8))
    return run.complete()


@fault("two laptops submit the same job at once")
def two_laptops(run: Run) -> str:
    other = run.another("other")
    if run.draw.random() < 0.7:  # so that one asks while the other is at it
        _with_slow_sbatch(run, run.draw.uniform(1.0, 3.0))
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            time.sleep(run.draw.uniform(0, 0.5))
            os._exit(other.run(*run.submission).code)
        os._exit(70)
    run.submit()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code not in (0, 3):
        raise Violation(f"the other laptop ended with {code}")
    there = json.loads(run.persist(*run.submission, laptop=other).stdout)
    if there["name"] != run.name or there["new"]:
        raise Violation("doubled: the other laptop sees another job")
    return run.complete()


@fault("clocks an hour apart")
def clocks(run: Run) -> str:
    shift = run.draw.choice(["+3600s", "-3600s"])
    environment = {**os.environ, **run.laptop.environment}

    def apart(*words: object) -> Dict[str, Any]:
        done = subprocess.run(
            ["faketime", "-f", shift, sys.executable, "-m", "deploy", *map(str, words)],
            cwd=run.laptop.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode not in (0, 1):
            raise Violation(f"clocks apart: {done.stderr.strip()!r}")
        return json.loads(done.stdout)

    run.name = apart(*run.submission)["name"]
    run.until_over()
    if apart("fetch", run.name, "--no-compare", "--json")["complete"] != run.n_tasks:
        raise Violation("lost: with clocks apart")
    return run.complete()


# ------------------------------------------------------------------ Slurm's answers


def _with_sbatch(run: Run, script: str) -> None:
    """Have the next sbatch of this run's job go wrong."""
    run.name = _name_of(run)
    place = run.cluster.folder / "mishaps" / run.name
    place.write_text(script)


def _with_slow_sbatch(run: Run, seconds: float) -> None:
    _with_sbatch(run, f'sleep {seconds:.1f}\nexec "$REAL" "$@"\n')


def _name_of(run: Run) -> str:
    """The job's name, which is decided before anything is sent."""
    from deploy.jobs.job import Task
    from deploy.jobs.preparing import prepare

    pid_environment = dict(os.environ)
    os.environ.update(run.laptop.environment)
    try:
        model = str(run.laptop.folder / "campaign.py")
        tasks = [Task(model, seed, run.duration) for seed in range(run.n_tasks)]
        return prepare(tasks, "test").name
    finally:
        os.environ.clear()
        os.environ.update(pid_environment)


@fault("sbatch answers late")
def sbatch_late(run: Run) -> str:
    _with_slow_sbatch(run, run.draw.uniform(0.5, 5))
    run.submit()
    return run.complete()


@fault("sbatch succeeds, its answer is lost")
def sbatch_answer_lost(run: Run) -> str:
    way = run.draw.choice(
        [
            "exit 1",
            "echo garbage",
            "kill -9 $PPID",
            "kill -9 $PPID; exit 1",
            "echo >&2 lost; exit 1",
        ]
    )
    _with_sbatch(run, f'"$REAL" "$@" >/dev/null\n{way}\n')
    run.submit()
    return run.complete()


@fault("sbatch says no and is obeyed later all the same")
def sbatch_obeyed_later(run: Run) -> str:
    late = run.draw.uniform(1.0, 6.0)
    text = (
        f'(sleep {late:.1f}; exec "$REAL" "$@") >/dev/null 2>&1 </dev/null &\n'
        'echo >&2 "Unable to contact slurm controller"; exit 1\n'
    )
    _with_sbatch(run, text)
    run.submit()
    run.until_over()
    time.sleep(max(0.0, late))
    return run.complete(arrays=2)


@fault("squeue does not answer")
def squeue_fails(run: Run) -> str:
    run.submit()
    place = run.cluster.folder / "mishaps" / f"squeue-{run.arrays()[0]}"
    place.write_text('echo >&2 "slurm_load_jobs error: Socket timed out"; exit 1\n')
    done = run.try_once("status", run.name, "--json")
    if done.code not in (0, 3):
        raise Violation(f"squeue fails, and status says {done}")
    return run.complete()


# ------------------------------------------------------------------ jobs that end


def _begin_long(run: Run) -> None:
    run.duration = LONG
    run.submit()
    run.until(lambda: len(run.marks()) >= run.n_tasks, "the tasks to begin")
    time.sleep(run.draw.uniform(2.0, 5.0))


def _begin_with_results(run: Run) -> None:
    """A long run, each of whose tasks has built its model and has something to write."""
    _begin_long(run)
    running = [run.folder / f"marks.{seed}.running" for seed in range(run.n_tasks)]
    run.until(lambda: all(path.exists() for path in running), "the tasks to run")


@fault("cancelled from outside")
def cancelled_outside(run: Run) -> str:
    _begin_with_results(run)
    run.cluster.slurm("scancel", *run.arrays())
    end = run.ended("was cancelled")
    run.compare_bits(partial=True)
    return f"{end}; a partial result, right bits, labelled"


@fault("cancelled by loihi-deploy")
def cancelled(run: Run) -> str:
    _begin_with_results(run)
    run.persist("cancel", run.name)
    end = run.ended("was cancelled")
    run.compare_bits(partial=True)
    return f"{end}; a partial result, right bits, labelled"


@fault("stopped at its time limit")
def timed_out(run: Run) -> str:
    run.site = {"time_limit": "0:01"}
    run.laptop = run.another("hasty")
    _begin_with_results(run)
    end = run.ended("was stopped at its time limit")
    run.compare_bits(partial=True)
    return f"{end}; a partial result, right bits, labelled"


@fault("requeued")
def requeued(run: Run) -> str:
    _begin_short_enough(run)
    for array in run.arrays():
        run.cluster.slurm("scontrol", "requeue", array)
    return run.complete(restarts=True)


def _begin_short_enough(run: Run) -> None:
    """A job of some seconds, which was begun."""
    run.duration = 40.0 + run.draw.random()
    run.submit()
    run.until(run.marks, "the tasks to begin")


@fault("killed, as for want of memory")
def killed_task(run: Run) -> str:
    _begin_long(run)
    bundle = str(run.remote / "bundle.tar")
    for pid in _runners(bundle):
        os.kill(pid, signal.SIGKILL)
    return run.ended("was killed")


@fault("out of memory, killed by Slurm")
def out_of_memory(run: Run) -> str:
    run.memory = MEMORY + 300
    run.laptop = run.another("hungry")
    _begin_long(run)
    return run.ended("ran out of memory")


@contextlib.contextmanager
def _on_a_shared_board(run: Run, partition: str) -> Iterator[None]:
    """Alone there among the runs of a campaign, which take turns."""
    run.site = {"partition": partition}
    run.laptop = run.another(partition)
    with (run.cluster.folder / "shared-board").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        run.end = time.monotonic() + PATIENCE
        yield


def _urgent(run: Run) -> None:
    """A job that takes the whole board for itself comes and goes."""
    run.cluster.slurm("sbatch", "--partition=urgent", "--exclusive", "--wait",
                      "--output=/dev/null", "--wrap=true")  # fmt: skip


@fault("preempted and queued again")
def preempted(run: Run) -> str:
    with _on_a_shared_board(run, "kapoho"):
        run.duration = 150.0
        run.submit()
        run.until(lambda: len(run.marks()) >= run.n_tasks, "the tasks to begin")
        _urgent(run)
    end = run.complete(restarts=True)
    if not any(state["restarts"] for state in run.states()):
        raise Violation("the campaign itself: nothing was preempted")
    return f"{end}; said how often it was queued again"


@fault("preempted and cancelled by it")
def preempted_for_good(run: Run) -> str:
    with _on_a_shared_board(run, "spare"):
        _begin_with_results(run)
        _urgent(run)
        end = run.ended("was preempted")
    run.compare_bits(partial=True)
    return f"{end}; a partial result, right bits, labelled"


def _runners(bundle: str) -> List[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().decode(errors="replace").split("\0")
            if "deploy.jobs.runner" in words and bundle in words:
                found.append(int(path.parent.name))
    return found


# ------------------------------------------------------------------ what is on disks


@fault("remote disk full")
def disk_full(run: Run) -> str:
    place = run.folder / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(place)], check=True)
    try:
        ballast = place / "ballast"
        ballast.write_bytes(bytes(32 * 2**20 - run.draw.randrange(0, 7000) * 1024))
        run.site = {"folder": str(place)}
        run.laptop = run.another("full")
        done = run.try_once(*run.submission)
        if done.code == 0:  # it was sent; what becomes of it there?
            run.name = json.loads(done.stdout)["name"]
            states = run.until_over()
            if all(s["state"] == "complete" for s in states):
                return "there was room enough; " + run.complete()
            ballast.unlink()
            run.persist(*run.submission, "--again")
            return "failed, and was started again; " + run.complete(restarts=True, arrays=2)
        if done.code != 3:
            raise Violation(f"a full disk, and submit ends with {done.code}")
        ballast.unlink()
        run.submit()
        return "refused by submit; afterwards " + run.complete()
    finally:
        time.sleep(0.5)
        subprocess.run(["umount", "-l", str(place)], check=True)


def _spoil(path: Path, draw: random.Random, truncate: bool) -> bytes:
    whole = path.read_bytes()
    at = draw.randrange(len(whole))
    spoilt = whole[:at] if truncate else whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :]
    path.write_bytes(spoilt)
    return whole


def _spoilt_result(run: Run, truncate: bool) -> str:
    run.submit()
    run.until_over()
    path = run.remote / "results" / run.draw.choice(["0.npz", "0.npz", "0.json"])
    whole = _spoil(path, run.draw, truncate)
    done = run.try_once("fetch", run.name, "--no-compare", "--json")
    taken = json.loads(done.stdout)["complete"] if done.code in (0, 1, 2) else 0
    if done.code == 0 and taken == run.n_tasks:
        run.compare_bits()  # a change in what says nothing, a space in the record, say
        return "taken: the change bears on nothing"
    if taken == run.n_tasks:
        raise Violation("wrong: a damaged result was taken")
    path.write_bytes(whole)
    return "refused; afterwards " + run.complete()


@fault("a byte of a result flipped")
def flipped(run: Run) -> str:
    return _spoilt_result(run, truncate=False)


@fault("a result truncated")
def truncated(run: Run) -> str:
    return _spoilt_result(run, truncate=True)


@fault("another run's result in the place of a result")
def exchanged(run: Run) -> str:
    run.n_tasks = 2
    run.submit()
    run.until_over()
    place = run.remote / "results"
    for suffix in ("npz", "json"):
        one, other, beside = (place / f"{n}.{suffix}" for n in ("0", "1", "beside"))
        one.rename(beside), other.rename(one), beside.rename(other)
    done = run.try_once("fetch", run.name, "--no-compare", "--json")
    if done.code != 2 or json.loads(done.stdout)["complete"]:
        raise Violation("wrong: results of other seeds were taken")
    for suffix in ("npz", "json"):
        one, other, beside = (place / f"{n}.{suffix}" for n in ("0", "1", "beside"))
        one.rename(beside), other.rename(one), beside.rename(other)
    return "refused; afterwards " + run.complete()


@fault("the bundle damaged at the site before it is queued")
def damaged_bundle(run: Run) -> str:
    run.laptop.run(*run.submission, kill_after=run.draw.uniform(0.9, 1.3))
    found = [p for p in run.cluster.folder.glob("remote/jobs/campaign-*/bundle.tar")
             if p.parent.name == _name_of(run)]  # fmt: skip
    for path in found:
        if not (path.parent / "jobid").exists():
            _spoil(path, run.draw, truncate=False)
    run.submit()
    return run.complete()


# ------------------------------------------------------------------ daemons, for a wave of jobs


def plain(run: Run) -> str:
    """A job that goes its way while daemons fall; the campaign lets them fall."""
    time.sleep(run.draw.uniform(0, 2.0))
    run.submit()
    return run.complete(restarts=True)


def sshd_down(cluster: Any, draw: random.Random) -> None:
    """For some seconds, at a random moment."""
    time.sleep(draw.uniform(0, 3))
    cluster.stop("sshd", signal.SIGKILL)
    time.sleep(draw.uniform(0.5, 4))
    cluster.start("sshd")


def slurmctld_killed(cluster: Any, draw: random.Random) -> None:
    """And started again, between calls or in one, several times."""
    for _ in range(3):
        time.sleep(draw.uniform(0, 2.5))
        cluster.stop("slurmctld", signal.SIGKILL)
        time.sleep(draw.uniform(0.2, 3))
        cluster.start("slurmctld")
        time.sleep(2)
        cluster.mend()


def slurmd_killed(cluster: Any, draw: random.Random) -> None:
    """And started again, while tasks run."""
    time.sleep(draw.uniform(1, 5))
    cluster.stop("slurmd-nahuku", signal.SIGKILL)
    time.sleep(draw.uniform(0.5, 3))
    cluster.start("slurmd-nahuku")


def node_down(cluster: Any, draw: random.Random) -> None:
    """The node is set down, by which Slurm takes its jobs as failed with it, and comes back."""
    time.sleep(draw.uniform(2, 6))
    cluster.slurm("scontrol", "update", "nodename=nahuku", "state=down", "reason=campaign")
    time.sleep(draw.uniform(0.5, 2))
    cluster.slurm("scontrol", "update", "nodename=nahuku", "state=resume")


WAVES: Dict[str, Callable[[Any, random.Random], None]] = {
    "sshd down for some seconds": sshd_down,
    "slurmctld killed and started again, three times": slurmctld_killed,
    "slurmd killed and started again": slurmd_killed,
    "node down, its jobs requeued": node_down,
}


def put_mishaps(cluster: Any) -> None:
    """Stand before sbatch and squeue at the site; what is written for a job happens once."""
    (cluster.folder / "mishaps").mkdir(exist_ok=True)
    for program, prefix in (("sbatch", ""), ("squeue", "squeue-")):
        real = shutil.which(program)
        text = (
            "#!/bin/sh\n"
            f"REAL={real}; export REAL\n"
            'for word in "$@"; do case "$word" in\n'
            '--job-name=*|--name=*|--jobs=*) name="${word#*=}";;\n'
            "esac; done\n"
            f'note="{cluster.folder}/mishaps/{prefix}$name"\n'
            'if [ -n "$name" ] && mv "$note" "$note.$$" 2>/dev/null; then '
            '. "$note.$$"; exit; fi\n'
            'exec "$REAL" "$@"\n'
        )
        path = cluster.folder / "bin" / program
        path.write_text(text)
        path.chmod(0o755)


def short(text: str) -> str:
    """An outcome or violation, without what differs from run to run."""
    return re.sub(r"[0-9]{3,}|campaign-[0-9a-f]+", "…", text)[:160]
