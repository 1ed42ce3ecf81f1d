"""How large the values are that a connection has to learn to give, by what makes its errors."""

from __future__ import annotations

from typing import Any, List, NamedTuple, Optional, Tuple

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from loihi_rules.learning_rules.pes import MANTISSA_MAX
from loihi_rules.nengo_parts.likely_inputs import values_of
from loihi_rules.nengo_parts.passthrough_nodes import into_passthroughs, is_passthrough, sources_of
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.nengo_parts.wiring import (
    base_of,
    columns_of,
    end_behind_nodes,
    is_between,
)

SAMPLES = 200  # of what makes an error, where it is not known
WITHIN = 1.27  # spans, up to which errors are not cut: nothing is said, nor changed, of that
ROOM = float(np.sqrt(MANTISSA_MAX))  # spans, where none is known: as far from one step as to all
SETTING = "network.config[connection].pes_span says otherwise"
BY_THE_ERROR = f"no radius says how large the values are, but what makes the error: {SETTING}"
UNKNOWN = f"nothing says how large the values are, so there is room for {{:.3g}}: {SETTING}"

Part = Tuple[nengo.Connection, np.ndarray]


class Sizes(NamedTuple):
    """How large what a connection learns may be.

    Attributes
    ----------
    value : float
        Largest magnitude of what it may have to give.
    error : float
        Largest magnitude of what may be wanted otherwise, which errors are scaled by.
    unsure : str
        What stands to that where no radius and no function says how large values are.
    """

    value: float
    error: float
    unsure: str = ""


def errors_of(network: nengo.Network, conn: nengo.Connection) -> List[nengo.Connection]:
    """The connections that carry errors to a learned connection's rule."""
    return [
        error
        for error in network.all_connections
        if isinstance(error.post_obj, LearningRule) and error.post_obj.connection is conn
    ]


def learned_sizes(network: nengo.Network, conn: nengo.Connection, given: float, dt: float) -> Sizes:
    """The largest value that is likely to be wanted of a connection.

    By radii: that of the target, or of the ensemble that represents the error. Where both are
    nodes, an error ``E = G y − Σ_k A_k f_k(x_k)`` of the connection's own value y vanishes at

        |y| = Σ_k |A_k f_k(x_k)| / |G|,

    with x_k from −1 to 1 of a node whose function of time is the author's, its values where they
    are known (`loihi_rules.nengo_parts.likely_inputs.values_of`), and evaluation points of an
    ensemble. No node's function is called, and what one that is given something gives is left out:
    it may be y. Functions of connections are called, as by Nengo. Up to 1.27 times the source's
    radius, that radius is the span, as errors are not cut there.

    A value that goes into a node's function comes back as an error, if at all, by way of what
    it moves there, as a force does: none of this says how large it is, nor does it of an error
    that such a node gives. Integers are then put so that what would be the span is the middle of
    what they reach, in factors: √127 times the smallest, and 1/√127 of the largest. Too large a
    span costs little (120 neurons learnt a function of 1/250 of it with the CPU's error), too
    small a one cuts what is learnt. What else the node is given is of the same kind, and the span
    is no smaller than that. Values of a connection that starts with a function are as large as
    that function's.

    Parameters
    ----------
    network : nengo.Network
    conn : nengo.Connection
        Learns.
    given : float
        The largest value that it gives before it has learnt.
    dt : float
        Step, s.
    """
    errors = errors_of(network, conn)
    parts, usual = _parts(network, errors), float(conn.pre_obj.radius)
    behind, moved = _behind(network, conn)
    represented = [base_of(error.pre) for error in errors]
    radii = behind + [float(end.radius) for end in represented if hasattr(end, "radius")]
    wanted = _wanted(network, conn, errors, parts, dt)
    guess = max(given, max(radii) if radii else wanted if wanted > WITHIN * usual else usual)
    if behind or not moved or _is_made_of(network, conn, parts, dt):
        return Sizes(guess, guess, "" if radii or given else BY_THE_ERROR)
    value = guess if given else max(ROOM * guess, _beside(network, conn, dt))
    errors_known = all(_values(network, source, dt) is not None for source, _ in parts)
    return Sizes(
        value, guess if errors_known else ROOM * guess, "" if given else UNKNOWN.format(value)
    )


