"""What is brought back of a job, and held against the CPU."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Optional

import click

import deploy
from deploy.commands.job_tables import MOST_LINES, tasks_in_words
from deploy.inrc.job import Job
from deploy.inrc.results import Fetched, load_result, reference
from deploy.inrc.results import fetch as fetch_results
from deploy.report.folder import staged_folder

into = click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the reports; one in it a task."
)


def bring(job: Job, out: Optional[Path], as_json: bool, compare: bool) -> int:
    """Fetch, and compare with the CPU when everything is there; gives the exit code."""
    fetched = fetch_results(job)
    whole = len(fetched.complete) == len(job.tasks)
    reports: List[Dict[str, Any]] = []
    if compare and whole:
        reports = [
            _report(job, number, out or Path("comparison") / job.name, as_json)
            for number in fetched.complete
        ]
    if as_json:
        told = {
            "results": str(job.results), "complete": len(fetched.complete), "of": len(job.tasks),
            "partial": list(fetched.partial), "refused": list(fetched.refused), "reports": reports,
        }  # fmt: skip
        click.echo(json.dumps(told))
    else:
        _tell_fetched(job, fetched, reports)
    for line in fetched.refused:
        click.echo(f"loihi-deploy: {line}", err=True)
    if fetched.refused:
        return 2
    return 0 if all(each["ok"] for each in reports) and (whole or not compare) else 1


def _tell_fetched(job: Job, fetched: Fetched, reports: List[Dict[str, Any]]) -> None:
    within = sum(each["ok"] for each in reports)
    if len(reports) > 1:
        click.echo(f"{within} of {len(reports)} tasks have parity with the CPU")
    click.echo(
        f"{len(fetched.complete)} of {tasks_in_words(len(job.tasks))} complete: {job.results}"
    )
    for number in fetched.partial[:MOST_LINES]:
        click.echo(f"task {number} is PARTIAL: {job.results / f'{number}.partial.npz'}")


def _report(job: Job, number: int, out: Path, as_json: bool) -> Dict[str, Any]:
    """The parity of one task with the CPU, written as a report; only one is in memory at once."""
    task = job.tasks[number]
    folder = out
    if len(job.tasks) > 1:
        plain = "".join(c if c.isalnum() or c in "=.-" else "-" for c in task.parameters)
        folder = out / "-".join(filter(None, (plain, f"seed-{task.seed}")))
    folder.parent.mkdir(parents=True, exist_ok=True)
    parity = deploy.compare_traces(reference(job, number), load_result(job, number))
    with staged_folder(folder) as stage:
        parity.write(stage)
    if not as_json:
        click.echo(f"{parity.verdict}\nreport: {folder / 'report.html'}")
    return {"task": number, "ok": parity.ok, "verdict": parity.verdict,
            "report": str(folder / "report.html")}  # fmt: skip
