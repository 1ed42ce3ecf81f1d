"""loihi-deploy export"""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Tuple

import click

from deploy.cli import completion
from deploy.cli.console import print_table, say, say_json
from deploy.cli.options import (
    FOR_RESULTS,
    as_json,
    dt_option,
    duration_option,
    parameter_option,
    seed_option,
    weights_options,
)
from deploy.cli.reading import begun, check_run, check_weights_file, model_of, with_weights
from deploy.cli.replacing import in_place
from deploy.errors import BadInput
from deploy.files.places import check_file
from deploy.models.spelling import NIR


@click.command()
@click.argument("model", shell_complete=completion.models)
@click.option("--to", type=FOR_RESULTS, required=True, metavar="OUT.nir", help="The file.")
@parameter_option
@seed_option
@duration_option
@dt_option
@weights_options
@as_json
def export(
    model: str,
    to: Path,
    parameters: Tuple[str, ...],
    seed: int,
    duration: Optional[float],
    dt: Optional[float],
    weights: Optional[Path],
    learn_on: bool,
    fan_in: Optional[int],
    as_json: bool,
) -> None:
    """Write MODEL as a NIR file, and say what NIR cannot say of it."""
    model = model_of(model, parameters)
    if to.suffix != NIR:
        raise BadInput(f"{to}: this is the name of a NIR file; give one that ends in {NIR}")
    check_file(to)
    check_weights_file(weights, learn_on, fan_in)
    replaced = in_place(to)
    timing = check_run(model, ["cpu"], [seed], duration, dt)
    first = begun(model, seed)

    from deploy.models.loading import load_model  # loads Nengo
    from loihi_rules.nengo_parts.seeds import fix_seeds
    from loihi_rules.nir import NirError, write

    loaded = load_model(with_weights(first, seed, weights, learn_on, fan_in), seed)
    try:
        network = fix_seeds(loaded.network, seed).network
        changes = (*loaded.changes, *write(network, to, timing.dt, timing.seconds))
    except NirError as error:
        raise BadInput(str(error)) from None
    if as_json:
        say_json({"file": str(to), "changes": [vars(change) for change in changes]}, None)
        return
    if changes:
        print_table(
            ["model", "in Nengo", "in NIR", "why"],
            [[c.object, c.before, c.after, c.why] for c in changes],
        )
    again = "read by loihi-deploy, its neurons and filters are Nengo's again"
    say(f"{to} is written{replaced}; {again}")
