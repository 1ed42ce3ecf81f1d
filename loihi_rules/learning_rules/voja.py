"""Voja: encoders move towards the inputs to which their neurons answer.

    Δe_j = κ · L · a_j (g_j x / r − e_j) · Δt

e_j: scaled encoder of neuron j, the unit encoder times g_j / r; g_j: gain; r: radius of the
ensemble; x: what the connection carries, in the ensemble's units; a_j: activity, Hz, spikes
filtered with ``post_synapse`` (5 ms); κ: learning rate (`nengo.Voja.learning_rate`), per second
and Hz; L: learning signal, 1 where nothing is connected to the rule, 0 to stop it; Δt: step, s.

Oja's rule in the space that is represented: neurons that fire for an input come to stand for it,
the others stay. Associative memories learn their keys by it.

Source: Voelker, Crawford & Eliasmith (2014), "Learning large-scale heteroassociative memories in
spiking neurons", Unconventional Computation and Natural Computation; as in `nengo.Voja`.

On the chip: nothing. An encoder is shared by all inputs of its neuron, and on the chip it is
multiplied into the weights of each; nengo-loihi programs the learning engine for PES alone
(``builder/connection.py``). The rule and the neurons whose encoders it moves are on the host, in
Nengo core: see `loihi_rules.passes.chip.learning_relays`.
"""

from __future__ import annotations

import nengo

from loihi_rules.chip.limits import Chip
from loihi_rules.learning_rules.base import Rule


def off_chip(conn: nengo.Connection, chip: Chip) -> str:
    """Why Voja is not on the chip."""
    return (
        "Voja is not among the chip's rules, PES is the only one: encoders on the chip are "
        "multiplied into its weights"
    )


RULE = Rule(nengo.Voja, off_chip)
