"""What a run does otherwise than the CPU's, as a table."""

from __future__ import annotations

from deploy.cli.console import print_table
from deploy.parity import QUANTITIES, Comparison, Effect
from deploy.parity.comparison import MARKS, worst_of_each
from deploy.report.numbers import number


def print_effects(parity: Comparison) -> None:
    """Of each trace and quantity the worst effect, with its interval and margin."""
    if not parity.effects:
        return
    rows = [
        [
            e.trace,
            e.quantity,
            e.where,
            _with_unit(e, e.value),
            f"{number(e.low)} to {number(e.high)}",
            f"{number(e.margin[0])} to {number(e.margin[1])}",
            MARKS[e.outcome],
        ]
        for e in worst_of_each(parity.effects)
    ]
    print_table(["trace", "quantity", "worst in", "to the CPU", "95 %", "margin", ""], rows)


def _with_unit(effect: Effect, value: float) -> str:
    kind = QUANTITIES[effect.quantity]
    return f"× {number(value)}" if kind.ratio else f"{number(value)} {kind.unit}".rstrip()
