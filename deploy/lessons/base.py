"""What a worked system has to show on every target, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, FrozenSet, List, Mapping, Optional, Tuple

from deploy.parity.comparison import Comparison
from deploy.parity.tolerances import Tolerance
from deploy.report.picture import WIDE, Picture, new_figure
from deploy.traces.traces import Traces


@dataclass(frozen=True)
class Measured:
    """One number of a run by which its lesson stands or falls.

    Attributes
    ----------
    name : str
    value : float
    unit : str
        Empty for a pure number.
    goal : Tolerance or None
        What the lesson promises; None for a number that is given for information.
    """

    name: str
    value: float
    unit: str = ""
    goal: Optional[Tolerance] = None


@dataclass(frozen=True)
class Lesson:
    """A lesson's numbers and pictures.

    Attributes
    ----------
    needs : frozenset of str
        Labels of the traces that it is measured on, and drawn from.
    measure : callable
        Takes the `Traces` of one run.
    draw : callable
        Takes a `Comparison` and gives the pictures.
    accepts : callable or None
        Takes the `Traces` of the reference and gives limits, by name of a quantity, that stand
        in the place of the verdict's margins: where the lesson says that targets differ.
    draw_needs : frozenset of str
        Labels that the pictures need besides.
    """

    needs: FrozenSet[str]
    measure: Callable[[Traces], List[Measured]]
    draw: Callable[[Comparison], List[Picture]]
    accepts: Optional[Callable[[Traces], Mapping[str, Tolerance]]] = None
    draw_needs: FrozenSet[str] = frozenset()


def panels(height: float, n: int = 2, **options: Any) -> Tuple[Any, Any]:
    """A figure with panels below each other, as wide as a narrow screen can show.

    Parameters
    ----------
    height : float
        Of each, in inches.
    n : int
        How many.
    options
        Of `matplotlib.figure.Figure.subplots`.
    """
    figure = new_figure(WIDE, n * height)
    return figure, figure.subplots(n, 1, **options)
