"""loihi-deploy reports"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

import click

from deploy.cli.console import print_table, say, say_json
from deploy.cli.options import as_json
from deploy.errors import BadInput

FORMAT = "loihi-deploy parity"  # of `deploy.parity.comparison`, which takes long to load
MOST_BYTES = 2**26  # of a file that is looked into


class Found(NamedTuple):
    """A comparison that was written earlier."""

    made: str
    model: str
    target: str
    seconds: float
    seed: int
    outcome: str
    page: str


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default="comparison")
@as_json
def reports(folder: Path, as_json: bool) -> None:
    """List the comparisons in FOLDER and below it (default: comparison), the newest last."""
    if not folder.is_dir():
        raise BadInput(f"{folder}: there is no such folder; loihi-deploy compare MODEL makes one")
    found = sorted(_comparisons(folder))
    if as_json:
        say_json([each._asdict() for each in found])
        return
    if not found:
        say(f"there are no comparisons in {folder}")
        return
    rows: List[List[str]] = [
        [each.made, each.model, each.target, f"{each.seconds:g}", str(each.seed), each.outcome,
         each.page]
        for each in found
    ]  # fmt: skip
    print_table(["made", "model", "on", "seconds", "seed", "verdict", "page"], rows)


def _comparisons(folder: Path) -> Iterator[Found]:
    """Those whose file is whole; others are passed over."""
    for path in folder.rglob("parity.json"):
        found = comparison_of(path)
        if found is not None:
            yield found


def comparison_of(path: Path) -> Optional[Found]:
    """What a ``parity.json`` says; None where there is none that is whole."""
    with contextlib.suppress(OSError, ValueError, TypeError, LookupError, RecursionError):
        if path.stat().st_size > MOST_BYTES:
            return None
        record: Dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            return None
        run = record["runs"][-1]
        return Found(
            made=str(run["created"]),
            model=str(run["settings"].get("model") or run["model"]),
            target=str(run["target"]),
            seconds=float(run["n_steps"]) * float(run["dt"]),
            seed=int(run["seed"]),
            outcome=str(record["outcome"]),
            page=str(path.with_name("report.html")),
        )
    return None
