"""Many jobs of one user at once, of several processes on two laptops: none lost, doubled, mixed up.

python hardware_tests/cluster/many_at_once.py [--jobs 50] [--seed 0]

Starts a cluster of its own, as the campaign does. Each job is submitted by one, two or three of
four processes, of which two share a laptop, while Slurm's partition is down: so all are in flight
at once. Some are cancelled, and all are submitted once more. Then the partition comes up, and each
process asks for states and results of all jobs that its laptop knows, in an order of its own. At
the end each job has been run once, by one array, or not at all where it was cancelled, and each
laptop has the right bits of each job that it knows. Prints what was counted; ends with 1 if
anything was violated.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Set

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))
import daemons
import numpy as np
from laptop import Done, Laptop

import deploy
from deploy.jobs.states import OVER
from deploy.traces.traces import Traces

LAPTOPS = ("one", "other")
PROCESSES = 4
SECONDS = 0.05  # of model time
CANCELLED = 0.12  # share of jobs
PATIENCE = 1500.0  # s, for all
MODEL = """\
import os
import nengo

def model(seed):
    if "SLURM_JOB_ID" in os.environ:  # counts how often a task is begun at the site
        with open({marks!r}, "a") as stream:
            stream.write("%d\\n" % seed)
    with nengo.Network(label="many", seed=seed) as network:
        ens = nengo.Ensemble(20, 1, label="ens")
        nengo.Connection(nengo.Node(lambda t: t, label="ramp"), ens)
        nengo.Probe(ens, synapse=0.01, label="decoded")
        nengo.Probe(ens.neurons, label="spikes")
    return network
"""


class Violation(Exception):
    """What must not be."""


class Plan(NamedTuple):
    """One job.

    Attributes
    ----------
    seed : int
        Which is all that tells it from the others.
    of : tuple of int
        The processes that submit it.
    cancelled_by : int or None
        A process, which cancels it before any of the jobs runs.
    """

    seed: int
    of: Any
    cancelled_by: Optional[int]


def plans(jobs: int, draw: random.Random) -> List[Plan]:
    """Who submits which job; a process cancels only what its laptop knows."""
    made = []
    for seed in range(jobs):
        of = tuple(sorted(draw.sample(range(PROCESSES), draw.choice((1, 2, 3)))))
        cancels = draw.random() < CANCELLED
        laptops = {who % len(LAPTOPS) for who in of}
        able = [who for who in range(PROCESSES) if who % len(LAPTOPS) in laptops]
        made.append(Plan(seed, of, draw.choice(able) if cancels else None))
    return made


class Client:
    """One of the processes.

    Parameters
    ----------
    folder : pathlib.Path
    cluster : daemons.Cluster
    number : int
    draw : random.Random
    """

    def __init__(self, folder: Path, cluster: Any, number: int, draw: random.Random):
        place = folder / LAPTOPS[number % len(LAPTOPS)]
        self.laptop = Laptop(place, cluster.way(place))
        text = MODEL.format(marks=str(folder / "marks"))
        beside = place / f".{number}"  # the other process of this laptop may be reading it
        beside.write_text(text)
        beside.replace(place / "many.py")
        self.number, self.draw, self.end = number, draw, time.monotonic() + PATIENCE

    def ask(self, *words: object) -> Any:
        """What a command gives, asked until it answers."""
        while True:
            done: Done = self.laptop.run(*words)
            if not done.clear or done.code not in (0, 1, 2, 3):
                raise Violation(f"unclear: {words}: exit {done.code}: {done.stderr[-300:]!r}")
            if done.code in (0, 1):
                return json.loads(done.stdout)
            if done.code == 2 or time.monotonic() > self.end:
                raise Violation(f"lost: {words}: {done.stderr.strip()!r}")
            time.sleep(1.0)

    def submit(self, mine: List[Plan]) -> Dict[int, str]:
        """Names by seed, and what is cancelled is."""
        names = {}
        for plan in self.draw.sample(mine, len(mine)):
            words = ("submit", "many.py", "--site", "test", "--seeds", plan.seed)
            names[plan.seed] = self.ask(*words, "--duration", SECONDS, "--json")["name"]
        return names

    def cancel(self, names: List[str]) -> None:
        for name in names:
            self.ask("cancel", name, "--json")

    def follow(self, names: Dict[int, str]) -> Dict[int, str]:
        """Ask of all in turns until all are over and fetched; the states at the end."""
        ends: Dict[int, str] = {}
        while len(ends) < len(names):
            for seed in self.draw.sample(sorted(set(names) - set(ends)), len(names) - len(ends)):
                (task,) = self.ask("status", names[seed], "--json")["tasks"]
                if task["state"] == "lost":
                    raise Violation(f"lost: {names[seed]}")
                if task["state"] in OVER:
                    self.ask("fetch", names[seed], "--no-compare", "--json")
                    ends[seed] = task["state"]
            time.sleep(1.0)
        return ends

    def check(self, names: Dict[int, str], ends: Dict[int, str]) -> None:
        """That this laptop has the right bits of each job, and of none that was cancelled."""
        jobs = self.laptop.folder / "state" / "loihi-deploy" / "jobs"
        for seed, name in names.items():
            path = jobs / name / "results" / "0.npz"
            if path.exists() is not (ends[seed] == "complete"):
                raise Violation(f"{name} is {ends[seed]}, its result {path.exists()}")
            if not path.exists():
                continue
            found = Traces.load(path)
            here = deploy.run(str(self.laptop.folder / "many.py"), SECONDS, "emulator", seed)
            same = np.array_equal(here["decoded"].samples, found["decoded"].samples)
            spikes = np.array_equal(here["spikes"].spike_steps, found["spikes"].spike_steps)
            if found.seed != seed or not same or not spikes:
                raise Violation(f"mixed up: {name} has other bits than seed {seed} here")


def _go(job: Any) -> Any:
    """One step of one process; what it gives, or what was violated."""
    folder, cluster, number, seed, step, more = job
    try:
        client = Client(folder, cluster, number, random.Random(f"{seed} {number} {step}"))
        return getattr(client, step)(*more), ""
    except Violation as violation:
        return None, str(violation)
    except Exception:
        return None, "the test itself: " + traceback.format_exc(limit=-3)


def together(pool: Any, folder: Path, cluster: Any, seed: int, step: str, more: List[Any]) -> Any:
    """A step of all processes at once.

    Raises
    ------
    Violation
    """
    jobs = [(folder, cluster, k, seed, step, each) for k, each in enumerate(more)]
    found = pool.map(_go, jobs, chunksize=1)
    wrong = [said for _, said in found if said]
    if wrong:
        raise Violation("; ".join(wrong))
    return [given for given, _ in found]


def arrays(cluster: Any) -> Dict[str, Set[str]]:
    """Slurm's ids by the names of jobs."""
    found: Dict[str, Set[str]] = {}
    said = cluster.slurm("squeue", "--noheader", "--states=all", "--format=%F %j").stdout
    for line in said.splitlines():
        number, name = line.split()
        found.setdefault(name, set()).add(number)
    return found


