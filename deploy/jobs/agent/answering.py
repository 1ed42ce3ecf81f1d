"""Where each task is, why it is no further, and what its log says."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Tuple

from .folder import (
    HERE,
    Answer,
    Reported,
    Settings,
    complete,
    forget,
    look_again,
    note,
    noted,
    settings,
    stored_id,
    was_begun,
    was_cancelled,
)
from .schedulers import scheduler_of

MOST_LOG = 65536  # bytes of a log in one answer
GRACE = 60  # s before the time limit, from which on a stopped task was stopped by it
LATE = 120  # s by which a network's file system may show a result later than its end
OVER = {
    "TIMEOUT": "was stopped at its time limit",
    "OUT_OF_MEMORY": "ran out of memory",
    "NODE_FAIL": "lost its node",
    "BOOT_FAIL": "lost its node",
    "PREEMPTED": "was preempted",
    "CANCELLED": "was cancelled",
    "FAILED": "failed",
    "DEADLINE": "came to its deadline",
}
FORGOTTEN = (
    "never began, and is not queued any more: cancelled by hand, or lost; submit --again runs it"
)
# Slurm's words in a log, where it polls memory (the state is FAILED then) and where it has cgroups
OUT_OF_MEMORY = ("exceeded memory limit", "oom-kill", "oom_kill")


def tail(number: int, lines: int = 5) -> str:
    log = str(logs(number, -4096)["log"])
    return "\n".join(log.splitlines()[-lines:])


def log_of(number: int) -> Path:
    path = HERE / "log" / f"{number}.log"
    return path if path.exists() else HERE / "log" / "all.log"


def logs(number: int, offset: int) -> Answer:
    """A piece of a task's log, and where the next begins; from the end if offset is below 0."""
    path = log_of(number)
    if not path.exists():
        return {"log": "", "offset": 0}
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size + offset) if offset < 0 else min(offset, size))
        piece = stream.read(MOST_LOG)
        return {"log": piece.decode(errors="replace"), "offset": stream.tell()}


def status() -> Answer:
    job, job_id = settings(), stored_id()
    if not job_id:
        return {"id": "", "tasks": {}, "note": "not submitted"}
    scheduler = scheduler_of(job)
    states = scheduler.states(job)
    look_again()  # after Slurm's answer: what has ended for it has written its result
    if scheduler.is_lost(job, states):
        why = "Slurm has lost it, being killed perhaps before it wrote it down; submit it again"
        lost = {"state": "lost", "why": why}
        return {"id": job_id, "tasks": {n: lost for n in range(job["tasks"])}}
    tasks = {n: state_of(n, job, states.get(n, Reported())) for n in range(job["tasks"])}
    return {"id": job_id, "tasks": tasks}


def state_of(number: int, job: Settings, known: Reported) -> Answer:
    """Where a task is, and why it is no further; what Slurm has forgotten is as it was noted."""
    state, reason = known
    restarts = noted("started", number).get("restarts", 0)
    more = {"restarts": restarts} if restarts else {}
    if complete(number):
        return {"state": "complete", **more}
    if state and state not in OVER and state != "COMPLETED":
        forget("said", number)  # it was queued again
        return {"state": state.lower(), "why": reason, **more}
    said, ended = remembered(number, state), noted("ended", number)
    if is_late(said, ended):
        return {"state": "completing", "why": "it has ended; its result is not seen yet", **more}
    log = tail(number)
    found, why = end_of(job, said.get("state", ""), ended, was_begun(number), log)
    return {"state": found, "why": why, "log": log, **more}


def remembered(number: int, state: str) -> Answer:
    """How a task ended in Slurm's words, noted for when it has forgotten them, and when first."""
    said = noted("said", number)
    if state and said.get("state") != state:
        said = {"state": state, "time": time.time()}
        with contextlib.suppress(OSError):  # on a full disk Slurm is asked again
            note("said", number, **said)
    return said


def is_late(said: Answer, ended: Answer) -> bool:
    """Whether a task ended well so short a time ago that its result may not be seen yet."""
    if not ended and (said.get("state") != "COMPLETED" or was_cancelled()):
        return False
    age = time.time() - float((ended or said).get("time", 0))
    return bool(ended.get("code", 0) == 0 and 0 <= age < LATE)


def end_of(job: Settings, state: str, ended: Answer, begun: bool, log: str = "") -> Tuple[str, str]:
    """Whether a task without a result has ``failed``, was ``cancelled`` or is ``forgotten``; why.

    Parameters
    ----------
    job : Settings
    state : str
        In Slurm's words; empty where nothing is known.
    ended : dict
        What the agent noted at its end.
    begun : bool
    log : str
        Its last lines.
    """
    if state in ("FAILED", "") and any(words in log for words in OUT_OF_MEMORY):
        return "failed", OVER["OUT_OF_MEMORY"]
    if ended.get("stopped") and state in ("", "FAILED", "CANCELLED"):
        limit = seconds_of(job["time_limit"])
        at_limit = limit and ended.get("seconds", 0) >= limit - GRACE
        if at_limit and state != "CANCELLED":
            return "failed", OVER["TIMEOUT"]
        if state == "CANCELLED" or was_cancelled():
            return "cancelled", OVER["CANCELLED"]
        return "failed", "was asked to stop: cancelled, or preempted"
    if state == "CANCELLED" and not ended:
        return "cancelled", OVER["CANCELLED"]
    if state in OVER and not (state in ("FAILED", "CANCELLED") and ended):
        return "failed", OVER[state]
    if ended.get("code") in (-9, 137):
        return "failed", "was killed, for want of memory perhaps"
    if ended.get("code") == 0:
        return "failed", "ended well, but its result is not there; --again runs it once more"
    if ended:
        return "failed", OVER["FAILED"]
    if was_cancelled():
        return "cancelled", OVER["CANCELLED"]
    if begun:
        return "failed", "ended without a result"
    return "forgotten", FORGOTTEN


def seconds_of(limit: str) -> int:
    """Seconds of Slurm's ``MM``, ``MM:SS``, ``HH:MM:SS`` or ``D-HH:MM:SS``; 0 without a limit."""
    days, dash, clock = limit.rpartition("-")
    parts = [int(part) for part in clock.split(":") if part]
    if not dash and len(parts) < 3:  # minutes are first, not hours
        parts = [0, *parts]
    hours, minutes, seconds = (parts + [0, 0, 0])[:3]
    return 86400 * int(days or 0) + 3600 * hours + 60 * minutes + seconds
