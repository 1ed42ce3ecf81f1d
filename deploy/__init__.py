"""Run a Nengo model on a Loihi target, and hold it against the CPU.

>>> import deploy
>>> parity = deploy.compare("pes-connection", duration=8.0)   # doctest: +SKIP
>>> parity.ok, parity.save("comparison")                      # doctest: +SKIP
"""

from deploy.errors import BadInput, DeployError, TargetUnavailable
from deploy.parity import Parity, compare_traces
from deploy.preflight import Preflight, check
from deploy.running import compare, run
from deploy.simulator import Simulator
from deploy.sweep import Sweep, sweep
from deploy.traces import Traces
from deploy.weights import Weights, freeze

__version__ = "0.1.0"

__all__ = [
    "BadInput",
    "DeployError",
    "Parity",
    "Preflight",
    "Simulator",
    "Sweep",
    "TargetUnavailable",
    "Traces",
    "Weights",
    "check",
    "compare",
    "compare_traces",
    "freeze",
    "run",
    "sweep",
]
