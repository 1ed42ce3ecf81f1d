"""loihi-deploy logs"""

from __future__ import annotations

import time
from typing import List, Optional

import click

from deploy.cli import completion
from deploy.cli.console import say_error, say_json, say_text
from deploy.cli.job_tables import waiting_in_words
from deploy.cli.options import as_json
from deploy.errors import BadInput
from deploy.jobs import remote
from deploy.jobs.job import find_job

FOLLOW = 2.0  # s between two looks at a log
MOST_AFTER = 2**26  # bytes that are printed of a log after its task is over


@click.command()
@click.argument("name", shell_complete=completion.jobs)
@click.option("--task", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--follow", is_flag=True, help="Until the task is over.")
@as_json
def logs(name: str, task: int, follow: bool, as_json: bool) -> None:
    """Print the end of a task's log."""
    if follow and as_json:
        raise BadInput(
            "--follow goes on for as long as the task does; with --json give one of both"
        )
    job = find_job(name)
    if task >= len(job.tasks):
        raise BadInput(f"job {job.name} has tasks 0 to {len(job.tasks) - 1}, not {task}")
    text, offset = remote.logs(job, task)
    if as_json:
        say_json({"name": job.name, "task": task, "log": text, "offset": offset}, None)
        return
    say_text(text if text.endswith("\n") else text + "\n")
    last: Optional[int] = None
    said: List[str] = []
    while follow and (last is None or offset < last):
        found = remote.status(job).tasks[task]  # before the log, of which this is then the end
        over, waiting = found.over, waiting_in_words((found,))
        if waiting != said:
            said = waiting
            for why in waiting:
                say_error(f"task {task} is pending: {why}")
        text, offset = remote.logs(job, task, offset)
        say_text(text)
        if over and not text:
            break
        if over and last is None:
            last = offset + MOST_AFTER
        time.sleep(0 if text else FOLLOW)
