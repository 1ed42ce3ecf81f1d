"""A job is queued once, whoever asks and however often."""

from __future__ import annotations

import contextlib
import hashlib
import os

from .answering import status
from .folder import (
    HERE,
    NOTES,
    Answer,
    Settings,
    complete,
    generation,
    locked,
    settings,
    stored_id,
    was_cancelled,
    write,
)
from .schedulers import scheduler_of


def submit() -> Answer:
    job = settings()
    os.chmod(str(HERE), 0o700)
    with locked(HERE / "lock"):
        scheduler = scheduler_of(job)
        if stored_id() and not scheduler.is_lost(job):
            return {"id": stored_id(), "new": False, "cancelled": was_cancelled() and left(job)}
        found = hashlib.sha256((HERE / "bundle.tar").read_bytes()).hexdigest()
        if found != job["sha256"]:
            return {"error": "the bundle arrived damaged; submit again"}
        for folder in ("log", "results", *NOTES):
            (HERE / folder).mkdir(mode=0o700, exist_ok=True)
        return scheduler.start(job)


def left(job: Settings) -> bool:
    """Whether any task has no result."""
    return not all(complete(number) for number in range(job["tasks"]))


def again() -> Answer:
    """Submit; where tasks ended without a result, and none waits or runs, start these once more."""
    with locked(HERE / "lock"):
        states = {task["state"] for task in status()["tasks"].values()} - {"complete"}
        if states and states <= {"failed", "cancelled", "forgotten"}:
            write(HERE / "generation", f"{generation() + 1}\n")
            for name in ("jobid", "owner", "cancelled"):
                with contextlib.suppress(FileNotFoundError):
                    (HERE / name).unlink()
            for name in NOTES:
                for path in (HERE / name).glob("*"):
                    path.unlink()
    return submit()


def cancel() -> Answer:
    """Stop what waits or runs; ``left`` says whether there was anything."""
    job = settings()
    with locked(HERE / "lock"):  # it may be about to be queued
        job_id = stored_id()
        if not job_id:
            return {"error": "it was not submitted"}
        over = False
        try:
            states = {task["state"] for task in status()["tasks"].values()}
            over = states <= {"complete", "failed", "cancelled"}
        finally:
            if not over:  # whether Slurm answers or not: what has not begun does not begin
                write(HERE / "cancelled", "by loihi-deploy\n")
        wrong = "" if over else scheduler_of(job).stop(job)
        return {"error": wrong} if wrong else {"id": job_id, "left": not over}
