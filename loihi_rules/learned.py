"""What connections have learnt, put back into their model: fixed for the chip, or to go on.

`freeze` gives a network without learning, whose weights are the learnt ones in the chip's
8 bits; all of it can be on the chip. `go_on` gives a network that learns on from them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.params import Default, NdarrayParam
from nengo.solvers import NoSolver
from nengo.transforms import Dense, NoTransform, Sparse
from scipy.sparse import csr_matrix

from loihi_rules.built import built_ensemble, decoders_of
from loihi_rules.change import Change, name_of
from loihi_rules.chip import LOIHI
from loihi_rules.fixed_point import FixedPoint, quantise
from loihi_rules.frozen import with_parameters
from loihi_rules.rules import rule_of
from loihi_rules.seeds import copy_network, fix_object_seeds
from loihi_rules.solvers import GivenWeights
from loihi_rules.transforms import matrix_of, set_matrix
from loihi_rules.tuning import give_gains
from loihi_rules.wiring import base_of, reconnect


@dataclass(frozen=True)
class Learned:
    """What one connection has learnt.

    Attributes
    ----------
    connection : str
        Its name, `loihi_rules.change.name_of`.
    rule : str
        The rule's, as Nengo calls it; several with ``+`` between.
    adapts : str
        ``"weights"`` or ``"encoders"``.
    values : ndarray
        Weights (size_out, size_in), from spikes filtered to Hz into what the target takes:
        represented values; normalised current for full weights; that divided by the gain
        where the user connected to neurons. Or scaled encoders
        (n_post, dimensions), unit encoder times gain ÷ radius.
    theta : (n_post,) ndarray or None
        BCM's modification threshold, Hz.
    neurons : str
        A fingerprint of the neurons on both sides; empty where nobody took one.
    """

    connection: str
    rule: str
    adapts: str
    values: np.ndarray
    theta: Optional[np.ndarray] = None
    neurons: str = ""


@dataclass(frozen=True)
class Quantised:
    """A matrix in the chip's numbers, one power of two for each row.

    A row goes into one neuron (or one dimension). Neurons of a core share the exponent of
    their weights, but their thresholds may differ by powers of two, which comes to the same.

    Attributes
    ----------
    rows : tuple of FixedPoint
    pruned : int
        How many weights were left out.
    """

    rows: Tuple[FixedPoint, ...]
    pruned: int = 0

    @property
    def values(self) -> np.ndarray:
        """What the mantissas stand for, in the unit of the weights given."""
        return np.array([row.weights for row in self.rows])

    @property
    def error_bounds(self) -> np.ndarray:
        """(n_rows,) largest error of a weight that was kept: half a step of its row."""
        return np.array([row.error_bound for row in self.rows])


@dataclass(frozen=True)
class FrozenNetwork:
    """A network that has learnt, and learns no more.

    Attributes
    ----------
    network : nengo.Network
        A new one; the user's is untouched.
    changes : tuple of Change
    quantised : mapping of str to Quantised
        By name of the connection.
    twins : mapping
        The user's objects to those in ``network``.
    """

    network: nengo.Network
    changes: Tuple[Change, ...]
    quantised: Mapping[str, Quantised]
    twins: Mapping[Any, Any]


def learning(network: nengo.Network) -> Dict[str, nengo.Connection]:
    """The connections that learn, by name; the second of a name has " (2)" behind it."""
    found: Dict[str, nengo.Connection] = {}
    for conn in network.all_connections:
        if conn.learning_rule_type is None:
            continue
        name, count = name_of(conn), 1
        while name in found:
            count += 1
            name = f"{name_of(conn)} ({count})"
        found[name] = conn
    return found


def rule_names(conn: nengo.Connection) -> str:
    """The rule or rules of a connection, as Nengo calls them."""
    rules = conn.learning_rule_type
    if isinstance(rules, dict):
        rules = list(rules.values())
    each = rules if isinstance(rules, (list, tuple)) else [rules]
    return "+".join(type(rule).__name__ for rule in each)


def adapts(conn: nengo.Connection) -> str:
    """What a connection's rule changes, ``"weights"`` or ``"encoders"``."""
    rule = rule_of(conn)
    return "weights" if rule is None else rule.adapts


def shape_of(conn: nengo.Connection) -> Tuple[int, int]:
    """Of what the connection learns, see `Learned.values`."""
    if adapts(conn) == "encoders":
        ens = base_of(conn.post)
        return ens.n_neurons, ens.dimensions
    if not isinstance(conn.pre_obj, nengo.Ensemble):
        return conn.size_out, conn.size_mid
    full = conn.solver.weights and isinstance(conn.post_obj, nengo.Ensemble)
    return (conn.post_obj.n_neurons if full else conn.size_out), conn.pre_obj.n_neurons


