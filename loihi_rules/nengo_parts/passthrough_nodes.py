"""What ends in nodes that only hand on: where it comes from, and what is made of it."""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import nengo
import numpy as np
from nengo.synapses import LinearFilter, Lowpass, Synapse

from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.nengo_parts.wiring import columns_of, rows_of

MOST_ENTRIES = 2**24  # of a matrix that is worth multiplying out


class Source(NamedTuple):
    """A connection that ends in a node, seen from that node.

    Attributes
    ----------
    conn : nengo.Connection
        Where it starts.
    matrix : (node's size, conn's size_mid) ndarray
    magnitude : (node's size, conn's size_mid) ndarray
        The product of the `magnitudes` of what ``matrix`` is the product of.
    gross : (node's size, conn's size_mid) ndarray
        The product of their absolute values: what ``matrix`` would be if nothing cancelled.
    path : tuple of nengo.Connection
        All connections on the way, from ``conn`` to the last before the node.
    """

    conn: nengo.Connection
    matrix: np.ndarray
    magnitude: np.ndarray
    gross: np.ndarray
    path: Tuple[nengo.Connection, ...]

    @property
    def synapses(self) -> Tuple[Synapse, ...]:
        """The filters on the way."""
        return filters_of(self.path)


Incoming = Dict[nengo.Node, List[nengo.Connection]]
Known = Dict[nengo.Node, List[Source]]  # what ends in nodes, as far as it was looked for


def into_passthroughs(network: nengo.Network) -> Incoming:
    """The connections that end in each node that only hands on."""
    incoming: Incoming = {}
    for conn in network.all_connections:
        if is_passthrough(conn.post_obj):
            incoming.setdefault(conn.post_obj, []).append(conn)
    return incoming


def is_passthrough(obj: object) -> bool:
    """Whether it is a node without an output of its own."""
    return isinstance(obj, nengo.Node) and obj.output is None


def sources_of(
    node: nengo.Node,
    incoming: Incoming,
    above: Tuple[nengo.Node, ...],
    known: Known,
    learned: bool = False,
) -> Optional[List[Source]]:
    """All that ends in a node, by way of other nodes too; None if it cannot be joined.

    What learns cannot, unless it is asked for as ``learned``.
    """
    found: List[Source] = []
    if node in above:
        return None  # a circle
    if node in known:
        return known[node]
    for conn in incoming.get(node, []):
        size = node.size_in * max(conn.size_mid, 1)
        if (conn.learning_rule_type is not None and not learned) or size > MOST_ENTRIES:
            return None
        rows = np.eye(node.size_in)[:, rows_of(conn.post)]
        matrix = rows @ matrix_of(conn)
        if not is_passthrough(conn.pre_obj) or conn.function is not None:
            found.append(Source(conn, matrix, magnitudes(matrix), np.abs(matrix), (conn,)))
            continue
        further = sources_of(conn.pre_obj, incoming, (*above, node), known, learned)
        if further is None:
            return None
        matrix = matrix @ np.eye(conn.pre_obj.size_out)[columns_of(conn.pre)]
        for source in further:
            found.append(
                Source(
                    source.conn,
                    matrix @ source.matrix,
                    magnitudes(matrix) @ source.magnitude,
                    np.abs(matrix) @ source.gross,
                    (*source.path, conn),
                )
            )
    known[node] = found
    return found


def filters_of(path: Tuple[nengo.Connection, ...]) -> Tuple[Synapse, ...]:
    """The filters of connections in a row."""
    return tuple(conn.synapse for conn in path if conn.synapse is not None)


def magnitudes(matrix: np.ndarray) -> np.ndarray:
    """The largest entry of a matrix, for each that is not 0.

    By which floating point may be off in each, up to a factor ε. Where a Fourier transform has
    sin πk, that is 1e-16, in one entry of a row or in all of it.
    """
    return np.where(matrix != 0, np.max(np.abs(matrix), initial=0.0), 0.0)


def in_a_row(synapses: Tuple[Synapse, ...], chip: bool) -> Optional[Synapse]:
    """One filter in the place of several."""
    if not synapses:
        return None
    if len(synapses) == 1:
        return synapses[0]
    if all(isinstance(s, Lowpass) for s in synapses) and chip:
        return Lowpass(sum(s.tau for s in synapses))
    num: Any = np.ones(1)
    den: Any = np.ones(1)
    for synapse in synapses:
        num, den = np.polymul(num, synapse.num), np.polymul(den, synapse.den)
    return LinearFilter(num, den)


def remove_dead_ends(network: nengo.Network, incoming: Incoming) -> List[nengo.Connection]:
    """Take out, and give, what goes to nodes that hand it to nobody."""
    removed: List[nengo.Connection] = []
    probed = {probe.obj for probe in network.all_probes}
    probed |= {probe.obj for probe in network.all_probes if isinstance(probe.obj, nengo.Connection)}
    uses = Counter(conn.pre_obj for conn in network.all_connections)
    changed = True
    while changed:
        dead = {
            conn
            for node, ends in incoming.items()
            if not uses[node] and node not in probed
            for conn in ends
            if conn.learning_rule_type is None and conn not in probed
        }
        changed = False
        for net in [network, *network.all_networks]:
            gone = [conn for conn in net.connections if conn in dead]
            if gone:
                net.connections[:] = [conn for conn in net.connections if conn not in dead]
                uses.subtract(conn.pre_obj for conn in gone)
                removed += gone
                changed = True
    return removed
