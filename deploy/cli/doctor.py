"""loihi-deploy doctor"""

from __future__ import annotations

import sys

import click

from deploy.cli.console import print_table, say, say_json
from deploy.cli.options import as_json
from deploy.workflows.doctor import diagnose
from deploy.workflows.doctor import warm as compile_now


@click.command()
@click.option("--warm", is_flag=True, help="And compile the emulator now, not at the first run.")
@as_json
def doctor(warm: bool, as_json: bool) -> None:
    """Say what is installed, which targets work, and what to do about the others."""
    findings = diagnose()
    if warm and findings["ok"]:
        findings["warmed"] = compile_now()
    if as_json:
        say_json(findings)
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
        print_table(
            ["program", "is there", "for"],
            [[p["name"], p["path"] or "no", p["purpose"]] for p in findings["programs"]],
        )
        if "warmed" in findings:
            say(f"compiled, and kept for the next time: {findings['warmed']:.0f} s")
    sys.exit(0 if findings["ok"] else 3)
