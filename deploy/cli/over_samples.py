"""A data set's samples on several targets, as `compare --inputs` has it."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import deploy
from deploy.cli.console import print_table, say, say_json, say_verdict
from deploy.cli.progress import progress_bar
from deploy.files.folder import staged_folder
from deploy.report.earlier import PAGE, earlier_in, in_words
from deploy.workflows.classify import RECORD, Classification


def compare_over_samples(
    model: str,
    inputs: Path,
    labels: Optional[Path],
    steps: Optional[int],
    targets: Sequence[str],
    seed: int,
    out: Path,
    as_json: bool,
) -> int:
    """Classify, say it, and write the report; gives the exit code."""
    before = earlier_in(out)
    with staged_folder(out, (PAGE, RECORD)) as stage:
        with progress_bar() as report:
            found = deploy.classify(
                model, inputs, labels, steps=steps, targets=targets, seed=seed, progress=report
            )
        found.write(stage)
    page = out / PAGE
    if as_json:
        say_json({**found.to_dict(), "report": str(page)})
    else:
        _print(found)
        place = "" if before is None else f", in the place of {in_words(before)}"
        say(f"report: {page}{place}")
    return 0 if found.ok else 1


def _print(found: Classification) -> None:
    rows: List[Tuple[str, ...]] = []
    for each in found.targets[1:]:
        for layer in each.layers:
            rows.append(
                (
                    each.target,
                    layer.name,
                    f"{layer.n_neurons:,}",
                    _number(layer.spikes),
                    _number(layer.reference),
                    f"{layer.cosine:.4f}",
                    _number(100 * layer.together, " %"),
                    _number(layer.bits),
                )
            )
    heads = ("target", "layer", "neurons", "spikes", "on cpu", "cosine", "same step", "bits")
    print_table(heads, rows)
    decided = [
        (
            each.target,
            _number(100 * each.accuracy, " %"),
            _number(100 * found.agreement_of(k), " %"),
            _number(1e6 * each.energy, " µJ"),
        )
        for k, each in enumerate(found.targets)
    ]
    print_table(("target", "accuracy", "decides as cpu", "energy a sample"), decided)
    for text in found.warnings:
        say(f"warning: {text}", indent="    ")
    if found.first_different is not None:
        k = found.first_different
        say(
            f"the first sample that is decided otherwise is number {k}: "
            f"{found.targets[0].decided[k]} on {found.targets[0].target}, "
            f"{found.targets[-1].decided[k]} on {found.targets[-1].target}"
        )
    say_verdict(found.verdict)


def _number(value: float, unit: str = "") -> str:
    return "" if value != value else f"{value:.4g}{unit}"
