"""Whether a chip's figures lie within what other neurons give on the CPU.

The yardstick of a cell is the CPU itself: the same network, the same input, other neurons. A cell
passes when

1. the median of the chip's figures is not beyond the CPU's range, from its least to its greatest
   figure (only the bad side counts where the figure is an error or a success), and
2. none of the chip's figures is beyond that range by more than `ASTRAY` times its width: a run
   that went astray is not hidden by nine that did not.

The first makes no assumption of how figures are distributed. If chip and CPU were two draws of
the same, all orders of their figures would be equally likely, and the chip's median would be
beyond all of the CPU's with the probability that `false_alarm` gives: 2.2 % a side for five and
ten. The second adds next to nothing: of normally distributed figures one in 10^9 lies so far out.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Sequence, Tuple

import numpy as np

ASTRAY = 3.0


@dataclass(frozen=True)
class Verdict:
    """How a cell's figures compare.

    Attributes
    ----------
    ok : bool
    why : str
        What is wrong, in words; empty if nothing is.
    low, high : float
        The CPU's least and greatest figure.
    cpu, chip : float
        Medians.
    """

    ok: bool
    why: str
    low: float
    high: float
    cpu: float
    chip: float


def judge(cpu: Sequence[float], chip: Sequence[float], better: str, slack: float = 0.0) -> Verdict:
    """Hold the chip's figures against the CPU's.

    Parameters
    ----------
    cpu, chip : sequence of float
        The figure of each seed; NaN where a run failed.
    better : str
        ``"lower"``, ``"higher"`` or ``"same"``; see `benchmarks.fidelity.cell.Cell`.
    slack : float
        By how much the range is widened on the bad sides, in the figure's unit.
    """
    reference, found = np.asarray(cpu, float), np.asarray(chip, float)
    low, high = float(np.min(reference)), float(np.max(reference))
    medians = float(np.median(reference)), float(np.median(found))
    verdict = _why(low, high, found, better, slack)
    return Verdict(not verdict, verdict, low, high, *medians)


def _why(low: float, high: float, found: np.ndarray, better: str, slack: float) -> str:
    if np.isnan(low):
        return "the CPU's runs fail"
    failed = int(np.sum(np.isnan(found)))
    if failed:
        return f"{failed} of {found.size} runs fail"
    beyond = _beyond(low - slack, high + slack, found, better)
    if beyond[0] > 0:
        return "median outside the CPU's range"
    astray = int(np.sum(beyond[1] > ASTRAY * (high - low) + slack))
    if astray:
        return f"{astray} of {found.size} runs far outside the CPU's range"
    return ""


def _beyond(low: float, high: float, found: np.ndarray, better: str) -> Tuple[float, np.ndarray]:
    """By how much the median, and each figure, is beyond the range on a bad side."""

    def distance(values: np.ndarray) -> np.ndarray:
        under = low - values if better in ("higher", "same") else np.full(values.shape, -np.inf)
        over = values - high if better in ("lower", "same") else np.full(values.shape, -np.inf)
        return np.maximum(np.maximum(under, over), 0.0)

    return float(distance(np.array([np.median(found)]))[0]), distance(found)


def false_alarm(cpu: int, chip: int) -> Tuple[float, float]:
    """Between which probabilities the chip's median is above all of the CPU's, by chance alone.

    All orders of the figures being equally likely, the k greatest are all the chip's with the
    probability C(cpu + chip − k, cpu) ÷ C(cpu + chip, cpu). The median of an odd number is above
    the CPU's greatest figure when the k = (chip + 1)/2 greatest are the chip's. That of an even
    number is the mean of two figures: k = chip/2 is needed, and chip/2 + 1 is enough.

    Parameters
    ----------
    cpu, chip : int
        Numbers of figures.
    """

    def all_the_chips(k: int) -> float:
        return comb(cpu + chip - k, cpu) / comb(cpu + chip, cpu)

    return all_the_chips(chip // 2 + 1), all_the_chips((chip + 1) // 2)
