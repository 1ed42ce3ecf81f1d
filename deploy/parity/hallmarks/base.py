"""What a worked system has to show on every target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, FrozenSet, List, Mapping, Optional

from deploy.parity.tolerances import Tolerance
from deploy.traces import Traces


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
class Hallmark:
    """How a lesson is measured.

    Attributes
    ----------
    needs : frozenset of str
        Labels of the traces that it is measured on.
    measure : callable
        Takes the `Traces` of one run.
    accepts : callable or None
        Takes the `Traces` of the reference and gives limits, by name of a quantity, that stand
        in the place of the verdict's margins: where the lesson says that targets differ.
    """

    needs: FrozenSet[str]
    measure: Callable[[Traces], List[Measured]]
    accepts: Optional[Callable[[Traces], Mapping[str, Tolerance]]] = None