def quantise_rows(weights: np.ndarray, fan_in: Optional[int] = None) -> Quantised:
    """Round a matrix to 8-bit mantissas with an exponent for each row.

        w_ji ≈ m_ji · 2^(6 + e_j) / s,        s = 64 m_max / max |w|

    so that the largest weight has the largest mantissa at exponent 0; a row of smaller weights
    has a smaller exponent, down to −6. See `loihi_rules.fixed_point`.

    Parameters
    ----------
    weights : (n_rows, n_columns) ndarray
        Finite.
    fan_in : int, optional
        Keep this many weights of each row, those of largest magnitude.

    Returns
    -------
    Quantised

    Raises
    ------
    ValueError
        If a weight is not finite, or ``fan_in`` is less than 1.
    """
    kept = np.array(weights, float)
    pruned = 0
    if fan_in is not None:
        if fan_in < 1:
            raise ValueError(f"fan_in must be 1 or more, not {fan_in}")
        if fan_in < kept.shape[1]:
            smallest = np.argsort(-np.abs(kept), axis=1, kind="stable")[:, fan_in:]
            pruned = int(np.count_nonzero(np.take_along_axis(kept, smallest, axis=1)))
            np.put_along_axis(kept, smallest, 0.0, axis=1)
    mixed = bool((kept < 0).any() and (kept > 0).any())
    top = float(np.abs(kept).max(initial=0.0)) if np.isfinite(kept).all() else np.nan
    scale = 64.0 * (LOIHI.weight_max - int(mixed)) / top if top else 1.0
    if not np.isfinite(scale):
        raise ValueError("weights must be finite numbers")
    return Quantised(tuple(quantise(row, scale, mixed=mixed) for row in kept), pruned)


def freeze(
    network: nengo.Network,
    learned: Sequence[Learned],
    seed: Optional[int] = None,
    fan_in: Optional[int] = None,
) -> FrozenNetwork:
    """Fix learnt weights in the chip's 8 bits, and take the learning away.

    Parameters
    ----------
    network : nengo.Network
        Is left untouched.
    learned : sequence of Learned
        Of some or all of its learning connections; the others go on learning.
    seed : int, optional
        Of a network that has none, as for `loihi_rules.rewrite`.
    fan_in : int, optional
        See `quantise_rows`.

    Returns
    -------
    FrozenNetwork

    Raises
    ------
    ValueError
        If a connection is not there, or the weights do not have its shape.
    """
    twin = fix_object_seeds(copy_network(network), seed)
    changes: List[Change] = []
    quantised: Dict[str, Quantised] = {}
    for each, conn in _matched(twin.network, learned):
        fixed = quantise_rows(each.values, None if each.adapts == "encoders" else fan_in)
        quantised[each.connection] = fixed
        changes.append(_told(each, fixed))
        _forget_rule(twin.network, conn)
        if each.adapts == "encoders":
            _set_encoders(twin.network, conn, fixed.values)
        else:
            _fix_weights(conn, fixed.values, sparse=fan_in is not None)
    return FrozenNetwork(twin.network, tuple(changes), quantised, twin.twins)


def go_on(
    network: nengo.Network, learned: Sequence[Learned], seed: Optional[int] = None
) -> nengo.Network:
    """The network, its connections starting from what they have learnt.

    In full precision. BCM's θ goes on too; RLS starts with a fresh inverse of correlations,
    and filtered activities, which live for milliseconds, from 0.

    Parameters
    ----------
    network, learned, seed
        As for `freeze`.

    Returns
    -------
    nengo.Network

    Raises
    ------
    ValueError
        As `freeze`.
    """
    twin = fix_object_seeds(copy_network(network), seed)
    for each, conn in _matched(twin.network, learned):
        if each.adapts == "encoders":
            _set_encoders(twin.network, conn, each.values)
        elif isinstance(conn.pre_obj, Neurons):
            conn.transform = np.array(each.values)
        elif each.values.shape[0] != conn.size_out or isinstance(conn.post_obj, Neurons):
            set_matrix(conn, matrix_of(conn))  # Nengo asks for a dense one
            conn.solver = GivenWeights(each.values)
        else:
            _give_decoders(conn, each.values)
        if each.theta is not None and isinstance(conn.learning_rule_type, nengo.BCM):
            rule = conn.learning_rule_type
            started = StartedLowpass(rule.theta_synapse.tau, each.theta)
            _replace_rule(twin.network, conn, with_parameters(rule, theta_synapse=started))
    return twin.network


class StartedLowpass(nengo.Lowpass):
    """A low-pass filter that does not start from 0.

    Parameters
    ----------
    tau : float
        Time constant, s.
    start : (n,) array_like
        Its output before the first step.
    """

    start = NdarrayParam("start", shape=("*",))

    def __init__(self, tau: float, start: np.ndarray):
        super().__init__(tau)
        self.start = start

    def make_state(self, shape_in: Any, shape_out: Any, dt: float, dtype: Any = None, y0: Any = 0):
        """See `nengo.synapses.Synapse.make_state`."""
        state = super().make_state(shape_in, shape_out, dt, dtype=dtype, y0=0)
        state["X"][:] = self.start  # of one pole: the output itself
        return state


# ------------------------------------------------------------------------ in the copy


