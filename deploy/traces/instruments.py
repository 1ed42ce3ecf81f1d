"""Probes that a comparison needs and the user may not have.

For every learned connection: what its rules change, weights or encoders, and the error that
drives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, List, Sequence

import nengo
from nengo.connection import LearningRule

from loihi_rules.learned.record import all_adapted, learning, shape_of
from loihi_rules.nengo_parts.wiring import base_of

WEIGHT_SAMPLES = 200  # enough for a smooth curve, whatever the run's length
MOST_VALUES = 4_000_000  # of weights kept in all; large matrices are sampled less


@dataclass(frozen=True)
class Instrument:
    """A probe that was added, with its trace's label and kind, and whose learning it shows."""

    probe: nengo.Probe
    label: str
    kind: str
    learning: nengo.Connection


def add_instruments(network: nengo.Network, duration: float, dt: float) -> List[Instrument]:
    """Probe what every learned connection changes, and its error.

    Seeds must be fixed already, or the added objects would change the others.

    Parameters
    ----------
    network : nengo.Network
        Is added to.
    duration, dt : float
        Of the run, in seconds.
    """
    instruments: List[Instrument] = []
    errors = [c for c in network.all_connections if isinstance(c.post_obj, LearningRule)]
    for name, conn in learning(network).items():
        instruments.extend(_of_learned(network, conn, name, duration, dt))
        driving = [e for e in errors if e.post_obj.connection is conn]
        if driving and _takes_an_error(conn):
            instruments.append(_of_errors(network, conn, name, driving))
    return instruments


def _of_learned(
    network: nengo.Network, conn: nengo.Connection, name: str, duration: float, dt: float
) -> Iterator[Instrument]:
    """Probes of what the connection's rules change, which alone is sure to be there.

    A rule that changes encoders can be on a connection without any weights (Nengo's builder has
    none where a node or neurons are connected without a transform).
    """
    for adapted in sorted(all_adapted(conn)):
        rows, columns = shape_of(conn, adapted)
        samples = max(2, min(WEIGHT_SAMPLES, MOST_VALUES // max(1, rows * columns)))
        period = max(dt, round(duration / samples / dt) * dt)
        post = base_of(conn.post)
        target, attr = (post, "scaled_encoders") if adapted == "encoders" else (conn, "weights")
        label = f"{adapted} of {name}"
        with network:
            probe = nengo.Probe(target, attr, sample_every=period, label=label, seed=0)
        yield Instrument(probe, label, "weights", conn)


def _takes_an_error(conn: nengo.Connection) -> bool:
    return isinstance(conn.learning_rule, LearningRule) and conn.learning_rule.size_in > 0


def _of_errors(
    network: nengo.Network,
    conn: nengo.Connection,
    name: str,
    driving: Sequence[nengo.Connection],
) -> Instrument:
    """A probe of a node that is given all that drives the connection's rule."""
    label = f"error of {name}"
    with network:
        error = nengo.Node(size_in=conn.learning_rule.size_in, label=label)
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
        probe = nengo.Probe(error, label=label, seed=0)
    return Instrument(probe, label, "error", conn)
