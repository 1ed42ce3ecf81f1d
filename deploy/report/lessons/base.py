"""The pictures of a worked system that show its lesson."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, FrozenSet, List

from deploy.parity.parity import Parity
from deploy.report.picture import Picture


@dataclass(frozen=True)
class Lesson:
    """How a lesson is drawn.

    Attributes
    ----------
    needs : frozenset of str
        Labels of the traces that it is drawn from.
    draw : callable
        Takes a `Parity` and gives the pictures.
    """

    needs: FrozenSet[str]
    draw: Callable[[Parity], List[Picture]]
