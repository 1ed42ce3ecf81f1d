"""loihi-deploy doctor"""

from __future__ import annotations

import json
import sys

import click

from deploy.cli.console import print_table
from deploy.cli.options import as_json
from deploy.workflows.doctor import diagnose


@click.command()
@as_json
def doctor(as_json: bool) -> None:
    """Say what is installed, which targets work, and what to do about the others."""
    findings = diagnose()
    if as_json:
        click.echo(json.dumps(findings, indent=1))
    else:
        print_table(
            ["target", "works", ""],
            [
                [t["name"], "yes" if t["works"] else "no", t["way_out"] or t["summary"]]
                for t in findings["targets"]
            ],
        )
        print_table(
            ["package", "version", "for"],
            [[p["name"], p["version"], p["purpose"]] for p in findings["packages"]],
        )
    sys.exit(0 if findings["ok"] else 3)
