"""loihi-deploy conformance"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, List, Optional

import click

from deploy.cli.console import print_table, say, say_json
from deploy.cli.options import FOR_RESULTS, as_json
from deploy.cli.progress import progress_bar
from deploy.cli.replacing import in_place
from deploy.errors import BadInput, BoardLost
from deploy.files.places import check_file
from deploy.workflows.given import known_target

if TYPE_CHECKING:
    from deploy.workflows.conformance import Conformance


@click.command()
@click.option("--target", default="loihi", show_default=True, help="The board: loihi.")
@click.option(
    "--out",
    type=FOR_RESULTS,
    metavar="FILE.npz",
    help="Write what the board did to this file, which others can replay.",
)
@click.option(
    "--replay",
    type=click.Path(path_type=Path),
    metavar="FILE.npz",
    help="Judge what a board did earlier, without one.",
)
@as_json
def conformance(target: str, out: Optional[Path], replay: Optional[Path], as_json: bool) -> None:
    """Ask a board, number by number, where it does otherwise than the emulator.

    The first step and register that differ are named, and the silicon mode that explains them.
    """
    if target != "loihi":
        raise BadInput(f"conformance is of a board: --target loihi, not {target}")
    if replay is not None and out is not None:
        raise BadInput("--replay reads a file, and --out would write it again; give one")
    if out is not None:
        if out.suffix != ".npz":
            raise BadInput(f"{out}: what a board did is an npz file; give a name that ends in .npz")
        check_file(out)
    replaced = in_place(out)
    if replay is None:
        known_target(target)
    from deploy.workflows.conformance import Observed, judge, observe  # loads NumPy and Nengo

    if replay is not None:
        observed = Observed.load(replay)
    else:
        kept: List[Path] = []

        def keep(so_far: Observed) -> None:
            if out is not None:
                kept[:] = [so_far.save(out)]

        try:
            with progress_bar() as report:
                observed = observe(report, keep)
        except BoardLost as error:
            before = f"; what it did before is in {out}" if kept else ""
            raise BoardLost(f"{error}{before}") from error
    found = judge(observed)
    if as_json:
        say_json({**found.to_dict(), "file": out and str(out)})
    else:
        _print(found)
        if out is not None:
            say(f"file: {out}{replaced}")
    sys.exit(0 if found.ok else 1)


def _print(found: Conformance) -> None:
    observed = found.observed
    say(f"conformance of the {observed.sdk}, {observed.created}, {observed.seconds:.0f} s")
    experiments = dict.fromkeys(each.experiment for each in found.findings)
    print_table(
        ["experiment", "cores", "as emulated", "by a mode", "open"],
        [
            _counts(name, [each for each in found.findings if each.experiment == name])
            for name in experiments
        ],
    )
    for mode, value in found.silicon.different.items():
        first = next(e for e in found.findings if mode in e.explained_by)
        say(f"silicon mode {mode}={value}: {first.difference}")
    if found.not_asked:
        say(f"not asked, as the board was lost: {', '.join(found.not_asked)}")
    for name, why in observed.refused.items():
        say(f"not asked: {name}; {why}")
    if found.host_way is not None:
        say(str(found.host_way))
    for each in found.open:
        say(f"no silicon mode explains: {each.difference}")
    for fact in found.facts:
        verdict = f"NOT SO, {fact.against}" if fact.against else f"so, on {fact.tried} compartments"
        say(f"{fact.what} ({fact.source}): {verdict}")
    for lesson in found.lessons:
        as_emulated = (
            "as far apart as runs of the emulator" if lesson.learns else "the emulator's samples"
        )
        say(f"{lesson.name}: {f'NOT SO, {lesson.against}' if lesson.against else as_emulated}")


def _counts(name: str, findings: List) -> List[str]:  # type: ignore[type-arg]
    plain = sum(each.difference is None for each in findings)
    no = sum(each.is_open for each in findings)
    return [name, *map(str, (len(findings), plain, len(findings) - plain - no, no))]
