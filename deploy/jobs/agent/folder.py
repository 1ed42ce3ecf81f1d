"""The job's folder, and what is kept in it."""

import contextlib
import fcntl
import json
import os
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


def write(path, text):
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text)
        os.replace(str(beside), str(path))
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()


def read(path, otherwise=""):
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return otherwise


@contextlib.contextmanager
def locked(name):
    with (HERE / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def settings():
    return json.loads((HERE / "settings.json").read_text())


def stored_id():
    """Of the array that owns the job: that which ran first, or that which was submitted."""
    return read(HERE / "owner") or read(HERE / "jobid")


def generation():
    return int(read(HERE / "generation", "0"))


def slurm_name(job):
    attempt = generation()
    return job["name"] + (f".{attempt}" if attempt else "")


def complete(number):
    return (HERE / "results" / f"{number}.json").exists()


def begun():
    """Whether any task ever was."""
    return any(any((HERE / name).iterdir()) for name in ("started", "results"))


def was_cancelled():
    return (HERE / "cancelled").exists()


def own_words(job, command):
    """What starts the agent for one of the commands that jobs run."""
    words = job["python"] + [str(HERE / "agent"), command, str(generation())]
    return [os.path.expanduser(word) for word in words]
