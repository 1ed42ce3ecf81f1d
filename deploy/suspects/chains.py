"""Values that are handed on too often."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.dists import Distribution, UniformHypersphere
from nengo.exceptions import NengoException
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from deploy.suspects.suspect import Copies, Suspect, Symptoms, free_to_vary, names
from loihi_rules.nengo_parts.passthrough_nodes import is_passthrough
from loihi_rules.nengo_parts.transforms import matrix_of, set_matrix
from loihi_rules.nengo_parts.wiring import base_of, columns_of, reconnect

LONG = 4  # ensembles in a row that do nothing but hand a value on
POINTS = 100  # at which a function is asked whether it is linear


def long_chain(symptoms: Symptoms) -> List[Suspect]:
    """Ensembles that hand a value on, one after the other."""
    relays = _relays(symptoms.network)
    if not relays:
        return []

    def apply(copies: Copies) -> None:
        for ens in relays:
            _take_out(copies[symptoms.network], copies[ens])

    figure = f"{len(relays)} ensembles hand a value on, {LONG} in a row and more: each adds noise"
    edit = "connect what is before them to what is behind"
    return [Suspect("too long a chain", names(relays), figure, edit, apply)]


def _relays(network: nengo.Network) -> List[nengo.Ensemble]:
    """Ensembles that nobody probes and that compute nothing, of chains that are long."""
    probed = {base_of(probe.obj) for probe in network.all_probes}
    from_hosts = _given_by_hosts(network)
    entering, leaving = _by_end(network)
    found = {
        ens
        for ens in free_to_vary(network)
        if ens not in probed
        and ens in leaving
        and ens in entering
        and all(conn.learning_rule_type is None for conn in entering[ens])
        and not any(base_of(conn.pre) in from_hosts for conn in entering[ens])
        and all(_linear_part(conn) is not None for conn in leaving[ens])
    }
    nodes = [node for node in network.all_nodes if is_passthrough(node)]
    in_order = [ens for ens in network.all_ensembles if ens in found]
    return _in_long_rows([*in_order, *nodes], found, network.all_connections)


def _by_end(network: nengo.Network) -> Tuple[Dict[Any, List[Any]], Dict[Any, List[Any]]]:
    """Connections that enter, and that leave, each object."""
    entering: Dict[Any, List[nengo.Connection]] = {}
    leaving: Dict[Any, List[nengo.Connection]] = {}
    for conn in network.all_connections:
        entering.setdefault(base_of(conn.post), []).append(conn)
        leaving.setdefault(base_of(conn.pre), []).append(conn)
    return entering, leaving


def _given_by_hosts(network: nengo.Network) -> Set[nengo.Node]:
    """Nodes with an output, and those that hand it on: what they give was not on the chip."""
    found = {node for node in network.all_nodes if not is_passthrough(node)}
    _, leaving = _by_end(network)
    left = list(found)
    while left:
        for conn in leaving.get(left.pop(), []):
            end = base_of(conn.post)
            if is_passthrough(end) and end not in found:
                found.add(end)
                left.append(end)
    return found


def _linear_part(conn: nengo.Connection) -> Optional[np.ndarray]:
    """(size_mid, size of pre) matrix that a connection's function is; None if it computes more."""
    if conn.learning_rule_type is not None or conn.solver.weights:
        return None
    if isinstance(getattr(conn.transform, "init", None), Distribution):
        return None  # drawn otherwise where it does not come from neurons
    size = len(columns_of(conn.pre))
    if conn.function is None:
        return np.eye(size)
    if not callable(conn.function):
        return None  # values at points
    try:
        zero = np.atleast_1d(conn.function(np.zeros(size))).astype(float)
        units = [np.atleast_1d(conn.function(unit)) - zero for unit in np.eye(size)]
        matrix = np.array(units, dtype=float).T
        points = base_of(conn.pre).radius * UniformHypersphere().sample(
            POINTS, size, rng=np.random.RandomState(0)
        )
        values = np.array([np.atleast_1d(conn.function(point)) for point in points], dtype=float)
    except (ArithmeticError, LookupError, TypeError, ValueError, NengoException):
        return None
    linear = np.allclose(values, points @ matrix.T) and np.allclose(zero, 0.0)
    return matrix if linear else None


def _in_long_rows(
    vertices: Sequence[Any], relays: Set[nengo.Ensemble], connections: Sequence[nengo.Connection]
) -> List[nengo.Ensemble]:
    """Those of the relays that `LONG` of them and more stand in one row with, in order.

    In a circle they are a memory, and compute.
    """
    number = {vertex: k for k, vertex in enumerate(vertices)}
    ends = ((base_of(conn.pre), base_of(conn.post)) for conn in connections)
    joined = [(number[a], number[b]) for a, b in ends if a in number and b in number]
    pre, post = np.array(joined, dtype=int).reshape(-1, 2).T
    size = len(vertices)
    graph = coo_matrix((np.ones(len(pre)), (pre, post)), (size, size))
    _, circle = connected_components(graph, directed=True, connection="strong")
    in_circle = np.bincount(circle)[circle] > 1
    in_circle[pre[pre == post]] = True
    free = ~(in_circle[pre] | in_circle[post])
    own = np.array([vertex in relays for vertex in vertices], dtype=int) * ~in_circle
    rows = _longest(own, pre[free], post[free]) + _longest(own, post[free], pre[free]) - own
    return [vertex for vertex, k in number.items() if own[k] and rows[k] >= LONG]


def _longest(own: np.ndarray, pre: np.ndarray, post: np.ndarray) -> np.ndarray:
    """How much is, at most, on a way that ends in each vertex of a graph without circles."""
    longest = own.copy()
    while True:
        further = longest.copy()
        np.maximum.at(further, post, own[post] + longest[pre])
        if np.array_equal(further, longest):
            return longest
        longest = further


def _take_out(network: nengo.Network, ens: nengo.Ensemble) -> None:
    """Put a node that hands on in the place of an ensemble; the last filter behind it is kept."""
    places = [network, *network.all_networks]
    place = next(each for each in places if any(one is ens for one in each.ensembles))
    with place:
        node = nengo.Node(size_in=ens.dimensions, label=ens.label)
    for conn in network.all_connections:
        if base_of(conn.post) is ens:
            conn.synapse = None
            reconnect(conn, post=_same_part(conn.post, node))
        if base_of(conn.pre) is ens:
            matrix = None if conn.function is None else matrix_of(conn) @ _linear_part(conn)
            conn.function = conn.eval_points = None
            if matrix is not None:
                set_matrix(conn, matrix)
            reconnect(conn, pre=_same_part(conn.pre, node))
    place.ensembles[:] = [each for each in place.ensembles if each is not ens]


def _same_part(end: Any, node: nengo.Node) -> Any:
    return node[end.slice] if isinstance(end, ObjView) else node
