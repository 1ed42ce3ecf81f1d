"""Hold one run against another: figures, tolerances and a verdict."""

from deploy.parity.compare import compare_runs, compare_traces
from deploy.parity.figure import Figure
from deploy.parity.parity import Parity
from deploy.parity.tolerances import TOLERANCES, Tolerance

__all__ = ["TOLERANCES", "Figure", "Parity", "Tolerance", "compare_runs", "compare_traces"]
