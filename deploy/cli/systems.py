"""loihi-deploy systems"""

from __future__ import annotations

from typing import Optional

import click

from deploy.cli import completion
from deploy.cli.console import print_table, say_json, say_text
from deploy.cli.options import as_json
from deploy.errors import BadInput
from loihi_rules.likely import likely
from loihi_rules.systems import SYSTEMS


@click.command()
@click.argument("name", required=False, shell_complete=completion.systems)
@as_json
def systems(name: Optional[str], as_json: bool) -> None:
    """List the built-in systems, or tell what NAME is about and which parameters it has."""
    if name is not None:
        _print_system(name, as_json)
        return
    if as_json:
        rows = [
            {
                "name": s.name,
                "duration": s.duration,
                "summary": s.summary,
                "ideals": dict(s.ideals),
            }
            for s in SYSTEMS.values()
        ]
        say_json(rows)
        return
    print_table(
        ["system", "seconds", "what it shows"],
        [[s.name, f"{s.duration:g}", s.summary] for s in SYSTEMS.values()],
    )


def _print_system(name: str, as_json: bool) -> None:
    if name not in SYSTEMS:
        raise BadInput(
            f"there is no system {name!r}{likely(name, SYSTEMS)}; there are {', '.join(SYSTEMS)}"
        )
    system = SYSTEMS[name]
    lesson = system.lesson
    rows = [
        {"name": p.name, "default": p.default, "what": p.what, "low": p.low, "high": p.high}
        for p in system.parameters
    ]
    if as_json:
        record = {"name": name, "summary": system.summary, "lesson": lesson, "parameters": rows}
        say_json(record)
        return
    say_text(lesson + "\n\n")
    print_table(
        ["parameter", "default", "range", "what"],
        [[p.name, str(p.default), p.range, p.what] for p in system.parameters],
    )
