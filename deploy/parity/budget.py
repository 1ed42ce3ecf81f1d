"""Where the difference between CPU and chip comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Sequence, Tuple

from deploy.parity.metrics.pair import aligned, flat, rms
from deploy.parity.statistics.path import peak_lag
from deploy.traces.traces import Traces

CAUSES = {
    ("cpu", "float-emulator"): "neuron and input translation",
    ("float-emulator", "emulator"): "fixed point",
    ("emulator", "loihi"): "silicon",
}


@dataclass(frozen=True)
class Share:
    """How far two targets are apart in one trace.

    Attributes
    ----------
    trace : str
    between : tuple of str
        The two targets.
    cause : str
        What lies between them.
    error : float
        Aligned RMSE, in the trace's own unit. Independent causes add in squares.
    """

    trace: str
    between: Tuple[str, str]
    cause: str
    error: float

    def to_dict(self) -> Dict[str, Any]:
        return {
            "trace": self.trace,
            "between": list(self.between),
            "cause": self.cause,
            "error": self.error,
        }


def error_budget(runs: Sequence[Traces]) -> List[Share]:
    """Split the difference between the first run and the last by those between.

    Each is aligned with its neighbour first, as the lag is a cause of its own.
    Empty for two runs.
    """
    if len(runs) < 3:
        return []
    shares: List[Share] = []
    for trace in runs[0]:
        if trace.kind not in ("decoded", "value") or trace.instrument:
            continue
        if any(trace.label not in run.traces for run in runs):
            continue
        for a, b in [*zip(runs, runs[1:]), (runs[0], runs[-1])]:
            between = (a.target, b.target)
            whole = (a, b) == (runs[0], runs[-1])
            cause = "in all" if whole else CAUSES.get(between, f"{a.target} to {b.target}")
            x, y = flat(a[trace.label]), flat(b[trace.label])
            x, y = aligned(x, y, peak_lag(x, y, trace.period * a.dt))
            shares.append(Share(trace.label, between, cause, rms(x - y)))
    return shares
