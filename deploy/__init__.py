"""Run a Nengo model on a Loihi target, and hold it against the CPU.

>>> import deploy
>>> parity = deploy.compare("pes-connection", duration=8.0)   # doctest: +SKIP
>>> parity.ok, parity.save("comparison")                      # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from deploy.lazy import lazily

if TYPE_CHECKING:
    from deploy.budgeting import budget
    from deploy.comparing import compare
    from deploy.errors import BadInput, DeployError, TargetUnavailable
    from deploy.parity import Budget, Parity, Spread, compare_traces
    from deploy.preflight import Preflight, check
    from deploy.running import run
    from deploy.simulator import Simulator
    from deploy.spreading import spread
    from deploy.sweeping import Sweep, sweep
    from deploy.traces import Traces
    from deploy.weights import Weights, freeze

__version__ = "0.1.0"

__all__ = [
    "BadInput",
    "Budget",
    "DeployError",
    "Parity",
    "Preflight",
    "Simulator",
    "Spread",
    "Sweep",
    "TargetUnavailable",
    "Traces",
    "Weights",
    "budget",
    "check",
    "compare",
    "compare_traces",
    "freeze",
    "run",
    "spread",
    "sweep",
]

__getattr__, __dir__ = lazily(
    "deploy",
    {
        "budgeting": ("budget",),
        "comparing": ("compare",),
        "errors": ("BadInput", "DeployError", "TargetUnavailable"),
        "parity": ("Budget", "Parity", "Spread", "compare_traces"),
        "preflight": ("Preflight", "check"),
        "running": ("run",),
        "simulator": ("Simulator",),
        "spreading": ("spread",),
        "sweeping": ("Sweep", "sweep"),
        "traces": ("Traces",),
        "weights": ("Weights", "freeze"),
    },
)
