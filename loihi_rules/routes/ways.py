"""The ways that there are into chip neurons, and what each costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Tuple

from loihi_rules.notes import Way

WAY_SETTING, FILTER_SETTING = "way", "input_tau"
MULTIPLIED = (Way.MATRIX, Way.CARRIED, Way.FROM_CARRIERS)  # decoders and encoders are one matrix
CHOICES = {"matrix": Way.MATRIX, "carried": Way.CARRIED, "host": Way.BY_HOST}  # of a user
ROW_PRICE, CORE_PRICE = 1e-9, 1e-8  # in squared radii: they decide between equals


@dataclass(frozen=True)
class Cost:
    """What a way costs.

    Attributes
    ----------
    late : float
        By how much longer, or shorter, it filters than was asked, seconds.
    error : float
        What is expected of that, in radii.
    noise : float
        What it adds, in radii.
    bits : float
        Error of weights that have few bits left, in radii.
    in_axons, cores : int
        That it takes.
    offset : float
        Mean error where noise comes to a threshold, in radii.
    price : float
        Of what else it takes, in squared radii.
    coarser : float
        How many times larger its weights are than usual ones, and so the steps of those beside it.
    """

    late: float
    error: float
    noise: float
    bits: float
    in_axons: int
    cores: int
    offset: float = 0.0
    price: float = 0.0
    coarser: float = 1.0

    @cached_property
    def total(self) -> float:
        """All of it, in squared radii."""
        errors = self.error**2 + self.noise**2 + self.bits**2 + self.offset**2
        return errors + ROW_PRICE * self.in_axons + CORE_PRICE * self.cores + self.price

    def __str__(self) -> str:
        parts: Tuple[Tuple[float, str], ...] = (
            (round(abs(1000 * self.late), 1), f"{{:g}} ms {'late' if self.late > 0 else 'early'}"),
            (round(self.noise, 3), "noise {:g} radii"),
            (round(self.offset, 3), "{:g} radii at the threshold"),
            (round(self.bits, 3), "rounding {:g} radii"),
            (self.in_axons, "{:,} in-axons"),
            (self.cores, "{} core" + ("" if self.cores == 1 else "s")),
        )
        return ", ".join(text.format(value) for value, text in parts if value)
