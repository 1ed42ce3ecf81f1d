"""loihi-deploy cancel"""

from __future__ import annotations

import click

from deploy.jobs import remote
from deploy.jobs.job import find_job


@click.command()
@click.argument("name")
def cancel(name: str) -> None:
    """Stop a job."""
    job = find_job(name)
    remote.cancel(job)
    click.echo(f"job {job.name}: cancelled")
