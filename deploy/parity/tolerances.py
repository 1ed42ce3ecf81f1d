"""How far a chip run may be from its reference, each limit with its reason."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Mapping, Optional

from deploy.errors import BadInput


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


# Measured: over ten seeds of each built-in system, 8 s (benchmarks/parity_spread.py).
TOLERANCES: Mapping[str, Tolerance] = MappingProxyType(
    {
        "lag": Tolerance(
            -15.0,
            15.0,
            "a way host → chip → host takes 5 to 9 ms, one with a population more on the chip "
            "12 to 14 ms (measured)",
        ),
        "aligned error": Tolerance(
            high=0.3,
            why="two runs with other spike times differ by spike noise; measured up to 0.18",
        ),
        "gain": Tolerance(
            0.8,
            1.25,
            "chip neurons fire some 10 % slower, of which decoders make good the larger part; "
            "measured 0.93 to 1.0",
        ),
        "correlation": Tolerance(
            low=0.9, why="measured 0.995 and more; below 0.9 the signal is another one"
        ),
        "error to ideal, ratio": Tolerance(
            high=1.4,
            why="measured 0.84 to 1.21; nengo-loihi alone ends up to 1.7 times as far from "
            "its goal as Nengo",
        ),
        "population rate": Tolerance(
            0.8,
            1.2,
            "intervals of whole milliseconds slow the chip's neurons; measured 0.89 to 0.90",
        ),
        "rate difference": Tolerance(
            high=0.2, why="the same slowing, neuron by neuron; measured up to 0.11"
        ),
        "spikes too many": Tolerance(high=0.0, why="the reference does not spike at all"),
        "ISI-distance": Tolerance(
            high=0.25,
            why="0 for equal trains, 0.5 for independent Poisson trains; measured up to 0.12",
        ),
        "SPIKE-distance": Tolerance(
            high=0.25,
            why="0 for equal trains, 0.29 for independent Poisson trains; measured up to 0.15",
        ),
        "voltage distribution": Tolerance(
            high=0.1,
            why="a tenth of the threshold, averaged over all that the membrane passes through",
        ),
        "current, aligned error": Tolerance(
            high=0.5, why="the current of a single neuron carries every input spike's noise"
        ),
        "activity, aligned error": Tolerance(
            high=0.6, why="filtered spikes of single neurons differ by their spike times"
        ),
        "weights, correlation": Tolerance(
            low=0.6,
            why="many weights compute one function, and rounding moves the chip's among them; "
            "measured 0.74 and more",
        ),
        "weights, relative error": Tolerance(
            high=0.95,
            why="the same wandering; measured up to 0.78, and 1 if nothing is learnt",
        ),
        "weights at the end, difference": Tolerance(
            high=0.6,
            why="rounding moves weights about among those that compute one function; measured "
            "0.31 to 0.45, and 1.4 for unrelated weights of one size",
        ),
        "final error, ratio": Tolerance(
            0.4,
            2.5,
            "the chip's error is taken against a goal that is not delayed as it is; measured "
            "0.96 to 2.1, and 4 and more without learning",
        ),
        "time to half, difference": Tolerance(
            -0.25,
            0.25,
            "of the run; measured up to 0.1. A later pupil has a smaller learning rate",
        ),
    }
)


def with_overrides(overrides: Optional[Mapping[str, Tolerance]]) -> Mapping[str, Tolerance]:
    """The tolerances with some replaced.

    Raises
    ------
    BadInput
        If a name is not that of a tolerance.
    """
    for name in overrides or {}:
        if name not in TOLERANCES:
            raise BadInput(
                f"there is no tolerance {name!r}; there are "
                + ", ".join(repr(known) for known in TOLERANCES)
            )
    return {**TOLERANCES, **(overrides or {})}


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
    if not name or not colon or (tolerance.low is None and tolerance.high is None):
        raise BadInput(
            "a tolerance is written NAME=LOW:HIGH, with one end left out for none, " f"not {text!r}"
        )
    return {name: tolerance}
