"""Numbers as they are said to users."""

from __future__ import annotations

import math

MOST_PLACES = 12


def figure(value: float, digits: int) -> str:
    """A number with so many digits that count, and never with an exponent.

    ``{:.2g}`` makes 183 ms 1.8e+02, and 0.00002 s 2e-05. Whole digits are all said.

    >>> figure(183.4, 2), figure(1.834, 2), figure(0.00002, 2), figure(99.96, 3)
    ('183', '1.8', '0.00002', '100')
    """
    value = float(value)
    if not value or not math.isfinite(value):
        return f"{value:g}"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    text = f"{value:.{min(max(places, 0), MOST_PLACES)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
