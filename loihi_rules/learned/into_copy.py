"""What was learnt, put into the connections of a copy of its model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, List, Sequence, Tuple

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.params import Default
from nengo.solvers import NoSolver
from nengo.transforms import Dense, NoTransform, Sparse
from scipy.sparse import csr_matrix

from loihi_rules.chip.limits import LOIHI
from loihi_rules.chip.tuning import give_gains
from loihi_rules.learned.learned import Learned
from loihi_rules.learned.record import adapts, all_adapted, learning, shape_of
from loihi_rules.nengo_parts.built import built_ensemble, decoders_of
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.nengo_parts.wiring import base_of, reconnect


def matched(
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
        own = adapts(conn)
        if len(all_adapted(conn)) > 1:
            raise ValueError(
                f"{each.connection}: its rules change weights and encoders, of which the weights "
                "alone are kept; use a connection for each rule"
            )
        if each.adapts != own or values.shape != shape_of(conn, own):
            raise ValueError(
                f"{each.connection}: it learns {own} of shape {shape_of(conn, own)}, "
                f"not {each.adapts} of shape {values.shape}"
            )
        if not np.all(np.isfinite(values)):
            raise ValueError(f"{each.connection}: not all of its {each.adapts} are finite numbers")
        pairs.append((replace(each, values=values), conn))
    return pairs


def forget_rule(network: nengo.Network, conn: nengo.Connection) -> None:
    """Take the rule away, with what feeds it and what probes it."""
    for net in [network, *network.all_networks]:
        own: Tuple[List[Any], List[Any]] = (net.connections, net.probes)
        for objects in own:
            for obj in list(objects):
                end = base_of(obj.post if isinstance(obj, nengo.Connection) else obj.target)
                if isinstance(end, LearningRule) and end.connection is conn:
                    objects.remove(obj)
    reconnect(conn, learning_rule_type=None)


def fix_weights(conn: nengo.Connection, weights: np.ndarray, sparse: bool) -> None:
    pre = conn.pre_obj
    if isinstance(pre, nengo.Ensemble):
        full = conn.solver.weights and isinstance(conn.post_obj, nengo.Ensemble)
        if not full:
            give_decoders(conn, weights)
            return
        # Nengo multiplies what goes into neurons with their gain, which these weights have
        gain = built_ensemble(conn.post_obj, LOIHI.step).gain
        weights = np.divide(weights, gain[:, None], where=gain[:, None] != 0, out=0 * weights)
        conn.function, conn.eval_points, conn.solver = None, Default, Default
        reconnect(conn, pre=pre.neurons, post=conn.post_obj.neurons)
    matrix = csr_matrix(weights) if sparse else weights
    transform = (Sparse if sparse else Dense)(weights.shape, init=matrix)
    reconnect(conn, transform=transform)


def give_decoders(conn: nengo.Connection, decoders: np.ndarray) -> None:
    """(size_out, n_neurons) decoders with the transform in them."""
    size = decoders.shape[0]
    conn.eval_points, conn.transform = Default, NoTransform(size)
    conn.function = lambda x: np.zeros(size)  # of the right size; the decoders are given
    conn.solver = NoSolver(np.array(decoders.T))


def set_encoders(network: nengo.Network, conn: nengo.Connection, scaled: np.ndarray) -> None:
    """Give the target the scaled encoders that Voja left, and keep what it hands on.

    Its outgoing decoders were solved for the first encoders, and have not moved since.
    """
    ens = base_of(conn.post)
    dt = LOIHI.step
    for out in network.all_connections:
        if out.pre_obj is ens and out.learning_rule_type is None:
            give_decoders(out, matrix_of(out) @ decoders_of(out, dt).T)
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
