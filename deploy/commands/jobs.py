"""loihi-deploy jobs"""

from __future__ import annotations

import json

import click

from deploy.commands.options import as_json
from deploy.console import print_table
from deploy.inrc.job import all_jobs


@click.command()
@as_json
def jobs(as_json: bool) -> None:
    """List the jobs that were submitted from here."""
    known = all_jobs()
    if as_json:
        told = [
            {**{key: getattr(j, key) for key in ("name", "site", "target")},
             "tasks": [task._asdict() for task in j.tasks]}
            for j in known
        ]  # fmt: skip
        click.echo(json.dumps(told, indent=1))
        return
    print_table(
        ["job", "site", "model", "target", "tasks"],
        [[j.name, j.site, j.model, j.target, str(len(j.tasks))] for j in known],
    )
