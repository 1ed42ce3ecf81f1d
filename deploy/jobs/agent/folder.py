"""The job's folder, and what is kept in it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, TypedDict

HERE = Path(__file__).resolve().parent.parent
Answer = Dict[str, Any]  # in terms of JSON


class Reported(NamedTuple):
    """Where a task is in Slurm's words, and why; empty where nobody knows of it."""

    state: str = ""
    reason: str = ""


class Settings(TypedDict):
    """What a job comes with, in ``settings.json``; `deploy.jobs.site.Site` says what it means."""

    name: str
    sha256: str  # of bundle.tar
    packages: str  # and of our packages in it
    tasks: int
    take: str
    python: List[str]
    partition: str
    board: str
    time_limit: str
    at_once: int
    environment: Dict[str, str]


# What is known of each task, in a file of its number: the shell of its node has begun it, the agent
# there has started it, its run has ended, Slurm has said how it ended.
NOTES = ("begun", "started", "ended", "said")


def write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text)
        os.replace(str(beside), str(path))
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()


def read(path: Path, otherwise: str = "") -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return otherwise


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def settings() -> Settings:
    job: Settings = json.loads((HERE / "settings.json").read_text())
    return job


def stored_id() -> str:
    """Of the array that owns the job: that which ran first, or that which was submitted."""
    return read(HERE / "owner") or read(HERE / "jobid")


def generation() -> int:
    return int(read(HERE / "generation", "0"))


def slurm_name(job: Settings) -> str:
    attempt = generation()
    return job["name"] + (f".{attempt}" if attempt else "")


def complete(number: int) -> bool:
    return (HERE / "results" / f"{number}.json").exists()


def look_again() -> None:
    """A network's file system shows what others have written when its folder is opened."""
    with contextlib.suppress(OSError):
        os.listdir(str(HERE / "results"))


def noted(what: str, number: int) -> Answer:
    """What one of `NOTES` has of a task; empty if nothing."""
    text = read(HERE / what / str(number))
    found = json.loads(text) if text else {}
    if not isinstance(found, dict):
        raise ValueError(what)
    return found


def note(what: str, number: int, **more: Any) -> None:
    (HERE / what).mkdir(mode=0o700, exist_ok=True)  # a purge of old files may have taken it
    write(HERE / what / str(number), json.dumps(more))


def forget(what: str, number: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        (HERE / what / str(number)).unlink()


def was_begun(number: int) -> bool:
    return any((HERE / what / str(number)).exists() for what in ("begun", "started"))


def any_begun(job: Settings) -> bool:
    """Whether any task ever was."""
    return any(was_begun(n) or complete(n) for n in range(job["tasks"]))


def was_cancelled() -> bool:
    """By `loihi-deploy cancel`; what is left of the job is never run then."""
    return (HERE / "cancelled").exists()


def own_words(job: Settings, command: str) -> List[str]:
    """What starts the agent for one of the commands that jobs run."""
    words = job["python"] + [str(HERE / "agent" / "__main__.py"), command, str(generation())]
    return [os.path.expanduser(word) for word in words]
