"""What a run of a model will bring, from the model alone."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import nengo

from deploy.jobs.expected import Expected
from deploy.models.loaded import LoadedModel
from deploy.traces.described import describe_traces
from deploy.workflows.given import steps_of
from loihi_rules import fix_seeds
from loihi_rules.learned.record import learning

SPARE = 64 * 2**20  # bytes, of records


def foreseen(loaded: LoadedModel, seed: int, duration: float, dt: float) -> Expected:
    """Labels, kinds and widths of its traces, and how many bytes they can have.

    Parameters
    ----------
    loaded : LoadedModel
    seed : int
    duration, dt : float
        In seconds.
    """
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
    return Expected(traces, int(8 * (values + 4 * learnt)) + SPARE)


def _weights(obj: Any) -> int:
    """An upper bound of how many weights a connection has."""
    if not isinstance(obj, nengo.Connection):
        return int(getattr(obj, "size_in", 1) or 1)

    def size(end: Any) -> int:
        ensemble = getattr(end, "ensemble", end)
        return max(int(end.size_in or 0), int(getattr(ensemble, "n_neurons", 0)), 1)

    return size(obj.pre_obj) * max(size(obj.post_obj), int(obj.size_out))
