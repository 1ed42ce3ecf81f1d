"""Connections by way of a passthrough node become direct ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, NamedTuple, Set, Tuple

import nengo
import numpy as np

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.alike import Alike
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.passthrough_nodes import (
    Known,
    Source,
    filters_of,
    in_a_row,
    into_passthroughs,
    is_passthrough,
    magnitudes,
    remove_dead_ends,
    sources_of,
)
from loihi_rules.nengo_parts.settings import declare, is_set
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.nengo_parts.wiring import base_of, columns_of, on_chip
from loihi_rules.routes.ways import WAY_SETTING

FAINT = 0.25  # of the largest term; others lose two bits of eight at most beside it


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


def passthrough(draft: Draft) -> None:
    """Join what lies on both sides of a node that only hands on.

    Nodes are on the host, so that a value on its way through one would leave the chip as
    spikes, be decoded, and come back as spikes. From ``pre → node`` with the matrix A and
    ``node → post`` with B comes ``pre → post`` with B A. What is rounding in it is made zero,
    and blocks of zeros are left out. Two low-pass filters in a row become one of the same mean
    delay where the chip has to do them. The node stays for what it hands to the host. The way
    that a user chose for any of the connections is that of the direct ones.
    """
    network = draft.network
    declare(network, nengo.Connection, WAY_SETTING)
    replaced: Set[nengo.Connection] = set()
    incoming = into_passthroughs(network)
    known: Known = {}
    alike, chosen = Alike(), is_set(network, nengo.Connection, WAY_SETTING)
    for net in [network, *network.all_networks]:
        for conn in list(net.connections):
            if not is_passthrough(conn.pre_obj) or not on_chip(network, conn.post):
                continue
            sources = sources_of(conn.pre_obj, incoming, (), known)
            if not sources or conn.function is not None or conn.learning_rule_type is not None:
                continue
            if not any(on_chip(network, source.conn.pre) for source in sources):
                continue
            joined = _join(draft, conn, sources, alike, chosen)
            net.connections.remove(conn)
            replaced.update(*(source.path for source in sources))
            draft.change(
                name_of(conn.pre_obj),
                "passthrough nodes",
                f"hands on to {name_of(conn.post)}",
                f"{joined.connections} direct connections" + _left_out(joined),
                "a value that goes through a node would leave the chip and come back late",
            )
    for conn in replaced if chosen else ():
        network.config[conn].way = None  # the direct ones have it
    draft.dropped.extend(remove_dead_ends(network, incoming))


def _join(
    draft: Draft, conn: nengo.Connection, sources: List[Source], alike: Alike, chosen: bool
) -> Joined:
    """Direct connections in the place of one from a node; ``chosen``: whether any has a way."""
    count, largest = 0, 0.0
    out = matrix_of(conn) @ np.eye(conn.pre_obj.size_out)[columns_of(conn.pre)]
    rounding = _rounding(out, sources)
    matrices = [out @ source.matrix for source in sources]
    shares = _shares(out, sources, matrices)
    for k, (source, matrix) in enumerate(zip(sources, matrices)):
        first = source.conn
        if not matrix.any():
            continue
        faint = np.abs(matrix) <= rounding
        largest = max(largest, np.abs(matrix[faint]).max(initial=0.0))
        matrix[faint] = 0
        if not np.any(matrix):
            continue
        draft.joined.add(first)
        path = (*source.path, conn)
        synapse = in_a_row(filters_of(path), on_chip(draft.network, first.pre))
        # the last to be built, when all ends are there
        direct = alike.connect(draft.network, first, conn.post, matrix, synapse)
        if k in shares:
            own = draft.notes.connections[direct]
            draft.notes.connections[direct] = replace(own, share=shares[k])
        if chosen:
            _keep_way(draft, path, direct)
        count += 1
    return Joined(count, largest)


def _shares(out: np.ndarray, sources: List[Source], matrices: List[np.ndarray]) -> Dict[int, float]:
    """How large terms are, of those that are faint; see `loihi_rules.notes.ConnectionNote`.

    Sources count as alike, with values about as large, that are ensembles of one radius and decode
    one function.
    """
    terms = np.array([np.abs(matrix).max(axis=1, initial=0.0) for matrix in matrices])
    kinds: Dict[Tuple[Any, ...], List[int]] = {}
    for k, (conn, *_) in enumerate(sources):
        ens = base_of(conn.pre)
        radius = ens.radius if isinstance(ens, nengo.Ensemble) else None
        kind = type(ens), radius, conn.pre is ens, id(conn.function)
        kinds.setdefault(kind, []).append(k)
    found: Dict[int, float] = {}
    for some in kinds.values():
        largest = terms[some].max(axis=0)
        faint = np.all(terms[some] < FAINT * largest, axis=1, where=terms[some] > 0)
        for k in np.array(some)[faint]:
            rows = terms[k] > 0
            gross = (np.abs(out[rows]) @ sources[k].gross).max(axis=1)
            beside = np.minimum(gross, largest[rows])
            found[k] = float(np.max(terms[k][rows] / beside, initial=0.0))
    return found


def _keep_way(draft: Draft, path: Tuple[nengo.Connection, ...], direct: nengo.Connection) -> None:
    """Give a direct connection the way that a user chose for one that it is in the place of.

    From the host there is one way; what is chosen behind a node is for its other sources.
    """
    network = draft.network
    meant = path if on_chip(network, path[0].pre) else path[:1]
    settings = [network.config[conn] for conn in meant]
    chosen = [own.way for own in settings if WAY_SETTING in own and own.way is not None]
    if not chosen:
        return
    network.config[direct].way = chosen[-1]
    if len(set(chosen)) > 1:
        draft.warn(
            " → ".join([name_of(path[0].pre), *(name_of(conn.post) for conn in path)]),
            "passthrough nodes",
            "these connections become one, and their ways were chosen to be "
            f"{' and '.join(map(repr, chosen))}; it is {chosen[-1]!r}, as of the last",
            "choose one way for all of them",
        )


def _rounding(out: np.ndarray, sources: List[Source]) -> float:
    """What floating point may leave of a zero in the products with all sources.

    A sum of n terms is off by n ε times the sum of their magnitudes
    (`loihi_rules.nengo_parts.passthrough_nodes.magnitudes`).
    """
    terms = out.shape[1] + sum(source.matrix.shape[1] for source in sources)
    largest = magnitudes(out)
    magnitude = sum(np.sum(largest @ source.magnitude, axis=1) for source in sources)
    rounding = float(terms * np.finfo(float).eps * np.max(magnitude, initial=0.0))
    return rounding if np.isfinite(rounding) else 0.0


def _left_out(joined: Joined) -> str:
    return f"; entries up to {joined.left_out:.0e}, rounding, are 0" if joined.left_out else ""
