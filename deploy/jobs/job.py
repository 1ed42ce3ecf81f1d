"""What this machine knows of a job: a folder with what was sent, its history and its results."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import platformdirs

from deploy.emulator.silicon import Silicon
from deploy.errors import BadInput
from deploy.files.atomic import atomic_write
from deploy.files.private import open_private
from deploy.files.timestamp import now
from deploy.jobs.expected import Expected
from deploy.jobs.names import checked
from deploy.jobs.site import LOCAL, Site
from deploy.targets import find_target
from loihi_rules.likely import likely

MOST_TASKS = 10000
BETWEEN = {"loihi": ("emulator",)}  # targets that say what of an effect is the board's own


class Task(NamedTuple):
    """One run of a job.

    Attributes
    ----------
    model : str
        As it is typed, with its parameters.
    seed : int
    duration : float
        In seconds of model time.
    """

    model: str
    seed: int
    duration: float

    @property
    def parameters(self) -> str:
        """What is in the model's brackets."""
        return self.model.partition("[")[2].rstrip("]")


def report_folder(tasks: Sequence[Task], number: int, folder: Path) -> Path:
    """Where a task's report is: in the folder itself if the job has no other task."""
    if len(tasks) == 1:
        return folder
    task = tasks[number]
    plain = "".join(c if c.isalnum() or c in "=.-" else "-" for c in task.parameters)
    return folder / "-".join(filter(None, (plain, f"seed-{task.seed}")))


@dataclass(frozen=True)
class Job:
    """A job of this user's.

    Attributes
    ----------
    name : str
        From its content: the same job has the same name.
    site : Site
        As it was when the job was made: whoever edits the file of sites moves no job.
    target : str
    dt : float
        In seconds.
    tasks : tuple of Task
    sha256 : str
        Of its bundle.
    expected : mapping of str to Expected
        What the runs of each model will bring.
    silicon : mapping of str to str
        Silicon modes of its runs on the emulator, there or here.
    """

    name: str
    site: Site
    target: str
    dt: float
    tasks: Tuple[Task, ...]
    sha256: str
    expected: Mapping[str, Expected]
    silicon: Mapping[str, str] = field(default_factory=dict)

    def modes_on(self, target: str) -> Dict[str, str]:
        """Its silicon modes on one of the targets that it runs on; none where that has none."""
        return dict(self.silicon) if find_target(target).has_silicon_modes else {}

    @property
    def folder(self) -> Path:
        """Here, with its history and results."""
        return jobs_folder() / self.name

    @property
    def results(self) -> Path:
        """Here, what was fetched: N.npz with its record N.json, or N.partial.npz."""
        return self.folder / "results"

    @property
    def bundle(self) -> Path:
        """As it was sent."""
        return self.folder / "sent" / "bundle.tar"

    @property
    def model(self) -> str:
        """Its first model without parameters, for people."""
        return self.tasks[0].model.partition("[")[0]

    def note(self, what: str, **more: Any) -> None:
        """Append to the job's history."""
        line = json.dumps({"time": now(), "what": what, **more}) + "\n"
        with open_private(self.folder / "history.jsonl", "a") as stream:
            stream.write(line)

    @property
    def history(self) -> List[Dict[str, Any]]:
        """What was done and seen, oldest first, each with ``time`` and ``what``.

        A line that a killed process left half is passed over.
        """
        entries = []
        with contextlib.suppress(FileNotFoundError):
            text = (self.folder / "history.jsonl").read_text(encoding="utf-8", errors="replace")
            for line in text.splitlines():
                with contextlib.suppress(ValueError):
                    entry = json.loads(line)
                    if isinstance(entry, dict) and {"time", "what"} <= set(entry):
                        entries.append(entry)
        return entries

    def write(self) -> None:
        """Write it down in its folder."""
        record = {**asdict(self), "site": self.site.to_dict()}
        with atomic_write(self.folder / "job.json") as stream:
            stream.write(json.dumps(record).encode())


def jobs_folder() -> Path:
    """Of all jobs, on this machine."""
    return Path(platformdirs.user_state_dir("loihi-deploy")) / "jobs"


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
        if chosen:
            raise BadInput(f"there is more than one job {name!r}; there are {', '.join(chosen)}")
        meant = likely(name, found)
        raise BadInput(f"there is no job {name!r}{meant}; `loihi-deploy jobs` lists them")
    return _read(jobs_folder() / chosen[0] / "job.json")


class Known(NamedTuple):
    """Jobs of this machine.

    Attributes
    ----------
    jobs : tuple of Job
    damaged : tuple of str
        What is wrong with the others, each in one line.
    """

    jobs: Tuple[Job, ...]
    damaged: Tuple[str, ...]


def all_jobs() -> Known:
    """Those that were ever submitted from here, by name."""
    jobs, damaged = [], []
    for path in sorted(jobs_folder().glob("*/job.json")):
        try:
            jobs.append(_read(path))
        except BadInput as error:
            damaged.append(str(error))
    return Known(tuple(jobs), tuple(damaged))


def _read(path: Path) -> Job:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        site = dict(record["site"])
        name = str(site.pop("name"))
        record["site"] = LOCAL if name == LOCAL.name else Site.of(name, site, str(path))
        record["tasks"] = tuple(Task(str(m), int(s), float(d)) for m, s, d in record["tasks"])
        record["expected"] = {
            str(model): Expected.of(each) for model, each in record["expected"].items()
        }
        record["silicon"] = Silicon.of(dict(record.get("silicon", {}))).different
        return Job(**record)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadInput(f"{path}: damaged; submit the job again") from None
