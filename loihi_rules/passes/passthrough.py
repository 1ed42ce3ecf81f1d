"""Connections by way of a passthrough node become direct ones."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Tuple

import nengo
import numpy as np
from nengo.synapses import LinearFilter, Lowpass, Synapse

from loihi_rules.change import name_of
from loihi_rules.rewrite import Draft
from loihi_rules.transforms import matrix_of
from loihi_rules.wiring import columns_of, on_chip

MOST_ENTRIES = 2**24  # of a matrix that is worth multiplying out


class Source(NamedTuple):
    """A connection that ends in a node, seen from that node.

    Attributes
    ----------
    conn : nengo.Connection
        Where it starts.
    matrix : (node's size, conn's size_mid) ndarray
    magnitude : (node's size, conn's size_mid) ndarray
        The product of the magnitudes of what ``matrix`` is the product of.
    synapses : tuple of Synapse
        The filters on the way.
    """

    conn: nengo.Connection
    matrix: np.ndarray
    magnitude: np.ndarray
    synapses: Tuple[Synapse, ...]


class Joined(NamedTuple):
    """What a connection from a node became.

    Attributes
    ----------
    connections : int
        How many direct ones.
    left_out : float
        The largest entry of their matrices that is rounding, and was made zero.
    """

    connections: int
    left_out: float


Known = Dict[nengo.Node, List[Source]]  # what ends in nodes, as far as it was looked for


def passthrough(draft: Draft) -> None:
    """Join what lies on both sides of a node that only hands on.

    Nodes are on the host, so that a value on its way through one would leave the chip as
    spikes, be decoded, and come back as spikes. From ``pre → node`` with the matrix A and
    ``node → post`` with B comes ``pre → post`` with B A. What is rounding in it is made zero,
    and blocks of zeros are left out. Two low-pass filters in a row become one of the same mean
    delay where the chip has to do them. The node stays for what it hands to the host.
    """
    network = draft.network
    incoming: Dict[nengo.Node, List[nengo.Connection]] = {}
    known: Known = {}
    for conn in network.all_connections:
        if _passes(conn.post_obj):
            incoming.setdefault(conn.post_obj, []).append(conn)
    for net in [network, *network.all_networks]:
        for conn in list(net.connections):
            if not _passes(conn.pre_obj) or not on_chip(network, conn.post):
                continue
            sources = _sources(conn.pre_obj, incoming, (), known)
            if not sources or conn.function is not None or conn.learning_rule_type is not None:
                continue
            if not any(on_chip(network, source.conn.pre) for source in sources):
                continue
            joined = _join(draft, conn, sources)
            net.connections.remove(conn)
            draft.change(
                name_of(conn.pre_obj),
                "passthrough nodes",
                f"hands on to {name_of(conn.post)}",
                f"{joined.connections} direct connections" + _left_out(joined),
                "a value that goes through a node would leave the chip and come back late",
            )
    draft.dropped.extend(_remove_dead_ends(network, incoming))


def _passes(obj: object) -> bool:
    return isinstance(obj, nengo.Node) and obj.output is None


def _sources(
    node: nengo.Node,
    incoming: Dict[nengo.Node, List[nengo.Connection]],
    above: Tuple[nengo.Node, ...],
    known: Known,
) -> Optional[List[Source]]:
    """All that ends in a node, by way of other nodes too; None if it cannot be joined."""
    found: List[Source] = []
    if node in above:
        return None  # a circle
    if node in known:
        return known[node]
    for conn in incoming.get(node, []):
        size = node.size_in * max(conn.size_mid, 1)
        if conn.learning_rule_type is not None or size > MOST_ENTRIES:
            return None
        rows = np.eye(node.size_in)[:, columns_of(conn.post)]
        matrix = rows @ matrix_of(conn)
        synapses = () if conn.synapse is None else (conn.synapse,)
        if not _passes(conn.pre_obj) or conn.function is not None:
            found.append(Source(conn, matrix, np.abs(matrix), synapses))
            continue
        further = _sources(conn.pre_obj, incoming, (*above, node), known)
        if further is None:
            return None
        matrix = matrix @ np.eye(conn.pre_obj.size_out)[columns_of(conn.pre)]
        for source in further:
            found.append(
                Source(
                    source.conn,
                    matrix @ source.matrix,
                    np.abs(matrix) @ source.magnitude,
                    (*source.synapses, *synapses),
                )
            )
    known[node] = found
    return found


def _join(draft: Draft, conn: nengo.Connection, sources: List[Source]) -> Joined:
    count, largest = 0, 0.0
    out = matrix_of(conn) @ np.eye(conn.pre_obj.size_out)[columns_of(conn.pre)]
    rounding = _rounding(out, sources)
    for source in sources:
        first, matrix = source.conn, out @ source.matrix
        faint = np.abs(matrix) <= rounding[:, np.newaxis]
        largest = max(largest, np.abs(matrix[faint]).max(initial=0.0))
        matrix[faint] = 0
        if not np.any(matrix):
            continue
        draft.joined.add(first)
        synapses = source.synapses + (() if conn.synapse is None else (conn.synapse,))
        with draft.network:  # the last to be built, when all ends are there
            nengo.Connection(
                first.pre,
                conn.post,
                function=first.function,
                transform=matrix,
                synapse=_in_a_row(synapses, on_chip(draft.network, first.pre)),
                solver=first.solver,
                eval_points=first.eval_points,
                scale_eval_points=first.scale_eval_points,
                seed=first.seed,
            )
        count += 1
    return Joined(count, largest)


def _rounding(out: np.ndarray, sources: List[Source]) -> np.ndarray:
    """What floating point may leave of zeros, in each row of the products with all sources.

    A sum of n terms is off by n ε times the sum of their magnitudes. A row's terms are those of
    all its sources, as it is summed over all of them: where a row of a Fourier transform has
    sin π, which comes out as 1e-16, that is nothing beside its other entries.
    """
    terms = out.shape[1] + sum(source.matrix.shape[1] for source in sources)
    magnitude = sum(np.sum(np.abs(out) @ source.magnitude, axis=1) for source in sources)
    rounding = np.asarray(terms * np.finfo(float).eps * magnitude)
    return np.where(np.isfinite(rounding), rounding, 0.0)


def _left_out(joined: Joined) -> str:
    return f"; entries up to {joined.left_out:.0e}, rounding, are 0" if joined.left_out else ""


def _in_a_row(synapses: Tuple[Synapse, ...], chip: bool) -> Optional[Synapse]:
    """One filter in the place of several."""
    if not synapses:
        return None
    if len(synapses) == 1:
        return synapses[0]
    if all(isinstance(s, Lowpass) for s in synapses) and chip:
        return Lowpass(sum(s.tau for s in synapses))
    num, den = np.ones(1), np.ones(1)
    for synapse in synapses:
        num, den = np.polymul(num, synapse.num), np.polymul(den, synapse.den)
    return LinearFilter(num, den)


def _remove_dead_ends(
    network: nengo.Network, incoming: Dict[nengo.Node, List[nengo.Connection]]
) -> List[nengo.Connection]:
    """Take out, and give, what goes to nodes that hand it to nobody."""
    removed: List[nengo.Connection] = []
    probed = {probe.obj for probe in network.all_probes}
    probed |= {probe.obj for probe in network.all_probes if isinstance(probe.obj, nengo.Connection)}
    changed = True
    while changed:
        used = {conn.pre_obj for conn in network.all_connections}
        dead = {
            conn
            for node, ends in incoming.items()
            if node not in used and node not in probed
            for conn in ends
            if conn.learning_rule_type is None and conn not in probed
        }
        changed = False
        for net in [network, *network.all_networks]:
            for conn in [c for c in net.connections if c in dead]:
                net.connections.remove(conn)
                removed.append(conn)
                changed = True
    return removed
