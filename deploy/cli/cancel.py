"""loihi-deploy cancel"""

from __future__ import annotations

import click

from deploy.cli import completion
from deploy.cli.console import say, say_json
from deploy.cli.options import as_json
from deploy.jobs import remote
from deploy.jobs.job import find_job


@click.command()
@click.argument("name", shell_complete=completion.jobs)
@as_json
def cancel(name: str, as_json: bool) -> None:
    """Stop a job."""
    job = find_job(name)
    left = remote.cancel(job)
    if as_json:
        say_json({"name": job.name, "cancelled": left}, None)
    else:
        say(f"job {job.name}: " + ("cancelled" if left else "it was over already"))
