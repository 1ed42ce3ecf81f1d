"""Which causes an effect has, as a table."""

from __future__ import annotations

from typing import List

from deploy.cli.console import print_table, say
from deploy.parity import Budget
from deploy.parity.budget import Split
from deploy.parity.effects import SAME

LEAST = 5  # effects that are split, where fewer are outside their margins or open
MOST = 10


def print_budget(budget: Budget) -> None:
    """Of the worst effects the shares of their causes, and what is left."""
    if not budget.splits:
        return
    beyond = sum(split.effect.outcome != SAME for split in budget.splits)
    shown = budget.splits[: min(max(beyond, LEAST), MOST)]
    print_table(
        ["effect", "cause", "share", "95 %"], [row for split in shown for row in _rows(split)]
    )
    for note in budget.notes:
        say(f"note: {note}", indent="    ")


def _rows(split: Split) -> List[List[str]]:
    shares = [*split.named, split.rest]
    first = [split.effect.words, *[""] * (len(shares) - 1)]
    return [
        [
            effect,
            share.cause,
            split.shown(share.value),
            split.shown_half(share.half),
        ]
        for effect, share in zip(first, shares)
    ]
