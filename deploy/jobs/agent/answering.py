"""Where each task is, why it is no further, and what its log says."""

from __future__ import annotations

import json
from pathlib import Path

from .folder import (
    HERE,
    Answer,
    Reported,
    Settings,
    complete,
    read,
    settings,
    stored_id,
    was_cancelled,
)
from .schedulers import scheduler_of

MOST_LOG = 65536  # bytes of a log in one answer
GRACE = 60  # s before the time limit, from which on a stopped task was stopped by it
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
    if scheduler.is_lost(job, states):
        why = "Slurm has lost it, being killed perhaps before it wrote it down; submit it again"
        lost = {"state": "lost", "why": why}
        return {"id": job_id, "tasks": {n: lost for n in range(job["tasks"])}}
    tasks = {n: state_of(n, job, states.get(n, Reported())) for n in range(job["tasks"])}
    return {"id": job_id, "tasks": tasks}


def state_of(number: int, job: Settings, known: Reported) -> Answer:
    """Where a task is, and why it is no further."""
    state, reason = known
    started = read(HERE / "started" / str(number))
    restarts = json.loads(started)["restarts"] if started else 0
    more = {"restarts": restarts} if restarts else {}
    if complete(number):
        return {"state": "complete", **more}
    ended = json.loads(read(HERE / "ended" / str(number), "{}"))
    if state and state not in OVER and state != "COMPLETED":
        return {"state": state.lower(), "why": reason, **more}
    log = tail(number)
    why = why_ended(job, state, ended, bool(started), log)
    return {"state": "failed", "why": why, "log": log, **more}


def why_ended(job: Settings, state: str, ended: Answer, started: bool, log: str = "") -> str:
    if state in ("FAILED", "") and any(words in log for words in OUT_OF_MEMORY):
        return OVER["OUT_OF_MEMORY"]
    if state in OVER and not (state in ("FAILED", "CANCELLED") and ended):
        return OVER[state]
    if ended.get("stopped"):
        limit = seconds_of(job["time_limit"])
        at_limit = limit and ended["seconds"] >= limit - GRACE
        if at_limit and state != "CANCELLED":
            return OVER["TIMEOUT"]
        known_as = state == "CANCELLED" or was_cancelled()
        return OVER["CANCELLED"] if known_as else "was asked to stop: cancelled, or preempted"
    if ended.get("code") in (-9, 137):
        return "was killed, for want of memory perhaps"
    if ended:
        return OVER["FAILED"]
    return "ended without a result" if started else "was not begun, and is not queued"


def seconds_of(limit: str) -> int:
    """Seconds of Slurm's ``MM``, ``MM:SS``, ``HH:MM:SS`` or ``D-HH:MM:SS``; 0 without a limit."""
    days, dash, clock = limit.rpartition("-")
    parts = [int(part) for part in clock.split(":") if part]
    if not dash and len(parts) < 3:  # minutes are first, not hours
        parts = [0, *parts]
    hours, minutes, seconds = (parts + [0, 0, 0])[:3]
    return 86400 * int(days or 0) + 3600 * hours + 60 * minutes + seconds
