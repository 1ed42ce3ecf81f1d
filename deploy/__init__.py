"""Run a Nengo model on a Loihi target, and compare it with the CPU.

>>> import deploy
>>> parity = deploy.compare("pes-connection", duration=8.0)   # doctest: +SKIP
>>> parity.ok, parity.save("comparison")                      # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from deploy.version import __version__
from loihi_rules.lazy import lazily

if TYPE_CHECKING:
    from deploy.errors import BadInput, BoardLost, DeployError, TargetUnavailable
    from deploy.parity import Budget, Spread
    from deploy.recordings.reading import read_recording
    from deploy.recordings.recording import Recording
    from deploy.simulator.simulator import Simulator
    from deploy.traces.traces import Traces
    from deploy.workflows.budget import budget
    from deploy.workflows.check import Preflight, check
    from deploy.workflows.classify import Classification, classify
    from deploy.workflows.compare import compare
    from deploy.workflows.explain import Explanation, explain
    from deploy.workflows.freeze import Weights, freeze
    from deploy.workflows.parity import Parity, compare_traces
    from deploy.workflows.run import run
    from deploy.workflows.spread import spread
    from deploy.workflows.sweep import Sweep, sweep

__all__ = [
    "__version__",
    "BadInput",
    "BoardLost",
    "Budget",
    "Classification",
    "DeployError",
    "Explanation",
    "Parity",
    "Preflight",
    "Recording",
    "Simulator",
    "Spread",
    "Sweep",
    "TargetUnavailable",
    "Traces",
    "Weights",
    "budget",
    "check",
    "classify",
    "compare",
    "compare_traces",
    "explain",
    "freeze",
    "read_recording",
    "run",
    "spread",
    "sweep",
]

__getattr__, __dir__ = lazily(
    "deploy",
    {
        "workflows.budget": ("budget",),
        "workflows.compare": ("compare",),
        "workflows.explain": ("Explanation", "explain"),
        "errors": ("BadInput", "BoardLost", "DeployError", "TargetUnavailable"),
        "parity": ("Budget", "Spread"),
        "workflows.check": ("Preflight", "check"),
        "workflows.classify": ("Classification", "classify"),
        "workflows.run": ("run",),
        "recordings.reading": ("read_recording",),
        "recordings.recording": ("Recording",),
        "workflows.parity": ("Parity", "compare_traces"),
        "simulator": ("Simulator",),
        "workflows.spread": ("spread",),
        "workflows.sweep": ("Sweep", "sweep"),
        "traces.traces": ("Traces",),
        "workflows.freeze": ("Weights", "freeze"),
    },
)
