"""Whose job, and whose process, is it? Strangers' must be neither shown as ours nor touched."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from typing import Any, Dict, Iterator, List, Tuple

from hardware_tests.attack.crafted import Attack
from hardware_tests.attack.site import NAME, Site, new_site
from hardware_tests.attack.victim import Violation

STATES = ("PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED")
STRANGER = 4242  # a user's number


def jobs_of_others(scene: Any, draw: random.Random) -> str:
    """Other users' of our name, our own of other names, and ids that were given again."""
    site = new_site(draw, tasks=draw.choice((1, 2, 3)))
    try:
        return _among_others(site, draw)
    finally:
        shutil.rmtree(site.here.parent.parent)


def _others(draw: random.Random, own: int) -> List[Dict[str, Any]]:
    found = []
    for _ in range(draw.randrange(1, 5)):
        mine = draw.random() < 0.3
        name = draw.choice((NAME + "x", "x", NAME.upper())) if mine else draw.choice((NAME, "x"))
        tasks = {str(n): draw.choice(STATES) for n in range(draw.randrange(1, 4))}
        user = os.getuid() if mine else STRANGER
        found.append({"id": draw.choice((own, 3, 99)), "user": user, "name": name, "tasks": tasks})
    return found


def _among_others(site: Site, draw: random.Random) -> str:
    others = _others(draw, own=5)
    before = [each for each in others if each["id"] != 5]
    site.slurm = {**site.slurm, "jobs": before}
    answer = site.ask("submit")
    if answer != {"id": "5", "new": True} or site.submissions != 1:
        raise Violation(f"not queued: a stranger's was taken for it: {answer}")
    states = {str(n): draw.choice(STATES[:2]) for n in range(site.n_tasks)}
    reused = draw.random() < 0.4
    own = [] if reused else [{**site.job(5), "tasks": states}]
    strangers = others if reused else before
    site.slurm = {**site.slurm, "jobs": own + strangers}
    found = site.states()
    wanted = ["lost"] * site.n_tasks if reused else [each.lower() for each in states.values()]
    if found != wanted:
        raise Violation(f"said wrongly: {found} in place of {wanted}")
    site.ask("cancel")
    if not reused and set(site.job(5)["tasks"].values()) != {"CANCELLED"}:
        raise Violation("not cancelled: the job itself")
    left = [job for job in site.slurm["jobs"] if job["id"] != 5 or job["name"] != NAME
            or job["user"] != os.getuid()]  # fmt: skip
    if left != strangers:
        raise Violation(f"touched: {left} were {strangers}")
    if set(site.states()) != {"cancelled"} or site.ask("submit")["new"]:
        raise Violation(f"said wrongly, or begun: {site.states()} after a cancel")
    return "its id was another's; lost, none touched" if reused else "own states; none touched"


# ------------------------------------------------------------------ processes

HOLD = "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); " \
       "print(flush=True); time.sleep(600)"  # fmt: skip


@contextlib.contextmanager
def process(*words: str) -> Iterator[subprocess.Popen]:
    """One of another session, until it is not needed."""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", *words], start_new_session=True, stdout=subprocess.PIPE
    ) as running:
        running.stdout.readline()
        try:
            yield running
        finally:
            running.kill()


def process_ids(scene: Any, draw: random.Random) -> str:
    """Numbers of processes that are a stranger's, or none; with the lock held, or free."""
    site = new_site(draw, take="process")
    try:
        with process("import time; print(flush=True); time.sleep(600)") as stranger:
            return _process_ids(site, draw, stranger)
    finally:
        shutil.rmtree(site.here.parent.parent)


def _process_ids(site: Site, draw: random.Random, stranger: subprocess.Popen) -> str:
    for name in ("log", "results", "started", "ended"):
        (site.here / name).mkdir()
    lock = site.here / "alive.lock"
    lock.touch()
    held, here = draw.random() < 0.6, socket.gethostname()
    with contextlib.ExitStack() as stack:
        job = stack.enter_context(process(HOLD, str(lock))) if held else None
        numbers = {"the stranger's": stranger.pid, "nobody's": 2**22 + 1, "nothing": 0,
                   "below nothing": -stranger.pid, "all": -1, "words": "x", "endless": "9" * 30,
                   "a fraction": 1.5, "its own": job.pid if job else stranger.pid}  # fmt: skip
        what = draw.choice([*sorted(numbers), *3 * ["its own", "the stranger's"]])
        text = f"process {numbers[what]} {here}"
        text = draw.choice((text, text, text, text, f"{text} more", "process", "12", f"{text}\0"))
        (site.here / "jobid").write_text(text + "\n")
        before = site.ask("status", error=True)
        answer = site.ask("cancel", error=True)
        time.sleep(0.1)
        if stranger.poll() is not None:
            raise Violation(f"touched: a stranger's process, by {text!r}: {answer}")
        ours = held and what == "its own" and text == f"process {numbers[what]} {here}"
        if ours:
            job.wait(10)
        elif job is not None and job.poll() is not None:
            raise Violation(f"touched: a process that was not named, by {text!r}")
        states = [task["state"] for task in before.get("tasks", {}).values()]
        if not held and set(states) & {"running", "pending"}:
            raise Violation(f"said wrongly: {states} of a process that is gone")
        if held and set(states) - {"running", "pending"}:
            raise Violation(f"said wrongly: {states} of a process that is there")
        said = "an error in a line" if "error" in answer else "nothing left"
        said = "cancelled" if ours else said
    return f"{said}; no stranger touched ({what}, lock {'held' if held else 'free'})"


IDENTITY: Dict[str, Tuple[int, Attack]] = {
    "jobs of others": (40, jobs_of_others),
    "process ids": (40, process_ids),
}
