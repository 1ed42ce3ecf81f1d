"""How large the values are that a connection has to learn to give, by what makes its errors."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from loihi_rules.nengo_parts.likely_inputs import values_of
from loihi_rules.nengo_parts.passthrough_nodes import into_passthroughs, is_passthrough, sources_of
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.nengo_parts.wiring import base_of, columns_of, end_behind_nodes

SAMPLES = 200  # of what makes an error, where it is not known
WITHIN = 1.27  # spans, up to which errors are not cut: nothing is said, nor changed, of that


def errors_of(network: nengo.Network, conn: nengo.Connection) -> List[nengo.Connection]:
    """The connections that carry errors to a learned connection's rule."""
    return [
        error
        for error in network.all_connections
        if isinstance(error.post_obj, LearningRule) and error.post_obj.connection is conn
    ]


def learned_span(network: nengo.Network, conn: nengo.Connection, dt: float) -> float:
    """The largest value that is likely to be wanted of a connection.

    By radii: that of the target, or of the ensemble that represents the error. Where both are
    nodes, an error ``E = G y − Σ_k A_k f_k(x_k)`` of the connection's own value y vanishes at

        |y| = Σ_k |A_k f_k(x_k)| / |G|,

    with x_k from −1 to 1 of a node whose function of time is the author's, its values where they
    are known (`loihi_rules.nengo_parts.likely_inputs.values_of`), and evaluation points of an
    ensemble. No node's function is called, and what one that is given something gives is left out:
    it may be y. Functions of connections are called, as by Nengo. Up to 1.27 times the source's
    radius, that radius is the span, as errors are not cut there.

    Parameters
    ----------
    network : nengo.Network
    conn : nengo.Connection
        Learns.
    dt : float
        Step, s.
    """
    errors = errors_of(network, conn)
    ends = (end_behind_nodes(network, conn), *(base_of(error.pre) for error in errors))
    radii = [float(end.radius) for end in ends if hasattr(end, "radius")]
    if radii:
        return max(radii)
    usual = float(conn.pre_obj.radius)
    wanted = _wanted(network, conn, errors, dt)
    return wanted if wanted > WITHIN * usual else usual


def _wanted(
    network: nengo.Network, conn: nengo.Connection, errors: List[nengo.Connection], dt: float
) -> float:
    own, other = np.zeros(conn.size_out), np.zeros(conn.size_out)
    for source, matrix in _parts(network, errors):
        if source is conn:
            own += np.linalg.norm(matrix, axis=1)
            continue
        values = _values(network, source, dt)
        if values is not None:
            other += np.abs(values @ matrix.T).max(axis=0, initial=0.0)
    gain = float(own.max(initial=0.0)) or _gain(network, errors)
    return float(other.max(initial=0.0)) / gain


def _gain(network: nengo.Network, errors: List[nengo.Connection]) -> float:
    """Of an error that is not seen to come from what is learned: that of its connections."""
    norms = [float(np.linalg.norm(matrix_of(error), axis=1).max(initial=0.0)) for error in errors]
    return max(norms, default=1.0) or 1.0


def _parts(
    network: nengo.Network, errors: List[nengo.Connection]
) -> List[Tuple[nengo.Connection, np.ndarray]]:
    """What errors are made of: connections, and what each is multiplied by."""
    incoming, found = into_passthroughs(network), []
    for error in errors:
        matrix = matrix_of(error)
        given: Any = None
        if is_passthrough(error.pre_obj) and error.function is None:
            given = sources_of(error.pre_obj, incoming, (), {}, learned=True)
        if given is None:
            found.append((error, matrix))
            continue
        matrix = matrix @ np.eye(error.pre_obj.size_out)[columns_of(error.pre)]
        found += [(source.conn, matrix @ source.matrix) for source in given]
    return found


def _values(network: nengo.Network, conn: nengo.Connection, dt: float) -> Optional[np.ndarray]:
    """(n, size_mid) values that a connection is likely to carry, before its transform."""
    source = base_of(conn.pre)
    rng = np.random.RandomState(source.seed)
    if isinstance(conn.pre_obj, Neurons):
        return None
    if isinstance(source, nengo.Ensemble):
        points = source.eval_points
        if not isinstance(points, np.ndarray):
            points = source.radius * points.sample(SAMPLES, source.dimensions, rng=rng)
        values = np.asarray(points, float)
    else:
        known = values_of(network, source, dt)
        if known is None and source.size_in:
            return None  # it may give what is learned itself
        values = rng.uniform(-1, 1, (SAMPLES, source.size_out)) if known is None else known
    values = values[:, columns_of(conn.pre)]
    if conn.function is None:
        return values
    if not callable(conn.function):
        return np.asarray(conn.function, float)
    return np.array([np.ravel(conn.function(x)) for x in values[:SAMPLES]], float)
