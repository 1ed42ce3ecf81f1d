"""loihi-deploy cancel"""

from __future__ import annotations

import json

import click

from deploy.cli import completion
from deploy.cli.options import as_json
from deploy.jobs import remote
from deploy.jobs.job import find_job


@click.command()
@click.argument("name", shell_complete=completion.jobs)
@as_json
def cancel(name: str, as_json: bool) -> None:
    """Stop a job."""
    job = find_job(name)
    remote.cancel(job)
    if as_json:
        click.echo(json.dumps({"name": job.name, "cancelled": True}))
    else:
        click.echo(f"job {job.name}: cancelled")
