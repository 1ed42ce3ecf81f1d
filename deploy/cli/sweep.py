"""loihi-deploy sweep"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Optional, Tuple

import click

from deploy.cli import completion
from deploy.cli.options import (
    FOR_RESULTS,
    as_json,
    parameter_option,
    run_options,
    silicon_option,
    targets_option,
)
from deploy.cli.over_seeds import compare_over_seeds
from deploy.cli.reading import check_run, model_of, names_of, pairs_of, seeds_of
from deploy.emulator.silicon import Silicon
from deploy.workflows.given import (
    RUNS_A_SEED,
    check_number_of_runs,
    check_targets,
    checked_seeds,
)
from deploy.workflows.processes import at_once


@click.command()
@click.argument("model", shell_complete=completion.models)
@parameter_option
@click.option("--seeds", default="0:10", show_default=True, help="FIRST:END, or with commas.")
@targets_option
@click.option("--processes", type=int, help="Runs at once; one a core if not given.")
@run_options
@silicon_option
@click.option(
    "--spread",
    type=int,
    default=RUNS_A_SEED,
    show_default=True,
    metavar="N",
    help="Judge each seed by N CPU runs with other voltages and neurons, kept for the next time; "
    "with 0, by one pair of runs alone.",
)
@click.option(
    "--out",
    type=FOR_RESULTS,
    help="Folder for report.html and every run's traces; a sweep that was stopped resumes from it.",
)
@as_json
def sweep(
    model: str,
    parameters: Tuple[str, ...],
    seeds: str,
    targets: str,
    processes: Optional[int],
    duration: Optional[float],
    dt: Optional[float],
    engine: str,
    ideals: Tuple[str, ...],
    silicon: Tuple[str, ...],
    spread: int,
    out: Optional[Path],
    as_json: bool,
) -> None:
    """Compare MODEL over many seeds, and give each figure's spread."""
    model = model_of(model, parameters)
    wanted, names, ideal = checked_seeds(seeds_of(seeds)), names_of(targets), pairs_of(ideals)
    check_targets(names)
    modes = Silicon.read(silicon)
    timing = check_run(model, names, wanted, duration, dt, engine, modes)
    at_once(processes)
    if spread:
        check_number_of_runs(spread)
    sys.exit(
        compare_over_seeds(
            model, timing.seconds, wanted, names, out, as_json, processes,
            dt=timing.dt, engine=engine, ideals=ideal, spread=spread, silicon=modes.different,
        )
    )  # fmt: skip
