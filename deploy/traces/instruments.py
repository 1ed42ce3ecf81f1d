"""Probes that a comparison needs and the user may not have.

For every learned connection: its weights, and the error that drives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import List

import nengo
from nengo.connection import LearningRule

from loihi_rules.nengo_parts.names import name_of

WEIGHT_SAMPLES = 200  # enough for a smooth curve, whatever the run's length
MOST_VALUES = 4_000_000  # of weights kept in all; large matrices are sampled less


@dataclass(frozen=True)
class Instrument:
    """A probe that was added, with its trace's label and kind."""

    probe: nengo.Probe
    label: str
    kind: str


def add_instruments(network: nengo.Network, duration: float, dt: float) -> List[Instrument]:
    """Probe every learned connection's weights and error.

    Seeds must be fixed already, or the added objects would change the others.

    Parameters
    ----------
    network : nengo.Network
        Is added to.
    duration, dt : float
        Of the run, in seconds.
    """
    instruments: List[Instrument] = []
    learned = [c for c in network.all_connections if c.learning_rule_type is not None]
    errors = [c for c in network.all_connections if isinstance(c.post_obj, LearningRule)]
    names: List[str] = []
    for conn in learned:
        name = _unique(name_of(conn), names)
        size = max(1, conn.size_out * conn.size_in)
        if isinstance(conn.pre_obj, nengo.Ensemble):
            size = conn.size_out * conn.pre_obj.n_neurons
        samples = max(2, min(WEIGHT_SAMPLES, MOST_VALUES // size))
        period = max(dt, round(duration / samples / dt) * dt)
        with network:
            probe = nengo.Probe(
                conn, "weights", sample_every=period, label=f"weights of {name}", seed=0
            )
            instruments.append(Instrument(probe, f"weights of {name}", "weights"))
            driving = [e for e in errors if e.post_obj.connection is conn]
            if not driving:
                continue
            size_in = (
                conn.learning_rule.size_in if isinstance(conn.learning_rule, LearningRule) else 0
            )
            if size_in == 0:
                continue
            error = nengo.Node(size_in=size_in, label=f"error of {name}")
            for source in driving:
                nengo.Connection(
                    source.pre,
                    error[source.post_slice],
                    function=source.function,
                    transform=source.transform,
                    synapse=source.synapse,
                    solver=source.solver,
                    eval_points=source.eval_points,
                    scale_eval_points=source.scale_eval_points,
                    seed=source.seed,
                )
            probe = nengo.Probe(error, label=f"error of {name}", seed=0)
            instruments.append(Instrument(probe, f"error of {name}", "error"))
    return instruments


def _unique(name: str, taken: List[str]) -> str:
    """The name, numbered if another has it."""
    count = 1
    unique = name
    while unique in taken:
        count += 1
        unique = f"{name} ({count})"
    taken.append(unique)
    return unique
