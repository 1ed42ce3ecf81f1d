"""loihi-deploy status"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from typing import List

import click
from rich.live import Live

from deploy.cli import completion
from deploy.cli.console import say, say_json
from deploy.cli.job_tables import counts_in_words, print_status, table_of, waiting_in_words
from deploy.cli.options import as_json
from deploy.jobs import remote
from deploy.jobs.job import find_job
from deploy.jobs.states import Status

LOST = "Slurm has lost the job before it began. Submit it again?"


@click.command()
@click.argument("name", shell_complete=completion.jobs)
@click.option(
    "--watch",
    is_flag=True,
    help="Until it is over; if Slurm loses it, ask whether to submit it again.",
)
@as_json
def status(name: str, watch: bool, as_json: bool) -> None:
    """Say how far a job is."""
    job = find_job(name)
    if watch and sys.stdout.isatty():
        with Live(refresh_per_second=2) as live:

            def ask() -> bool:
                live.stop()
                try:
                    return sys.stdin.isatty() and click.confirm(LOST, err=True)
                finally:
                    live.start()

            found = remote.wait(job, lambda now: live.update(table_of(now)), resubmit=ask)
    elif watch:
        last: List[str] = []

        def print_changes(now: Status) -> None:
            waiting = "; ".join(waiting_in_words(now.tasks))
            line = counts_in_words(now) + (f" ({waiting})" if waiting else "")
            if last != [line]:
                last[:] = [line]
                say(f"{time.strftime('%H:%M:%S')} {line}")

        found = remote.wait(job, None if as_json else print_changes)
    else:
        found = remote.status(job)
    if as_json:
        tasks = [asdict(task) for task in found.tasks]
        say_json({"id": found.id, "tasks": tasks})
    else:
        print_status(found)
    sys.exit(1 if found.without_result else 0)
