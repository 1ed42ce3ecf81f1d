"""loihi-deploy check"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Optional, Tuple

import click

import deploy
from deploy.cli.console import print_table
from deploy.cli.options import as_json, dt_option, parameter_option, seed_option, weights_options
from deploy.cli.reading import check_weights_file, model_of, with_weights
from deploy.workflows.given import checked_seed, known_target
from loihi_rules.chip.limits import KINDS


@click.command()
@click.argument("model")
@parameter_option
@seed_option
@dt_option
@click.option(
    "--target",
    default="emulator",
    show_default=True,
    help="Or loihi: what a board cannot take is said too.",
)
@weights_options
@as_json
def check(
    model: str,
    parameters: Tuple[str, ...],
    seed: int,
    dt: float,
    target: str,
    weights: Optional[Path],
    learn_on: bool,
    fan_in: Optional[int],
    as_json: bool,
) -> None:
    """Say what MODEL needs to run on the chip, and whether it fits."""
    model = model_of(model, parameters)
    checked_seed(seed)
    known_target(target)
    check_weights_file(weights, learn_on, fan_in)
    loaded = with_weights(model, seed, weights, learn_on, fan_in)
    found = deploy.check(loaded, seed, dt, target=target)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=1))
        sys.exit(0 if found.ok else 2)
    if found.changes:
        print_table(
            ["changed", "before", "after", "why"],
            [[f"{c.object}\n{c.rule}", c.before, c.after, c.why] for c in found.changes],
        )
    if found.resources:
        print_table(
            ["core", "block", *KINDS],
            [
                [f"{c.chip}.{c.core}", c.block]
                + [f"{u.used:,} / {u.limit:,}" for u in c.uses.values()]
                for c in found.resources
            ],
        )
    if found.traffic is not None:
        t = found.traffic
        click.echo(
            f"a step: {t.input_neurons} input neurons and {t.errors} errors to the chip, "
            f"{t.values} values back ({t.bytes:,} bytes on a board)"
        )
    for note in found.notes:
        click.echo(f"note: {note}")
    for text in found.warnings:
        click.echo(f"warning: {text}")
    if not found.ok:
        for problem in found.problems:
            click.echo(f"Error: {problem}", err=True)
        sys.exit(2)
    click.echo(found.verdict)
