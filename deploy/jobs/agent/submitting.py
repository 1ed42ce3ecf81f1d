"""A job is queued once, whoever asks and however often."""

from __future__ import annotations

import contextlib
import hashlib
import os

from .answering import status
from .folder import HERE, Answer, generation, locked, settings, stored_id, write
from .schedulers import scheduler_of


def submit() -> Answer:
    job = settings()
    os.chmod(str(HERE), 0o700)
    with locked(HERE / "lock"):
        scheduler = scheduler_of(job)
        if stored_id() and not scheduler.is_lost(job):
            return {"id": stored_id(), "new": False}
        found = hashlib.sha256((HERE / "bundle.tar").read_bytes()).hexdigest()
        if found != job["sha256"]:
            return {"error": "the bundle arrived damaged; submit again"}
        for folder in ("log", "results", "started", "ended"):
            (HERE / folder).mkdir(mode=0o700, exist_ok=True)
        return scheduler.start(job)


def again() -> Answer:
    """Submit; if tasks failed, and no other is queued or running, have them started once more."""
    with locked(HERE / "lock"):
        states = {task["state"] for task in status()["tasks"].values()}
        if "failed" in states and states <= {"failed", "complete"}:
            write(HERE / "generation", f"{generation() + 1}\n")
            for name in ("jobid", "owner", "cancelled"):
                with contextlib.suppress(FileNotFoundError):
                    (HERE / name).unlink()
            for name in ("ended", "started"):
                for path in (HERE / name).iterdir():
                    path.unlink()
    return submit()


def cancel() -> Answer:
    job, job_id = settings(), stored_id()
    if not job_id:
        return {"error": "it was not submitted"}
    write(HERE / "cancelled", "by loihi-deploy\n")
    wrong = scheduler_of(job).stop(job)
    return {"error": wrong} if wrong else {"id": job_id}
