"""Which connections learn, what they adapt, and of what shape that is."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, List, Tuple

import nengo

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
    return "+".join(type(rule).__name__ for rule in rule_types(conn))


def rule_types(conn: nengo.Connection) -> List[Any]:
    """The rule or rules by which a connection learns, of Nengo or of a user's own."""
    rules = conn.learning_rule_type
    if isinstance(rules, dict):
        return list(rules.values())
    return list(rules) if isinstance(rules, (list, tuple)) else [rules]


def all_adapted(conn: nengo.Connection) -> FrozenSet[str]:
    """All that a connection's rules change: ``"weights"``, ``"encoders"`` or both.

    Nengo's builder goes by what the rule type says that it ``modifies``; ``"decoders"`` and
    ``"weights"`` are one signal of the connection there, ``"encoders"`` are those of the ensemble
    after it (``nengo/builder/learning_rules.py``, ``build_learning_rule``).
    """
    return frozenset(
        "encoders" if rule.modifies == "encoders" else "weights" for rule in rule_types(conn)
    )


def adapts(conn: nengo.Connection) -> str:
    """What is kept of what a connection learns: weights, or encoders if it learns no others."""
    return "encoders" if all_adapted(conn) == {"encoders"} else "weights"


def shape_of(conn: nengo.Connection, adapted: str) -> Tuple[int, int]:
    """Of what the connection learns, its weights or encoders; see `Learned.values`."""
    if adapted == "encoders":
        ens = base_of(conn.post)
        return ens.n_neurons, ens.dimensions
    if not isinstance(conn.pre_obj, nengo.Ensemble):
        return conn.size_out, conn.size_mid
    full = conn.solver.weights and isinstance(conn.post_obj, nengo.Ensemble)
    return (conn.post_obj.n_neurons if full else conn.size_out), conn.pre_obj.n_neurons
