"""What a comparison found, as tables."""

from __future__ import annotations

from deploy.cli.budget_table import print_budget
from deploy.cli.console import print_table, say, say_verdict
from deploy.cli.effect_table import print_effects
from deploy.report.numbers import number
from deploy.workflows.parity import Parity


def print_parity(parity: Parity) -> None:
    """Effects, figures, causes, warnings and notes, and the verdict as the last line."""
    print_effects(parity)
    rows = []
    for figure in parity.figures:
        mark = "" if figure.ok is None else "ok" if figure.ok else "NO"
        value = f"{number(figure.value)} {figure.unit}"
        rows.append([figure.trace, figure.metric, value, str(figure.tolerance or ""), mark])
    print_table(["trace", "figure", "value", "limit", ""], rows)
    if parity.budget is not None:
        print_budget(parity.budget)
    for run_ in parity.runs:
        for text in run_.warnings:
            say(f"{run_.target} warned: {text}", indent="    ")
    for text in parity.unmeasured_in_words:
        say(f"not measurable: {text}", indent="    ")
    for note in parity.notes:
        say(f"note: {note}", indent="    ")
    say_verdict(parity.verdict)
