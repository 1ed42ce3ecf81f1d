"""The record of what rewriting did to a model, and of what it could not do."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple


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


NUMBER = r"\d[\d,]*(?:\.\d+)?"
NUMBERS = re.compile(rf"{NUMBER}(?: to {NUMBER})?")  # or a range of them


def warn(object: str, rule: str, what: str, way_out: str) -> None:
    """Warn of a limit of the chip; the arguments are those of `ChipWarning`."""
    warnings.warn(ChipWarning(object, rule, what, way_out), stacklevel=3)


def warn_of_all(found: Sequence[ChipWarning]) -> None:
    """Warn of limits of the chip, of those that differ by names and numbers alone at once."""
    for warning in grouped(found):
        warnings.warn(warning, stacklevel=3)


def grouped(found: Sequence[ChipWarning]) -> List[ChipWarning]:
    """Warnings that say the same of several objects as one, which names all of them.

    Numbers that differ become the least and the greatest: ``"8 to 12 % off"``.
    """
    groups: Dict[Tuple[str, ...], List[ChipWarning]] = {}
    for warning in found:
        texts = (warning.what, warning.way_out)
        key = (warning.rule, *(NUMBERS.sub("#", text) for text in texts))
        groups.setdefault(key, []).append(warning)
    return [
        ChipWarning(
            _names([warning.object for warning in group]),
            group[0].rule,
            _ranges([warning.what for warning in group]),
            _ranges([warning.way_out for warning in group]),
        )
        for group in groups.values()
    ]


def _names(objects: Sequence[str]) -> str:
    """All names, and how often one is there; their number first where there are several."""
    counts = {name: objects.count(name) for name in dict.fromkeys(objects)}
    each = [f"{name} (× {n})" if n > 1 else name for name, n in counts.items()]
    return each[0] if len(each) == 1 else f"{len(objects)} objects ({', '.join(each)})"


def _ranges(texts: Sequence[str]) -> str:
    """A text whose numbers are those of all, from the least to the greatest."""
    ranges = []
    for column in zip(*map(NUMBERS.findall, texts)):
        ends = sorted(
            (number for each in column for number in each.split(" to ")),
            key=lambda number: float(number.replace(",", "")),
        )
        ranges.append(ends[0] if ends[0] == ends[-1] else f"{ends[0]} to {ends[-1]}")
    each = iter(ranges)
    return NUMBERS.sub(lambda _: next(each), texts[0])
