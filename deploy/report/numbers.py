"""How numbers are written for people."""

from __future__ import annotations

import math


def number(value: float) -> str:
    """Three digits, as a person writes them."""
    if math.isnan(value):
        return "not measurable"
    if math.isinf(value):
        return "never" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}".replace("-", "−")
