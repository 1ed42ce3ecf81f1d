"""Which connections learn, what they adapt, and of what shape that is."""

from __future__ import annotations

from typing import Dict, Tuple

import nengo

from loihi_rules.learning_rules import rule_of
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.wiring import base_of


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
