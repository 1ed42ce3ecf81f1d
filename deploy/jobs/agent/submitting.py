"""A job is queued once, whoever asks and however often."""

import contextlib
import hashlib
import os
import signal
import subprocess

from .answering import status
from .folder import (
    HERE,
    generation,
    locked,
    own_words,
    settings,
    slurm_name,
    stored_id,
    write,
)
from .slurm import Unreachable, is_lost, last_line, queued, sbatch, scancel

WAYS_OUT = {
    "Invalid job array specification": "; there may be more tasks than its MaxArraySize allows "
    "(scontrol show config): submit fewer at a time",
}


def submit():
    job = settings()
    os.chmod(str(HERE), 0o700)
    with locked("lock"):
        if stored_id() and not is_lost(job):
            return {"id": stored_id(), "new": False}
        found = hashlib.sha256((HERE / "bundle.tar").read_bytes()).hexdigest()
        if found != job["sha256"]:
            return {"error": "the bundle arrived damaged; submit again"}
        for folder in ("log", "results", "started", "ended"):
            (HERE / folder).mkdir(mode=0o700, exist_ok=True)
        return start_slurm(job) if job["take"] == "sbatch" else start_process(job)


def again():
    """Submit; if tasks failed, and no other is queued or running, have them started once more."""
    with locked("lock"):
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


def start_process(job):
    """All tasks one after another; with NxSDK's own way, each takes its board through Slurm."""
    log = (HERE / "log" / "all.log").open("ab")
    started = subprocess.Popen(
        own_words(job, "all"),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    write(HERE / "jobid", f"process {started.pid}\n")
    return {"id": stored_id(), "new": True}


def start_slurm(job):
    name = slurm_name(job)
    there = queued(name)
    new = not there
    if new:
        with contextlib.suppress(Unreachable):  # it may have been taken all the same
            code, out, err = sbatch(job)
            there = [out.strip().split(";")[0]] if code == 0 else []
            if code and "unable to contact" not in err.lower() and not queued(name):
                said = last_line(err, "no answer").rpartition("error: ")[2]
                return {"error": "sbatch: " + said + WAYS_OUT.get(said.rpartition(": ")[2], "")}
        there = there if there and there[0].isdigit() else queued(name)
        if not there:
            raise Unreachable("sbatch gave no answer; ask again")
    write(HERE / "jobid", there[0] + "\n")
    return {"id": stored_id(), "new": new}


def cancel():
    job, job_id = settings(), stored_id()
    if not job_id:
        return {"error": "it was not submitted"}
    write(HERE / "cancelled", "by loihi-deploy\n")
    if job_id.startswith("process "):
        with contextlib.suppress(OSError):
            os.killpg(int(job_id.split()[1]), signal.SIGTERM)
        return {"id": job_id}
    wrong = scancel(job)
    return {"error": wrong} if wrong else {"id": job_id}
