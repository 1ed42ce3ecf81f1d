"""The record of what rewriting did to a model, and of what it could not do."""

from __future__ import annotations

import warnings
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """One thing that is different in the rewritten model.

    Attributes
    ----------
    object : str
        Name of the object that was changed, as `name_of` gives it.
    rule : str
        The chip's rule that asked for it, for example ``"learned post on host"``.
    before, after : str
        What the user wrote and what runs, with units where there are any.
    why : str
        One sentence that a modeller understands.
    """

    object: str
    rule: str
    before: str
    after: str
    why: str


@dataclass(frozen=True)
class Problem:
    """One thing that the chip cannot do and that no rewrite removes.

    Attributes
    ----------
    object : str
        Name of the object.
    rule : str
        The chip's rule that it breaks.
    what : str
        What is wrong.
    way_out : str
        What the user can do about it.
    """

    object: str
    rule: str
    what: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.object}: {self.what}; {self.way_out}"


class ChipWarning(UserWarning):
    """One thing that the chip will do, but not as well as was asked for.

    `deploy.check` lists them, runs keep them among their warnings, and reports show them.

    Attributes
    ----------
    object : str
        Name of the object.
    rule : str
        The chip's rule that limits it.
    what : str
        What will be off, with a figure.
    way_out : str
        What the user can edit.
    """

    def __init__(self, object: str, rule: str, what: str, way_out: str):
        super().__init__(f"{object}: {what}; {way_out}")
        self.object, self.rule, self.what, self.way_out = object, rule, what, way_out


def warn(object: str, rule: str, what: str, way_out: str) -> None:
    """Warn of a limit of the chip; the arguments are those of `ChipWarning`."""
    warnings.warn(ChipWarning(object, rule, what, way_out), stacklevel=3)
