"""loihi-deploy explain"""

from __future__ import annotations

import sys
from typing import Optional, Tuple

import click

import deploy
from deploy.cli import completion
from deploy.cli.console import print_table, say, say_json, say_verdict
from deploy.cli.options import as_json, dt_option, duration_option, parameter_option, seed_option
from deploy.cli.progress import progress_bar
from deploy.cli.reading import begun, check_run, model_of
from deploy.workflows.given import RUNS, check_number_of_runs


@click.command()
@click.argument("model", shell_complete=completion.models)
@parameter_option
@duration_option
@seed_option
@dt_option
@click.option(
    "--spread",
    type=int,
    default=RUNS,
    show_default=True,
    help="Draw the verdicts by so many CPU runs; 0 for one pair of runs alone.",
)
@as_json
def explain(
    model: str,
    parameters: Tuple[str, ...],
    duration: Optional[float],
    seed: int,
    dt: Optional[float],
    spread: int,
    as_json: bool,
) -> None:
    """Say why MODEL does not do what it should: try edits, and rank them by what they bring.

    The exit code is 0 where it is PARITY, or an edit helps.
    """
    model = model_of(model, parameters)
    if spread:
        check_number_of_runs(spread)
    timing = check_run(model, ["emulator"], [seed], duration, dt)
    first = begun(model, seed)
    with progress_bar() as report:
        found = deploy.explain(
            first, timing.seconds, seed, dt=timing.dt, spread=spread, progress=report
        )
    if as_json:
        say_json(found.to_dict())
        sys.exit(0 if found.ok else 1)
    rows = [
        [
            "" if found.helps(each) else "(does not help)",
            each.cause,
            each.objects,
            each.figure,
            each.edit,
            f"{100 * found.error:.1f} to {100 * each.error:.1f} %",
        ]
        for each in found.findings
    ]
    if rows:
        print_table(["", "cause", "of", "measured", "edit", "error"], rows)
    for text in found.warnings:
        say(f"warning: {text}", indent="    ")
    say_verdict(found.verdict)
    if found.likeliest is None:
        say(f"none of these edits helps; the error is {100 * found.error:.1f} % of the signal")
        sys.exit(0 if found.ok else 1)
    say(f"likeliest: {found.likeliest.cause} ({found.likeliest.objects}): {found.likeliest.edit}")
    say(f"with that: {found.cured}")
