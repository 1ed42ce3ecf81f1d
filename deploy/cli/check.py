"""loihi-deploy check"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Optional, Sequence, Tuple

import click

import deploy
from deploy.cli import completion
from deploy.cli.console import print_table, say, say_error, say_json
from deploy.cli.options import (
    as_json,
    dt_option,
    no_cache_option,
    parameter_option,
    seed_option,
    verbose_option,
    weights_options,
)
from deploy.cli.reading import begun, check_weights_file, model_of, with_weights
from deploy.workflows.given import checked_seed, known_target
from loihi_rules.chip.limits import KINDS

if TYPE_CHECKING:
    from deploy import Preflight
    from loihi_rules import Change


@click.command()
@click.argument("model", shell_complete=completion.models)
@parameter_option
@seed_option
@dt_option
@click.option(
    "--target",
    default="emulator",
    show_default=True,
    shell_complete=completion.targets,
    help="Or loihi: what a board cannot take is said too.",
)
@weights_options
@no_cache_option
@verbose_option
@as_json
def check(
    model: str,
    parameters: Tuple[str, ...],
    seed: int,
    dt: Optional[float],
    target: str,
    weights: Optional[Path],
    learn_on: bool,
    fan_in: Optional[int],
    verbose: bool,
    as_json: bool,
) -> None:
    """Say what MODEL needs to run on the chip, and whether it fits."""
    model = model_of(model, parameters)
    checked_seed(seed)
    known_target(target)
    check_weights_file(weights, learn_on, fan_in)
    loaded = with_weights(begun(model, seed), seed, weights, learn_on, fan_in)
    found = deploy.check(loaded, seed, dt, target=target)
    if as_json:
        say_json(found.to_dict())
        sys.exit(0 if found.ok else 2)
    for problem in found.problems:
        say_error(f"loihi-deploy: {problem}")
    if found.ok:
        say(found.verdict)
    for text in found.warnings:
        say(f"warning: {text}", indent="    ")
    for note in found.notes:
        say(f"note: {note}", indent="    ")
    if verbose:
        _print_details(found)
    elif found.changes:
        say(f"{_changes_in_words(found.changes)}; --verbose lists them, and the cores")
    sys.exit(0 if found.ok else 2)


def _changes_in_words(changes: Sequence[Change]) -> str:
    """How many there are, and by which rules."""
    rules = Counter(change.rule for change in changes)
    each = ", ".join(f"{rule} {count}" for rule, count in rules.most_common())
    return f"{len(changes)} change{'s' if len(changes) > 1 else ''} for the chip ({each})"


def _print_details(found: Preflight) -> None:
    if found.changes:
        print_table(
            ["changed", "before", "after", "why"],
            [[(c.object, c.rule), c.before, c.after, c.why] for c in found.changes],
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
        say(
            f"a step: {t.input_neurons} input neurons and {t.errors} errors to the chip, "
            f"{t.values} values back ({t.bytes:,} bytes on a board)"
        )
