"""What is brought back of a job, and compared with the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence

import click

from deploy import jobs
from deploy.cli.console import say, say_error, say_json
from deploy.cli.job_tables import MOST_LINES, tasks_in_words
from deploy.cli.options import FOR_RESULTS
from deploy.cli.progress import progress_bar
from deploy.errors import BadInput
from deploy.files.places import check_files
from deploy.jobs.job import Task, report_folder
from deploy.report.earlier import OF_A_COMPARISON, PAGE, earlier_in, in_words

into = click.option("--out", type=FOR_RESULTS, help="Folder of the reports; one in it a task.")


def bring(job: jobs.Job, out: Optional[Path], as_json: bool, compare: bool) -> int:
    """Fetch, and compare with the CPU when everything is there; gives the exit code."""
    folder = out or Path("comparison") / job.name
    if compare:
        check_pages(job.tasks, folder)
    elif out is not None:
        raise BadInput("--out is for reports, and --no-compare makes none; leave one out")
    fetched = jobs.fetch(job)
    whole = len(fetched.complete) == len(job.tasks)
    reports: List[Dict[str, Any]] = []
    page, before = "", None
    spreads: Mapping[str, Any] = {}
    if compare and whole:
        before = earlier_in(folder)
        with progress_bar() as bar:
            report = None if bar is None else lambda done, total: bar("comparisons", done, total)
            spreads = jobs.compare(job, folder, progress=report)
        reports = _reports(job, folder, spreads)
        page = str(folder / PAGE)
    if as_json:
        said = {
            "results": str(job.results), "report": page,
            "complete": len(fetched.complete), "of": len(job.tasks),
            "partial": list(fetched.partial), "refused": list(fetched.refused), "reports": reports,
            "spread": {m: s.to_dict() for m, s in spreads.items() if len(s.seeds) > 1},
        }  # fmt: skip
        say_json(said, None)
    else:
        _print_fetched(job, fetched, reports, spreads)
        if len(reports) > 1:
            say(f"report of all: {page}")
        if before is not None:
            say(f"it is in the place of {in_words(before)}")
    for line in fetched.refused:
        say_error(f"loihi-deploy: {line}")
    if fetched.refused:
        return 2
    return 0 if all(each["ok"] for each in reports) and (whole or not compare) else 1


def check_pages(tasks: Sequence[Task], folder: Path) -> None:
    """Find out before a long way whether the reports can be written."""
    own = [report_folder(tasks, number, folder) for number in range(len(tasks))]
    check_files(each / name for each in own for name in OF_A_COMPARISON)
    check_files([folder / PAGE])


def _reports(job: jobs.Job, folder: Path, spreads: Mapping[str, Any]) -> List[Dict[str, Any]]:
    parities = {
        (model, seed): parity
        for model, found in spreads.items()
        for seed, parity in zip(found.seeds, found.parities)
    }
    found = []
    for number, task in enumerate(job.tasks):
        parity = parities[task.model, task.seed]
        page = report_folder(job.tasks, number, folder) / PAGE
        found.append(
            {"task": number, "ok": parity.ok, "verdict": parity.verdict, "report": str(page)}
        )
    return found


def _print_fetched(
    job: jobs.Job,
    fetched: jobs.Fetched,
    reports: List[Dict[str, Any]],
    spreads: Mapping[str, Any],
) -> None:
    for each in reports:
        say(each["verdict"])
        say(f"report: {each['report']}")
    for model, found in spreads.items():
        if len(found.seeds) > 1:
            from deploy.cli.spread_table import print_spread

            say("")
            say(f"{model}, {len(found.seeds)} seeds:")
            print_spread(found)
    of = f"{len(fetched.complete)} of {tasks_in_words(len(job.tasks))}"
    say(f"{of} complete: {job.results}")
    for number in fetched.partial[:MOST_LINES]:
        say(f"task {number} is PARTIAL: {job.results / f'{number}.partial.npz'}")
