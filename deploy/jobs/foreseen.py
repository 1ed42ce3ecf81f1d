"""What a run of a model will bring, from the model alone."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

import nengo
from nengo.connection import LearningRule

from deploy.jobs.expected import Expected
from deploy.models.loaded import LoadedModel
from deploy.traces.described import describe_traces
from deploy.workflows.given import steps_of
from loihi_rules import fix_seeds
from loihi_rules.learned.record import learning
from loihi_rules.nengo_parts.wiring import base_of

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
        if probe.attr in SIZES:
            width = SIZES[probe.attr](probe.obj)
        # a spike is a step and a neuron, 12 bytes
        values += max(width, 1) * (n_steps / trace.period + 2) * (1.5 if trace.sparse else 1)
    return Expected(traces, int(8 * (values + 4 * learnt)) + SPARE)


def _weights(obj: Any) -> int:
    """An upper bound of how many weights a connection has, or that of a learning rule."""
    conn = _connection(obj)
    return _values(conn.pre_obj) * max(_values(conn.post_obj), int(conn.size_out))


def _encoders(obj: Any) -> int:
    """Of an ensemble, or of the one that a learning rule changes."""
    ens = obj if isinstance(obj, nengo.Ensemble) else base_of(obj.connection.post)
    return int(ens.n_neurons * ens.dimensions)


def _connection(obj: Any) -> nengo.Connection:
    return obj.connection if isinstance(obj, LearningRule) else obj


def _delta(rule: LearningRule) -> int:
    return _encoders(rule) if rule.modifies == "encoders" else _weights(rule)


def _values(end: Any) -> int:
    """An upper bound of the values that leave or enter one end of a connection."""
    neurons = getattr(getattr(end, "ensemble", end), "n_neurons", 0)
    return int(max(end.size_in or 0, end.size_out or 0, neurons, 1))


SIZES: Dict[str, Callable[[Any], int]] = {  # of signals that are matrices, by Nengo's names
    "weights": _weights,
    "delta": _delta,
    "scaled_encoders": _encoders,
    "inv_gamma": lambda rule: _values(rule.connection.pre_obj) ** 2,
}
