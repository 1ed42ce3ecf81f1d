"""One run compared with another: effects, figures and a verdict."""

from typing import TYPE_CHECKING

from loihi_rules.lazy import lazily

if TYPE_CHECKING:
    from deploy.parity.budget import Budget
    from deploy.parity.compare import compare_runs
    from deploy.parity.comparison import Comparison
    from deploy.parity.effects import Effect
    from deploy.parity.figure import Figure
    from deploy.parity.floors import QUANTITIES, Quantity
    from deploy.parity.spread import Spread
    from deploy.parity.tolerances import Tolerance

__all__ = [
    "QUANTITIES",
    "Budget",
    "Comparison",
    "Effect",
    "Figure",
    "Quantity",
    "Spread",
    "Tolerance",
    "compare_runs",
]

__getattr__, __dir__ = lazily(
    "deploy.parity",
    {
        "budget": ("Budget",),
        "compare": ("compare_runs",),
        "comparison": ("Comparison",),
        "effects": ("Effect",),
        "figure": ("Figure",),
        "floors": ("QUANTITIES", "Quantity"),
        "spread": ("Spread",),
        "tolerances": ("Tolerance",),
    },
)
