"""What a run can bring back, known before it is sent: results are held against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Tuple

import nengo
import numpy as np

from deploy.described import describe_traces
from deploy.model import LoadedModel
from deploy.running import steps_of
from deploy.traces import Traces
from loihi_rules import fix_seeds
from loihi_rules.learned import learning

SPARE = 64 * 2**20  # bytes, of records
WIDE = ("decoded", "value", "spikes", "activity", "current", "voltage")  # a number a dimension


@dataclass(frozen=True)
class Expected:
    """Of one model.

    Attributes
    ----------
    traces : mapping of str to (str, int)
        Label of each trace to its kind and width.
    most_bytes : int
        That a result can have.
    """

    traces: Mapping[str, Tuple[str, int]]
    most_bytes: int

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Expected:
        """From what JSON has of it."""
        traces = {str(label): (str(k), int(w)) for label, (k, w) in told["traces"].items()}
        return cls(traces, int(told["most_bytes"]))

    @classmethod
    def of_model(cls, loaded: LoadedModel, seed: int, duration: float, dt: float) -> Expected:
        """Of a run of this model."""
        n_steps = steps_of(duration, dt)
        network = fix_seeds(loaded.network, seed).network
        learnt = sum(_weights(conn) for conn in learning(network).values())
        traces: Dict[str, Tuple[str, int]] = {}
        values = 0.0
        for probe, trace in describe_traces(network, n_steps, dt).items():
            width = trace.n_neurons or int(probe.size_in)
            traces[trace.label] = (trace.kind, width)
            if trace.kind == "weights":
                width = _weights(probe.target)
            # a spike is a step and a neuron, 12 bytes
            values += max(width, 1) * (n_steps / trace.period + 2) * (1.5 if trace.sparse else 1)
        return cls(traces, int(8 * (values + 4 * learnt)) + SPARE)

    def misfit(self, run: Traces) -> str:
        """What in a run was not asked for; empty if nothing."""
        for trace in run:
            if trace.label not in self.traces:
                return f"a trace {trace.label[:60]!r}, which the model does not have"
            kind, width = self.traces[trace.label]
            if trace.kind != kind:
                return f"the trace {trace.label!r} as {trace.kind}, which is {kind}"
            found = trace.n_neurons if trace.sparse else int(np.prod(trace.samples.shape[1:]))
            if kind in WIDE and width and found != width:
                return f"the trace {trace.label!r} with {found} numbers a step in place of {width}"
        return ""


def _weights(obj: Any) -> int:
    """An upper bound of how many weights a connection has."""
    if not isinstance(obj, nengo.Connection):
        return int(getattr(obj, "size_in", 1) or 1)

    def size(end: Any) -> int:
        ensemble = getattr(end, "ensemble", end)
        return max(int(end.size_in or 0), int(getattr(ensemble, "n_neurons", 0)), 1)

    return size(obj.pre_obj) * max(size(obj.post_obj), int(obj.size_out))
