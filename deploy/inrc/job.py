"""What this machine knows of a job, and what it can ask of its site."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

import platformdirs

from deploy.atomic import atomic_write
from deploy.errors import BadInput, TargetUnavailable
from deploy.inrc import bundle as bundles
from deploy.inrc.link import Link
from deploy.inrc.names import checked
from deploy.inrc.site import Site, find_site
from deploy.model import load_model
from deploy.targets import find_target
from deploy.traces import Traces, now

OVER = ("complete", "failed")


@dataclass(frozen=True)
class Job:
    """A job of this user's.

    Attributes
    ----------
    name : str
        From its content: the same job has the same name.
    site : str
    model : str
    target : str
    duration, dt : float
    seeds : tuple of int
        One a task.
    sha256 : str
        Of its bundle.
    """

    name: str
    site: str
    model: str
    target: str
    duration: float
    dt: float
    seeds: Sequence[int]
    sha256: str

    @property
    def folder(self) -> Path:
        """Here, with its history and results."""
        return jobs_folder() / self.name

    def note(self, what: str, **more: Any) -> None:
        """Append to the job's history."""
        with open(self.folder / "history.jsonl", "a", encoding="utf-8") as stream:
            stream.write(json.dumps({"time": now(), "what": what, **more}) + "\n")


def jobs_folder() -> Path:
    """Of all jobs, on this machine."""
    return Path(platformdirs.user_state_dir("loihi-deploy")) / "jobs"


def prepare(
    model: str,
    duration: float,
    site: str,
    target: str = "emulator",
    seeds: Sequence[int] = (0,),
    dt: float = 0.001,
) -> Job:
    """Pack a job, and write it down here; nothing is sent yet.

    Parameters
    ----------
    model : str
        A built-in system, or a file.
    duration, target, seeds, dt
        As for `deploy.run`, one task a seed.
    site : str

    Returns
    -------
    Job

    Raises
    ------
    BadInput, TargetUnavailable
        If the model cannot be loaded, or there is no such target or site.
    """
    place = find_site(site)
    find_target(target)
    if not seeds or len(set(seeds)) != len(seeds):
        raise BadInput("each task needs a seed of its own")
    loaded = load_model(model, seeds[0])
    files = bundles.packages()
    file, suffix = "", ""
    if loaded.source is not None:
        file = checked("name", loaded.source.name, "the name of a submitted file")
        suffix = model[model.rindex(".py") + 3 :]
        files[f"model/{file}"] = loaded.source.read_bytes()
    spec = {
        "model": "" if file else model, "file": file, "suffix": suffix, "duration": duration,
        "target": target, "seeds": list(seeds), "dt": dt,
    }  # fmt: skip
    data = bundles.pack(files, spec)
    sha256 = hashlib.sha256(data).hexdigest()
    key = hashlib.sha256(f"{sha256} {place.name} {place.host}".encode()).hexdigest()[:12]
    plain = re.sub(r"[^A-Za-z0-9_]", "-", loaded.name)[:40].strip("-") or "model"
    job = Job(f"{plain}-{key}", site, model, target, duration, dt, tuple(seeds), sha256)
    job.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_files(job, place, data)
    return job


def _write_files(job: Job, place: Site, data: bytes) -> None:
    sent = job.folder / "sent"
    sent.mkdir(mode=0o700, exist_ok=True)
    settings = {
        "name": job.name, "sha256": job.sha256, "tasks": len(job.seeds), "slurm": place.slurm,
        "python": place.python, "partition": place.partition, "board": place.board,
        "time_limit": place.time_limit, "at_once": place.at_once,
    }  # fmt: skip
    agent = (Path(__file__).parent / "agent.py").read_bytes()
    for path, body in (
        (sent / "bundle.tar", data),
        (sent / "job.json", json.dumps(settings).encode()),
        (sent / "agent.py", agent),
        (job.folder / "job.json", json.dumps(asdict(job)).encode()),
    ):
        with atomic_write(path) as stream:
            stream.write(body)


def find_job(name: str) -> Job:
    """A job by its name, or by the beginning of it.

    Raises
    ------
    BadInput
        If there is none, or several.
    """
    checked("name", name, "the name of a job")
    found = sorted(path.parent.name for path in jobs_folder().glob("*/job.json"))
    chosen = [each for each in found if each == name] or [f for f in found if f.startswith(name)]
    if len(chosen) != 1:
        there = f"there are {', '.join(chosen)}" if chosen else "`loihi-deploy jobs` lists them"
        raise BadInput(f"there is {'more than one' if chosen else 'no'} job {name!r}; {there}")
    return _read(jobs_folder() / chosen[0] / "job.json")


