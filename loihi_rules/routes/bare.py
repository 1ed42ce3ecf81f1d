"""Connections without a filter, which take the CPU no step, and the chip one."""

from __future__ import annotations

from typing import Any, Dict, Sequence

import nengo

from loihi_rules.nengo_parts.stepped import is_stepped
from loihi_rules.nengo_parts.wiring import base_of, on_chip


def in_the_same_step(network: nengo.Network, conn: nengo.Connection) -> bool:
    """Whether what one ensemble on the chip gives another is there in the same step on the CPU."""
    if conn.synapse is not None:
        return False
    ends = base_of(conn.pre), base_of(conn.post)
    return all(isinstance(end, nengo.Ensemble) for end in ends) and all(
        on_chip(network, end) and not is_stepped(end) for end in ends
    )


def steps_late(conns: Sequence[nengo.Connection]) -> Dict[Any, int]:
    """By how many steps ensembles are reached later, through the longest chain of connections.

    Parameters
    ----------
    conns : sequence of nengo.Connection
        Of which each takes a step. They make no loop, which the CPU could not step.
    """
    late = {base_of(end): 0 for conn in conns for end in (conn.pre, conn.post)}
    for _ in late:
        changed = False
        for conn in conns:
            steps = late[base_of(conn.pre)] + 1
            if steps > late[base_of(conn.post)]:
                late[base_of(conn.post)], changed = steps, True
        if not changed:
            break
    return late