def _behind(network: nengo.Network, conn: nengo.Connection) -> Tuple[List[float], bool]:
    """What values reach, by nodes that only hand on.

    Returns
    -------
    radii : list of float
        How large they may be for ensembles.
    moved : bool
        Whether they go into a node's function, which may have any effect.
    """
    end = end_behind_nodes(network, conn)
    if hasattr(end, "radius"):
        return [float(end.radius)], False
    radii, moved, left, seen = [], False, [(end, 1.0)], set()
    while left:
        end, gain = left.pop()
        if end in seen:
            continue
        seen.add(end)
        if not is_passthrough(end):
            moved = True
            continue
        for further in network.all_connections:
            if further.pre_obj is not end:
                continue
            to = further.post_obj
            if not isinstance(to, (nengo.Ensemble, nengo.Node)):
                continue
            row = gain * float(np.linalg.norm(matrix_of(further), axis=1).max(initial=0.0))
            if isinstance(to, nengo.Node):
                left.append((to, row))
            elif row:
                radii.append(float(to.radius) / row)
    return radii, moved


def _is_made_of(
    network: nengo.Network, conn: nengo.Connection, parts: List[Part], dt: float
) -> bool:
    """Whether an error is seen to be what is learned, less something whose size is known.

    Or an ensemble is seen to represent that. What a node makes of a value is taken for the value
    where it has as many dimensions.
    """
    sources = [source for source, _ in parts]
    end = end_behind_nodes(network, conn)
    own = [
        _is_own(conn, source) or (source.pre_obj is end and end.size_out == conn.size_out)
        for source in sources
    ]
    if any(own):
        return all(
            ours or _values(network, source, dt) is not None for ours, source in zip(own, sources)
        )
    ends = [base_of(source.pre) for source in sources if isinstance(source.pre_obj, nengo.Ensemble)]
    into = [c for c in network.all_connections if base_of(c.post) in ends]
    return any(_is_own(conn, source) for source, _ in _parts(network, into))


def _is_own(conn: nengo.Connection, source: nengo.Connection) -> bool:
    """Whether it carries what the connection gives; nodes of ours may be between."""
    end = source.pre_obj
    return source is conn or (is_between(end) and base_of(conn.post) is end)


def _beside(network: nengo.Network, conn: nengo.Connection, dt: float) -> float:
    """The largest of what else its target is given, as far as that is known."""
    end = end_behind_nodes(network, conn)
    found = 0.0
    for other in network.all_connections:
        if base_of(other.post) is not end or other.learning_rule_type is not None:
            continue
        values = _values(network, other, dt)
        if values is not None and not _is_own(conn, other):
            given = values @ matrix_of(other).T
            found = max(found, float(np.abs(given).max(initial=0.0)))
    return found


def _wanted(
    network: nengo.Network,
    conn: nengo.Connection,
    errors: List[nengo.Connection],
    parts: List[Part],
    dt: float,
) -> float:
    end, other = end_behind_nodes(network, conn), np.zeros(conn.size_out)
    own: List[np.ndarray] = []  # (size_out, width) each
    for source, matrix in parts:
        if _is_own(conn, source):
            of_node = source.pre_obj is end and source.function is None
            own.append(matrix @ np.eye(end.size_out)[columns_of(source.pre)] if of_node else matrix)
            continue
        values = _values(network, source, dt)
        if values is not None:
            other += np.abs(values @ matrix.T).max(axis=0, initial=0.0)
    return float(other.max(initial=0.0)) / (_own_gain(own) or _gain(network, errors))


def _own_gain(matrices: List[np.ndarray]) -> float:
    """|G|, with which a value comes into its error; 0 if it does not.

    A value that learns from itself, as v ← r + γ v, comes in twice, and grows to r / (1 − γ).
    Where next to nothing is left of G, it leaves the room that there is where nothing is known.
    """
    apart = sum(float(np.linalg.norm(matrix, axis=1).max(initial=0.0)) for matrix in matrices)
    if len({matrix.shape for matrix in matrices}) != 1:
        return apart
    together = np.linalg.norm(np.sum(matrices, axis=0), axis=1)
    return max(float(together.max(initial=0.0)), apart / ROOM)


def _gain(network: nengo.Network, errors: List[nengo.Connection]) -> float:
    """Of an error that is not seen to come from what is learned: that of its connections."""
    norms = [float(np.linalg.norm(matrix_of(error), axis=1).max(initial=0.0)) for error in errors]
    return max(norms, default=1.0) or 1.0


def _parts(network: nengo.Network, errors: List[nengo.Connection]) -> List[Part]:
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
