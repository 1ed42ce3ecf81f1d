"""loihi-deploy fetch"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Optional

import click

from deploy.cli import completion
from deploy.cli.bringing import bring, into
from deploy.cli.options import as_json
from deploy.jobs.job import find_job


@click.command()
@click.argument("name", shell_complete=completion.jobs)
@click.option("--no-compare", is_flag=True, help="Bring the results alone.")
@into
@as_json
def fetch(name: str, no_compare: bool, out: Optional[Path], as_json: bool) -> None:
    """Bring a job's results here, check them, and compare them with the CPU if all are there."""
    sys.exit(bring(find_job(name), out, as_json, not no_compare))
