"""loihi-deploy jobs"""

from __future__ import annotations

from typing import Any, Dict

import click

from deploy.cli.console import print_table, say_error, say_json
from deploy.cli.options import as_json
from deploy.jobs.job import Job, all_jobs

NO_COUNTS = ("time", "what", "id", "new", "refused")  # of an entry; the rest are numbers of tasks


@click.command()
@as_json
def jobs(as_json: bool) -> None:
    """List the jobs that were submitted from here, the last one last, as they were last seen."""
    found = all_jobs()
    known = sorted(map(_entry_of, found.jobs), key=lambda entry: str(entry["submitted"]))
    for line in found.damaged:
        say_error(f"loihi-deploy: {line}")
    if as_json:
        say_json(known)
        return
    columns = ["name", "site", "model", "target", "submitted", "last seen"]
    rows = [[*(str(entry[c]) for c in columns), str(len(entry["tasks"]))] for entry in known]
    print_table(["job", *columns[1:], "tasks"], rows)


def _entry_of(job: Job) -> Dict[str, Any]:
    history = job.history
    submitted = [entry["time"] for entry in history if entry["what"] == "submitted"]
    return {
        "name": job.name, "site": job.site.name, "model": job.model, "target": job.target,
        "submitted": submitted[0] if submitted else "not yet",
        "last seen": _in_words(history[-1]) if history else "",
        "tasks": [task._asdict() for task in job.tasks],
    }  # fmt: skip


def _in_words(entry: Dict[str, Any]) -> str:
    """An entry of a job's history: what, and how many tasks of each state."""
    counts = {key: value for key, value in entry.items() if key not in NO_COUNTS and value}
    said = ", ".join(f"{value} {key}" for key, value in counts.items())
    return said if entry["what"] == "status" else f"{entry['what']} {said}".strip()