def all_jobs() -> List[Job]:
    """Those that were ever submitted from here, by name."""
    return [_read(path) for path in sorted(jobs_folder().glob("*/job.json"))]


def _read(path: Path) -> Job:
    try:
        return Job(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, RecursionError):
        raise BadInput(f"{path}: damaged; submit the job again") from None


def submit(job: Job) -> Dict[str, Any]:
    """Send a job and have it queued; once, however often this is called.

    Returns
    -------
    dict
        ``id`` of the job at its site, and whether it is ``new``.

    Raises
    ------
    TargetUnavailable
        If the site cannot be reached; call it again, and it finds what is there.
    """
    link = Link(find_site(job.site))
    job.note("sending")
    link.send(job.folder / "sent", job.name)
    answer = link.ask(job.name, "submit")
    job.note("submitted", **answer)
    return answer


def status(job: Job) -> Dict[str, Any]:
    """State of each task: pending, running, complete or failed with the reason."""
    answer = Link(find_site(job.site)).ask(job.name, "status")
    states = [task["state"] for task in answer.get("tasks", {}).values()]
    job.note("status", **{state: states.count(state) for state in sorted(set(states))})
    return answer


def cancel(job: Job) -> None:
    """Stop what is queued or running."""
    Link(find_site(job.site)).ask(job.name, "cancel")
    job.note("cancelled")


def logs(job: Job, task: int = 0) -> str:
    """The end of a task's log."""
    return str(Link(find_site(job.site)).ask(job.name, "logs", str(int(task)))["log"])


def wait(job: Job, every: float = 2.0, told: Optional[Callable[[Dict[str, int]], None]] = None):
    """Until every task is over; gives the last status."""
    while True:
        answer = status(job)
        states = [task["state"] for task in answer["tasks"].values()]
        if told is not None:
            told({state: states.count(state) for state in sorted(set(states))})
        if states and all(state in OVER for state in states):
            return answer
        time.sleep(every)


def fetch(job: Job) -> List[Traces]:
    """Bring results here, check them, and put them in place by rename.

    Returns
    -------
    list of Traces
        Of the tasks that are complete, in the order of the seeds.

    Raises
    ------
    BadInput
        If a result is not what was asked for.
    """
    place = job.folder / "results"
    place.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=job.folder) as beside:
        Link(find_site(job.site)).bring(job.name, "results", Path(beside))
        for task in range(len(job.seeds)):
            record = Path(beside) / f"{task}.json"
            if record.exists() and not (place / record.name).exists():
                data = _verified(job, task, record)
                shutil.move(str(data), place / data.name)
                shutil.move(str(record), place / record.name)
    found = [t for t in range(len(job.seeds)) if (place / f"{t}.json").exists()]
    job.note("fetched", tasks=len(found))
    return [Traces.load(place / f"{task}.npz") for task in found]


def _verified(job: Job, task: int, record: Path) -> Path:
    """The file of a result, if it is what was asked for."""
    where = f"job {job.name}, task {task}"
    try:
        if record.stat().st_size > 2**16:
            raise ValueError("its record is too long")
        told = json.loads(record.read_text())
        data = record.with_suffix(".npz")
        body = data.read_bytes()
        good = told["complete"] is True and told["sha256"] == hashlib.sha256(body).hexdigest()
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        raise BadInput(f"{where}: the result is damaged ({error}); fetch it again") from None
    if not good:
        raise BadInput(f"{where}: the result is damaged (its SHA-256 sum differs); fetch it again")
    traces = Traces.load(data)
    steps = round(job.duration / job.dt)
    if (traces.seed, traces.target, traces.n_steps) != (job.seeds[task], job.target, steps):
        raise BadInput(f"{where}: the result is of another run than was asked for")
    return data


def check_site(site: Site) -> List[Dict[str, Any]]:
    """Try each step of a site: reach it, its Python, its Slurm, its folder."""
    link = Link(site)
    steps = [
        ("reached", ["true"]),
        ("Python", [site.python, "--version"]),
        ("folder", ["mkdir", "-p", "-m", "700", site.folder]),
        ("Nengo there", [site.python, "-c", "import nengo, nengo_loihi"]),
    ]
    if site.slurm:
        steps.append(("Slurm", ["sinfo", "--version"]))
        partition = ["--partition=" + site.partition] if site.partition else []
        steps.append(("partition", ["sinfo", "--noheader", "--format=%P %a %D", *partition]))
    found = []
    for name, words in steps:
        try:
            found.append({"step": name, "works": True, "told": link.run(words).strip()[:200]})
        except TargetUnavailable as error:
            found.append({"step": name, "works": False, "told": str(error)})
            if name == "reached":
                break
    return found
