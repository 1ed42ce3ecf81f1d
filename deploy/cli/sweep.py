"""loihi-deploy sweep"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Optional, Tuple

import click

import deploy
from deploy.cli.options import as_json, parameter_option, run_options, targets_option
from deploy.cli.progress import progress_bar
from deploy.cli.reading import duration_of, names_of, pairs_of, seeds_of
from deploy.cli.spread_table import tell_spread
from deploy.models.spelling import Spelling


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
    help="Folder for every run's traces; a sweep that was stopped continues from it.",
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
    model = str(Spelling.read(model).with_parameters(parameters))
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
        tell_spread(found)
    sys.exit(0 if found.ok else 1)
