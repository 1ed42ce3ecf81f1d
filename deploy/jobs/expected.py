"""What a run can bring back, known before it is sent: results are checked against it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Mapping, Tuple

if TYPE_CHECKING:
    from deploy.traces.traces import Traces

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
    def of(cls, record: Mapping[str, Any]) -> Expected:
        """From what JSON has of it."""
        traces = {str(label): (str(k), int(w)) for label, (k, w) in record["traces"].items()}
        return cls(traces, int(record["most_bytes"]))

    def misfit(self, run: Traces) -> str:
        """What in a run was not asked for; empty if nothing."""
        for trace in run:
            if trace.label not in self.traces:
                return f"a trace {trace.label[:60]!r}, which the model does not have"
            kind, width = self.traces[trace.label]
            if trace.kind != kind:
                return f"the trace {trace.label!r} as {trace.kind}, which is {kind}"
            found = trace.n_neurons if trace.sparse else math.prod(trace.samples.shape[1:])
            if kind in WIDE and width and found != width:
                return f"the trace {trace.label!r} with {found} numbers a step in place of {width}"
        return ""
