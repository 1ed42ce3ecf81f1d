"""Limits that a user or a lesson sets in the place of the verdict's own margins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Mapping, Optional

from deploy.errors import BadInput
from deploy.parity.floors import QUANTITIES
from loihi_rules.likely import likely


@dataclass(frozen=True)
class Tolerance:
    """A range that a figure has to lie in, ends included.

    Attributes
    ----------
    low, high : float or None
        None for no limit on that side.
    why : str
        Where the limit comes from.
    """

    low: Optional[float] = None
    high: Optional[float] = None
    why: str = "set by the user"

    def __post_init__(self) -> None:
        ends = [end for end in (self.low, self.high) if end is not None]
        if any(math.isnan(end) for end in ends) or ends != sorted(ends):
            raise BadInput(
                f"no value is from {self.low:g} to {self.high:g}; the smaller limit comes first"
                if len(ends) > 1
                else "a limit has to be a number"
            )

    def allows(self, value: float) -> bool:
        """Whether the value lies in the range; never for a NaN."""
        return bool(
            not math.isnan(value)
            and (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
        )

    def __str__(self) -> str:
        if self.low is None:
            return f"≤ {self.high:g}"
        if self.high is None:
            return f"≥ {self.low:g}"
        return f"{self.low:g} to {self.high:g}"


# Figures of a pair of runs. They are for information; a user may set a limit to each.
FIGURES = (
    "error",
    "aligned error",
    "correlation",
    "error to ideal, ratio",
    "rate difference",
    "spikes too many",
    "ISI-distance",
    "SPIKE-distance",
    "voltage distribution",
    "voltage, mean",
    "current, aligned error",
    "activity, aligned error",
    "weights, correlation",
    "weights, relative error",
    "weights at the end, difference",
    "final error, ratio",
    "time to half, difference",
)


def check_names(limits: Mapping[str, Tolerance]) -> None:
    """Refuse limits to what there is not.

    Raises
    ------
    BadInput
        If a name is neither that of a quantity nor of a figure.
    """
    for name in limits:
        if name not in QUANTITIES and name not in FIGURES:
            raise BadInput(
                f"there is no quantity or figure {name!r}{likely(name, (*QUANTITIES, *FIGURES))} "
                "to set a limit to; there are "
                + ", ".join(repr(known) for known in (*QUANTITIES, *FIGURES))
            )


def parse_tolerance(text: str) -> Mapping[str, Tolerance]:
    """``NAME=LOW:HIGH`` from the command line, either end left out for none.

    Raises
    ------
    BadInput
        If the text is not of that form.
    """
    name, _, limits = text.rpartition("=")
    low, colon, high = limits.partition(":")
    try:
        tolerance = Tolerance(
            float(low) if low.strip() else None, float(high) if high.strip() else None
        )
    except ValueError:
        tolerance = Tolerance()
    except BadInput as error:
        raise BadInput(f"tolerance {text}: {error}") from None
    if not name or not colon or (tolerance.low is None and tolerance.high is None):
        raise BadInput(
            "a tolerance is written NAME=LOW:HIGH, with one end left out for none, " f"not {text!r}"
        )
    return {name: tolerance}
