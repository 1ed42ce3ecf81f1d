"""Which connections learn on the chip, and why the others do not."""

from __future__ import annotations

from typing import List, Optional

import nengo

from loihi_rules.chip.limits import Chip
from loihi_rules.learning_rules import rule_of
from loihi_rules.nengo_parts.wiring import base_of, on_chip


def off_chip_learning(conn: nengo.Connection, chip: Chip) -> Optional[str]:
    """Why a learned connection cannot learn on the chip; None if it can or does not learn.

    What each rule says is in its file in `loihi_rules.learning_rules`.
    """
    rules = conn.learning_rule_type
    if rules is None:
        return None
    if isinstance(rules, (list, tuple, dict)):
        return "the chip learns by one rule a connection"
    rule = rule_of(conn)
    if rule is None:
        return f"{type(rules).__name__} is not among the chip's rules, PES is the only one"
    return rule.off_chip(conn, chip)


def chip_learning_connections(network: nengo.Network, chip: Chip) -> List[nengo.Connection]:
    """Connections that learn on the chip."""
    return [
        conn
        for conn in network.all_connections
        if conn.learning_rule_type is not None
        and off_chip_learning(conn, chip) is None
        and on_chip(network, base_of(conn.pre))
    ]
