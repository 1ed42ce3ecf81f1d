"""loihi-deploy sweep"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Optional, Tuple

import click

import deploy
from deploy.commands.options import (
    as_json,
    parameter_option,
    run_options,
    targets_option,
)
from deploy.commands.progress import progress_bar
from deploy.commands.reading import duration_of, names_of, pairs_of, seeds_of
from deploy.console import print_table
from deploy.model import with_parameters
from deploy.report.numbers import number


@click.command()
@click.argument("model")
@parameter_option
@click.option("--seeds", default="0:10", show_default=True, help="FIRST:END, or with commas.")
@targets_option
@click.option("--processes", type=int, help="Runs at once; one a core if not given.")
@run_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for every run's traces; a sweep that was stopped goes on from it.",
)
@as_json
def sweep(
    model: str,
    parameters: Tuple[str, ...],
    seeds: str,
    targets: str,
    processes: Optional[int],
    duration: Optional[float],
    dt: float,
    engine: str,
    ideals: Tuple[str, ...],
    out: Optional[Path],
    as_json: bool,
) -> None:
    """Compare MODEL over many seeds, and give each figure's spread."""
    model = with_parameters(model, parameters)
    with progress_bar() as report:
        found = deploy.sweep(
            model,
            duration_of(model, duration, seeds_of(seeds)),
            seeds_of(seeds),
            names_of(targets),
            processes,
            dt=dt,
            engine=engine,
            ideals=pairs_of(ideals),
            folder=out,
            progress=None if report is None else lambda done, total: report("runs", done, total),
        )
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=1))
    else:
        columns = ["trace", "metric", "unit", "median", "10 %", "90 %", "lowest", "highest"]
        rows = [
            [number(row[c]) if isinstance(row[c], float) else row[c] for c in columns]
            for row in found.table()
        ]
        print_table(columns, rows)
        click.echo(found.verdict)
    sys.exit(0 if found.ok else 1)