def many_at_once(cluster: Any, folder: Path, jobs: int, seed: int) -> str:
    """What was counted.

    Raises
    ------
    Violation
    """
    folder.mkdir(parents=True, exist_ok=True)
    planned = plans(jobs, random.Random(seed))
    mine = [[plan for plan in planned if k in plan.of] for k in range(PROCESSES)]
    partition = f"partitionname={daemons.PARTITION}"
    before = set(arrays(cluster))
    with multiprocessing.get_context("fork").Pool(PROCESSES, maxtasksperchild=1) as pool:

        def step(name: str, *more: List[Any]) -> Any:
            return together(pool, folder, cluster, seed, name, list(zip(*more)))

        cluster.slurm("scontrol", "update", partition, "state=down")
        try:
            named = step("submit", mine)
            names: Dict[int, str] = {}
            for each in named:
                for number, name in each.items():
                    if names.setdefault(number, name) != name:
                        raise Violation(f"mixed up: seed {number} is {name} and {names[number]}")
            if len(set(names.values())) != jobs:
                raise Violation(f"mixed up: {jobs} jobs, {len(set(names.values()))} names")
            queued = {name: ids for name, ids in arrays(cluster).items() if name not in before}
            if queued.keys() != set(names.values()) or any(len(i) > 1 for i in queued.values()):
                raise Violation(f"lost or doubled: {queued} of {sorted(names.values())}")
            cancels = [[names[plan.seed] for plan in planned if plan.cancelled_by == k]
                       for k in range(PROCESSES)]  # fmt: skip
            step("cancel", cancels)
            step("submit", mine)  # once more, which neither doubles nor revives
        finally:
            cluster.slurm("scontrol", "update", partition, "state=up")
        known = [{n: names[n] for k in range(PROCESSES) if k % 2 == who % 2 for n in named[k]}
                 for who in range(PROCESSES)]  # fmt: skip
        ended = step("follow", known)
        step("check", known, ended)
    cancelled = {plan.seed for plan in planned if plan.cancelled_by is not None}
    for ends in ended:
        wrong = {n: s for n, s in ends.items() if (s == "cancelled") is not (n in cancelled)
                 or s not in ("cancelled", "complete")}  # fmt: skip
        if wrong:
            raise Violation(f"said wrongly: {wrong}")
    begun = Counter(map(int, (folder / "marks").read_text().split()))
    if begun != Counter(set(range(jobs)) - cancelled):
        raise Violation(f"lost or doubled: begun {begun}, cancelled {cancelled}")
    if any(len(ids) > 1 for name, ids in arrays(cluster).items() if name not in before):
        raise Violation(f"doubled: {arrays(cluster)}")
    submissions = 2 * sum(len(plan.of) for plan in planned)
    return (f"{jobs} jobs in flight, {submissions} submissions by {PROCESSES} processes on "
            f"{len(LAPTOPS)} laptops: {sum(begun.values())} run once, {len(cancelled)} cancelled "
            f"and never run, {sum(map(len, known))} fetches of right bits; none lost, doubled or "
            "mixed up")  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    reason = daemons.missing()
    if reason:
        print(f"no cluster here: {reason}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the daemons are stopped
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="many-") as folder:
        cluster = daemons.Cluster(Path(folder), os.environ.get("SITE_PYTHON", sys.executable))
        try:
            cluster.up()
            print(many_at_once(cluster, Path(folder) / "run", asked.jobs, asked.seed))
        except Violation as violation:
            print(f"BAD {violation}")
            return 1
        finally:
            cluster.down()
    print(f"{(time.monotonic() - begun) / 60:.1f} min")
    return 0


if __name__ == "__main__":
    sys.exit(main())
