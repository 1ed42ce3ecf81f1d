"""One run compared with another: effects, figures and a verdict."""

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
