"""What goes between chip and host is decoded, not multiplied out."""

from __future__ import annotations

import nengo

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.parameters import with_parameters
from loihi_rules.nengo_parts.wiring import decoded, on_chip


def decoders(draft: Draft) -> None:
    """Give connections between an ensemble on the chip and one on the host decoders, not weights.

    A matrix of weights is E T D, of encoders, transform and decoders. The chip hands over
    T D x, the host's ensemble has its encoders: the same, with as many values a step as
    there are dimensions instead of neurons. So does the host, for neurons that the chip lacks.
    """
    network = draft.network
    for conn in network.all_connections:
        if conn.learning_rule_type is not None or not isinstance(conn.post_obj, nengo.Ensemble):
            continue
        crosses = on_chip(network, conn.pre) != on_chip(network, conn.post)
        if crosses and decoded(conn) and conn.solver.weights:
            draft.encoded.append(conn)
            draft.change(
                name_of(conn),
                "decoded between chip and host",
                "a matrix of weights",
                "decoders, and the encoders of its target",
                "chip and host hand values to each other, one a dimension",
            )
            conn.solver = with_parameters(conn.solver, weights=False)
