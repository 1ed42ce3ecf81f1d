"""Shapes that what came as JSON has to have, before it is used.

A shape is a function of a value and of where it stands, which raises ValueError where the value has
another. `table`, `items` and `one_of` make larger ones of smaller ones.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Mapping, Optional, Union

Shape = Callable[[Any, str], None]
DEEPEST = 12  # tables in tables


def text(value: Any, where: str) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{where} is no text")


def flag(value: Any, where: str) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{where} is neither true nor false")


def number(value: Any, where: str) -> None:
    """A finite one."""
    real(value, where)
    if not math.isfinite(value):
        raise ValueError(f"{where} is no number")


def real(value: Any, where: str) -> None:
    """A number, perhaps one that is not finite; JSON has larger whole ones than a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not has_float(value):
        raise ValueError(f"{where} is no number")


def has_float(value: Union[int, float]) -> bool:
    """Whether a number is not too large for one."""
    try:
        float(value)
    except OverflowError:
        return False
    return True


def whole(least: int, most: int) -> Shape:
    """A whole number within these ends."""

    def shape(value: Any, where: str) -> None:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"{where} is no whole number from {least} to {most}")

    return shape


def items(shape: Shape) -> Shape:
    """A list, each of this shape."""

    def of_list(value: Any, where: str) -> None:
        if not isinstance(value, list):
            raise ValueError(f"{where} is no list")
        for k, each in enumerate(value):
            shape(each, f"{where}[{k}]")

    return of_list


def table(
    needed: Mapping[str, Shape],
    allowed: Optional[Mapping[str, Shape]] = None,
    others: Optional[Shape] = None,
) -> Shape:
    """A table with these keys, perhaps those, and others of one shape; without it, no others."""
    known = {**needed, **(allowed or {})}

    def of_table(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise ValueError(f"{where} is no table")
        for key in needed:
            if key not in value:
                raise ValueError(f"{where} has no {key}")
        for key, each in value.items():
            shape = known.get(key, others)
            if shape is None:
                raise ValueError(f"{where} has {key[:40]!r}, which is not known")
            shape(each, f"{where}.{key[:40]}")

    return of_table


def maybe(shape: Shape) -> Shape:
    """Of this shape, or null."""

    def of_none(value: Any, where: str) -> None:
        if value is not None:
            shape(value, where)

    return of_none


def anything(value: Any, where: str, depth: int = 0) -> None:
    """Whatever JSON has, but not deeper than is ever written."""
    if depth > DEEPEST:
        raise ValueError(f"{where} is nested")
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in parts:
        anything(each, where, depth + 1)
