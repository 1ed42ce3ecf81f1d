"""Values of chip neurons that reach others by way of the host, which has any filter."""

from __future__ import annotations

from typing import NamedTuple, Sequence

import nengo
from nengo.synapses import Lowpass

from loihi_rules.nengo_parts.leads import Lead, steps_of
from loihi_rules.nengo_parts.wiring import reconnect


class Relay(NamedTuple):
    """A node on the host, and its connection to the chip.

    Attributes
    ----------
    node : nengo.Node
        Sums what all its sources give, and hands it on.
    out : nengo.Connection
    """

    node: nengo.Node
    out: nengo.Connection


def relay(
    network: nengo.Network,
    target: nengo.Ensemble,
    conns: Sequence[nengo.Connection],
    own: float,
    tau: float,
    dt: float,
    label: str,
) -> Relay:
    """Send what is decoded of chip neurons to others through a node, with the filter asked for.

    The host's filter, and the inverse of the chip's, are exact at any two time constants; see
    `loihi_rules.routes.from_host.before_chip`.

    Parameters
    ----------
    network : nengo.Network
    target : nengo.Ensemble
    conns : sequence of nengo.Connection
        To all of the target, with one filter. Lose it, and end at the node.
    own, tau : float
        Of that filter, and of the target's compartments, seconds.
    dt : float
        Step in seconds.
    label : str
    """
    with network:
        node = nengo.Node(size_in=target.dimensions, label=label)
        node.seed = 0  # which Nengo lets be set, not given
        lead = Lead(Lowpass(own), steps_of(tau, dt))
        out = nengo.Connection(node, target, synapse=lead, seed=0)
    for conn in conns:
        reconnect(conn, post=node)
        conn.synapse = None
    return Relay(node, out)