def _matched(
    network: nengo.Network, learned: Sequence[Learned]
) -> List[Tuple[Learned, nengo.Connection]]:
    there = learning(network)
    pairs = []
    for each in learned:
        conn = there.get(each.connection)
        if conn is None:
            names = ", ".join(map(repr, there)) or "none that learns"
            raise ValueError(
                f"there is no learning connection {each.connection!r} in the model; it has {names}"
            )
        values = np.asarray(each.values, float)
        if each.adapts != adapts(conn) or values.shape != shape_of(conn):
            raise ValueError(
                f"{each.connection}: it learns {adapts(conn)} of shape {shape_of(conn)}, "
                f"not {each.adapts} of shape {values.shape}"
            )
        if not np.all(np.isfinite(values)):
            raise ValueError(f"{each.connection}: not all of its {each.adapts} are finite numbers")
        pairs.append((replace(each, values=values), conn))
    return pairs


def _told(each: Learned, fixed: Quantised) -> Change:
    error = np.abs(fixed.values - each.values)
    largest = float(np.abs(each.values).max(initial=0.0)) or 1.0
    rows, columns = each.values.shape
    pruned = f", {fixed.pruned} of the smallest left out" if fixed.pruned else ""
    return Change(
        each.connection,
        "frozen",
        f"{rows} × {columns} {each.adapts} learnt by {each.rule}",
        f"fixed, in 8 bits with an exponent a row{pruned}",
        f"the chip's weights; each is within {100 * fixed.error_bounds.max() / largest:.2g} % of "
        f"the largest (bound), and within {100 * error.max() / largest:.2g} % in fact",
    )


def _replace_rule(network: nengo.Network, conn: nengo.Connection, rule: Any) -> None:
    """Give a connection another rule, and what names the old one too."""
    reconnect(conn, learning_rule_type=rule)
    ends = [base_of(p.target) for p in network.all_probes]
    for end in ends + [base_of(c.post) for c in network.all_connections]:
        if isinstance(end, LearningRule) and end.connection is conn:
            end.learning_rule_type = rule


def _forget_rule(network: nengo.Network, conn: nengo.Connection) -> None:
    """Take the rule away, with what feeds it and what probes it."""
    for net in [network, *network.all_networks]:
        for objects in (net.connections, net.probes):
            for obj in list(objects):
                end = base_of(obj.post if isinstance(obj, nengo.Connection) else obj.target)
                if isinstance(end, LearningRule) and end.connection is conn:
                    objects.remove(obj)
    reconnect(conn, learning_rule_type=None)


def _fix_weights(conn: nengo.Connection, weights: np.ndarray, sparse: bool) -> None:
    pre = conn.pre_obj
    if isinstance(pre, nengo.Ensemble):
        full = conn.solver.weights and isinstance(conn.post_obj, nengo.Ensemble)
        if not full:
            _give_decoders(conn, weights)
            return
        # Nengo multiplies what goes into neurons with their gain, which these weights have
        gain = built_ensemble(conn.post_obj, LOIHI.step).gain
        weights = np.divide(weights, gain[:, None], where=gain[:, None] != 0, out=0 * weights)
        conn.function, conn.eval_points, conn.solver = None, Default, Default
        reconnect(conn, pre=pre.neurons, post=conn.post_obj.neurons)
    matrix = csr_matrix(weights) if sparse else weights
    transform = (Sparse if sparse else Dense)(weights.shape, init=matrix)
    reconnect(conn, transform=transform)


def _give_decoders(conn: nengo.Connection, decoders: np.ndarray) -> None:
    """(size_out, n_neurons) decoders with the transform in them."""
    size = decoders.shape[0]
    conn.eval_points, conn.transform = Default, NoTransform(size)
    conn.function = lambda x: np.zeros(size)  # of the right size; the decoders are given
    conn.solver = NoSolver(np.array(decoders.T))


def _set_encoders(network: nengo.Network, conn: nengo.Connection, scaled: np.ndarray) -> None:
    """Give the target the scaled encoders that Voja left, and keep what it hands on.

    Its outgoing decoders were solved for the first encoders, and have not moved since.
    """
    ens = base_of(conn.post)
    dt = LOIHI.step
    for out in network.all_connections:
        if out.pre_obj is ens and out.learning_rule_type is None:
            _give_decoders(out, matrix_of(out) @ decoders_of(out, dt).T)
    for probe in network.all_probes:
        if probe.obj is ens and probe.attr == "decoded_output":
            probe.solver = NoSolver(_decoders_of_probe(probe, dt))
    built = built_ensemble(ens, dt)
    give_gains(ens, built.gain, built.bias)
    ens.encoders = scaled * (ens.radius / built.gain)[:, None]
    ens.normalize_encoders = False


def _decoders_of_probe(probe: nengo.Probe, dt: float) -> np.ndarray:
    node = nengo.Node(size_in=probe.size_in, add_to_container=False)
    conn = nengo.Connection(
        probe.target, node, solver=probe.solver, seed=probe.seed, add_to_container=False
    )
    return decoders_of(conn, dt)
