"""Bring a job's results here. What comes is not trusted until it was checked."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Iterator, Optional, Tuple

from deploy.errors import BadInput
from deploy.files.private import open_private
from deploy.jobs.copying import Wanted
from deploy.jobs.job import Job
from deploy.jobs.link import Link
from deploy.jobs.runner import TaskInputs, open_task
from deploy.targets import find_target
from deploy.traces.parts import read_parts
from deploy.traces.traces import Traces
from deploy.workflows.run import Progress, run

MOST_RECORD = 2**16  # bytes
SCRATCH = ".fetch-"  # of earlier versions
INCOMING = ".incoming"


@dataclass(frozen=True)
class Fetched:
    """What of a job is here.

    Attributes
    ----------
    complete, partial : tuple of int
        Numbers of the tasks of which there is all, or a beginning.
    refused : tuple of str
        What came and was not taken, each in one line.
    """

    complete: Tuple[int, ...]
    partial: Tuple[int, ...]
    refused: Tuple[str, ...]


def fetch(job: Job) -> Fetched:
    """Bring results here, check them, and put them in place by rename.

    Raises
    ------
    TargetUnavailable
        If the site cannot be reached.
    """
    job.results.mkdir(mode=0o700, exist_ok=True)
    refused = []
    with _alone(job):
        beside = job.folder / INCOMING  # stays when the way breaks, to be added to
        beside.mkdir(mode=0o700, exist_ok=True)
        wanted = _wanted(job)
        if wanted.tasks:
            Link(job.site).bring(job.name, wanted, beside, job.results)
        for number in range(len(job.tasks)):
            try:
                _take(job, number, beside)
            except BadInput as error:
                refused.append(str(error))
        shutil.rmtree(beside)
    tasks = range(len(job.tasks))
    complete = tuple(n for n in tasks if (job.results / f"{n}.json").exists())
    partial = tuple(n for n in tasks if (job.results / f"{n}.partial.npz").exists())
    job.note("fetched", complete=len(complete), partial=len(partial), refused=refused[:10])
    return Fetched(complete, partial, tuple(refused))


def _wanted(job: Job) -> Wanted:
    """Results of tasks that are not here."""
    left = [n for n in range(len(job.tasks)) if not (job.results / f"{n}.json").exists()]
    sizes = [job.expected[job.tasks[n].model].most_bytes for n in left]
    # a result and its parts, of which a late one may come beside
    together = sum(2 * size + MOST_RECORD for size in sizes)
    return Wanted(frozenset(left), max(sizes, default=0), together)


def load_result(job: Job, number: int) -> Traces:
    """A task's traces, which `fetch` has put in place."""
    return Traces.load(job.results / f"{number}.npz")


def reference(job: Job, number: int, progress: Optional[Progress] = None) -> Traces:
    """The task on the CPU of this machine."""
    return run_here(job, number, "cpu", progress)


def run_here(job: Job, number: int, target: str, progress: Optional[Progress] = None) -> Traces:
    """The task here, from what was sent: the model may have changed since."""
    with sent(job, number) as asked:
        silicon = job.modes_on(target)
        return run(
            asked.model, asked.duration, target, asked.seed, dt=asked.dt, progress=progress,
            silicon=silicon,
        )  # fmt: skip


@contextlib.contextmanager
def sent(job: Job, number: int) -> Iterator[TaskInputs]:
    """A task as it was sent; its model's files are there as long as this lasts."""
    with tempfile.TemporaryDirectory(prefix="loihi-deploy-") as scratch:
        yield open_task(job.bundle, number, Path(scratch))


@contextlib.contextmanager
def _alone(job: Job) -> Iterator[None]:
    """One fetch of a job at a time; what a killed one left is removed."""
    with open_private(job.folder / "fetch.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in job.folder.glob(f"{SCRATCH}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _take(job: Job, number: int, beside: Path) -> None:
    place, record = job.results, beside / f"{number}.json"
    if (place / record.name).exists():
        return
    parts = beside / f"{number}.parts"
    if record.exists():
        data = _verified(job, number, record)
        os.replace(data, place / data.name)
        os.replace(record, place / record.name)
        with contextlib.suppress(FileNotFoundError):
            (place / f"{number}.partial.npz").unlink()
    elif parts.is_dir() and any(parts.iterdir()):
        where = f"job {job.name}, task {number}"
        try:
            found = read_parts(parts, job.expected[job.tasks[number].model].most_bytes)
        except BadInput as error:
            raise BadInput(f"{where}: a part of the result is damaged ({error})") from None
        _check(job, number, found, whole=False)
        found.save(place / f"{number}.partial.npz")


def _verified(job: Job, number: int, record: Path) -> Path:
    """The file of a result, if it is what was asked for."""
    where = f"job {job.name}, task {number}"
    data = record.with_suffix(".npz")
    if not data.exists():  # is there already, of a fetch that was stopped between the two
        data = job.results / data.name
    try:
        with open(record, "rb") as stream:  # rsync brings no links
            text = stream.read(MOST_RECORD + 1)
        if len(text) > MOST_RECORD:
            raise ValueError("its record is too long")
        said = json.loads(text)
        with open(data, "rb") as stream:
            wanted = {"task": number, "seed": job.tasks[number].seed, "target": job.target,
                      "file": data.name, "bytes": data.stat().st_size, "complete": True,
                      "sha256": _sum(stream)}  # fmt: skip
        differs = [key for key, value in wanted.items() if said[key] != value]
    except FileNotFoundError:
        raise BadInput(
            f"{where}: the result did not come (or is larger than such a run's can be); "
            "fetch it again"
        ) from None
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        raise BadInput(f"{where}: the result is damaged ({error}); fetch it again") from None
    if differs:
        what = "SHA-256 sum" if differs == ["sha256"] else " and ".join(differs)
        raise BadInput(f"{where}: the result is damaged (its {what} differs); fetch it again")
    _check(job, number, Traces.load(data, job.expected[job.tasks[number].model].most_bytes))
    return data


def _check(job: Job, number: int, run: Traces, whole: bool = True) -> None:
    task = job.tasks[number]
    steps = round(task.duration / job.dt)
    found, asked = (run.seed, run.target, run.dt), (task.seed, job.target, job.dt)
    other = job.expected[task.model].misfit(run)
    if found != asked or (run.n_steps != steps if whole else run.n_steps >= steps):
        other = "another seed, target, step or length"
    if not other and run.substrate not in find_target(job.target).substrates:
        other = f"the substrate {run.substrate[:60]!r}"
    if not other and not run.is_of_silicon(job.modes_on(job.target)):
        other = "other silicon modes"
    if other:
        raise BadInput(
            f"job {job.name}, task {number}: the result is of another run than was asked for: "
            f"it has {other}"
        )


def _sum(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in iter(lambda: stream.read(2**20), b""):
        digest.update(piece)
    return digest.hexdigest()
