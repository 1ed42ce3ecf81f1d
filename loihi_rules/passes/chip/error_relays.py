"""What an ensemble on the chip tells a learning rule goes by way of the host."""

from __future__ import annotations

import nengo
from nengo.connection import LearningRule

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.wiring import on_chip, reconnect


def error_relays(draft: Draft) -> None:
    """Hand errors from the chip to a node on the host, which hands them to the rule.

    The host sends errors to the chip's learning engine (nengo-loihi
    ``builder/connection.py``, ``build_connection``: ``assert not pre_onchip``). Ensembles
    that do no more than represent an error are there too; one that feeds the rule of its own
    connection stays on the chip.
    """
    network = draft.network
    for conn in network.all_connections:
        rule = conn.post_obj
        if not isinstance(rule, LearningRule) or not on_chip(network, conn.pre):
            continue
        name, post = name_of(conn), conn.post
        with network:
            relay = nengo.Node(size_in=conn.size_out, label=f"error from {name_of(conn.pre)}")
            reconnect(conn, post=relay)
            nengo.Connection(relay, post, synapse=None, seed=0)
        relay.seed = 0
        draft.change(
            name,
            "errors are the host's",
            "straight to the learning rule",
            "by way of a node on the host",
            "the host sends errors to the chip; its source can stay there, where its other "
            "connections are",
        )
