"""Weights as the chip keeps them: 8-bit mantissas, and an exponent a synapse group.

    w ≈ m · 2^(6 + e) / s

m: whole number, |m| ≤ 255, even where the group mixes signs; e: exponent of the group, from
−6 to 7; s: the scale of the block, from the weights' unit to the chip's integers. Source:
nengo-loihi 1.1.0, ``builder/discretize.py`` (``discretize_weights``) and ``block.py``
(``SynapseConfig.shift_bits``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from loihi_rules.chip.limits import LOIHI


@dataclass(frozen=True)
class FixedPoint:
    """A group of weights in fixed point.

    Attributes
    ----------
    mantissas : ndarray of int32
        m; even where signs are mixed.
    exponent : int
        e.
    scale : float
        s.
    mixed : bool
        Whether the group has a sign bit for each weight.
    clipped : int
        How many weights were beyond the range, and are at its end.
    """

    mantissas: np.ndarray
    exponent: int
    scale: float
    mixed: bool
    clipped: int

    @property
    def weights(self) -> np.ndarray:
        """The weights that the mantissas stand for, in the unit of those given."""
        return self.mantissas * (2.0 ** (6 + self.exponent) / self.scale)

    @property
    def error_bound(self) -> float:
        """Largest error of a weight that was not clipped: half a step; see `error_bound`."""
        return error_bound(self.exponent, self.scale, self.mixed)


def step(exponent: int, scale: float, mixed: bool = True) -> float:
    """Distance of two neighbouring weights, ``2^(6 + e + [mixed]) / s``."""
    return float(2.0 ** (6 + exponent + int(mixed)) / scale)


def error_bound(exponent: int, scale: float, mixed: bool = True) -> float:
    """Half of `step`: |w − quantised w| is never more for a weight in range."""
    return step(exponent, scale, mixed) / 2


def largest(exponent: int, scale: float, mixed: bool = True) -> float:
    """The largest weight in range: the greatest mantissa, 255, or 254 where signs are mixed."""
    mantissa = LOIHI.weight_max - int(mixed)
    return float(mantissa * 2.0 ** (6 + exponent) / scale)


def best_exponent(weights: np.ndarray, scale: float, mixed: bool = True) -> int:
    """The smallest exponent whose range holds all weights, and so the finest steps.

    ``e = ⌈log2(max |w| · s / m_max)⌉ − 6``, within the chip's range.

    Parameters
    ----------
    weights : ndarray
    scale : float
        s.
    mixed : bool
        Whether signs are mixed.
    """
    least, greatest = LOIHI.weight_exponents
    top = float(np.abs(weights).max(initial=0.0))
    if not top:
        return least
    needed = int(np.ceil(np.log2(top * scale / (LOIHI.weight_max - int(mixed))))) - 6
    if largest(needed - 1, scale, mixed) >= top:
        needed -= 1  # the logarithm was rounded up
    return int(np.clip(needed, least, greatest))


def quantise(
    weights: np.ndarray,
    scale: float,
    exponent: Optional[int] = None,
    mixed: Optional[bool] = None,
) -> FixedPoint:
    """Round weights to the chip's mantissas, and saturate those beyond its range.

    Parameters
    ----------
    weights : ndarray
        Finite.
    scale : float
        s, positive.
    exponent : int, optional
        Of the group; the best one if not given.
    mixed : bool, optional
        Whether the group keeps a sign for each weight; as the weights need if not given.

    Returns
    -------
    FixedPoint

    Raises
    ------
    ValueError
        If a weight is not finite, the scale not positive, or the exponent not the chip's.
    """
    weights = np.asarray(weights, float)
    if not np.all(np.isfinite(weights)):
        raise ValueError("weights must be finite numbers")
    if not np.isfinite(scale) or scale <= 0:
        raise ValueError(f"the scale must be positive, not {scale!r}")
    if mixed is None:
        mixed = bool((weights < 0).any() and (weights > 0).any())
    if exponent is None:
        exponent = best_exponent(weights, scale, mixed)
    least, greatest = LOIHI.weight_exponents
    if not least <= exponent <= greatest:
        raise ValueError(f"weight exponents go from {least} to {greatest}, not {exponent}")
    unit = 2 if mixed else 1
    most = LOIHI.weight_max // unit
    rounded = np.round(weights * (scale / 2.0 ** (6 + exponent)) / unit)
    clipped = int(np.count_nonzero(np.abs(rounded) > most))
    mantissas = rounded.clip(-most, most).astype(np.int32) * np.int32(unit)
    return FixedPoint(mantissas, int(exponent), float(scale), mixed, clipped)
