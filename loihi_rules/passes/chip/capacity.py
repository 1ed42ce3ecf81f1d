"""What no splitting over cores makes fit."""

from __future__ import annotations

from typing import Dict, List

import nengo
import numpy as np
from nengo.ensemble import Neurons
from nengo.transforms import Sparse

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.transforms import CONVOLUTIONS
from loihi_rules.nengo_parts.wiring import base_of, decoded, on_chip
from loihi_rules.notes import Way

RULES = ("in-axons of a core", "cores of a board")


def capacity(draft: Draft) -> None:
    """Say at once, before anything is built, what is too large for the chip.

    A population is split over cores, but each core that holds one of its neurons has to
    listen to all that enters that neuron: a dense matrix of n rows takes n in-axons on
    each, of 4,096. And all compartments, and all weights, have to fit onto a board.
    """
    _board(draft, _in_axons(draft))


def board(draft: Draft) -> None:
    """Say, before anything is computed for them, that there are too many neurons or weights."""
    before = len(draft.problems)
    bits = _in_axons(draft)
    draft.stopped = len(draft.problems) > before
    _board(draft, bits)


def _in_axons(draft: Draft) -> int:
    """Look at the in-axons of each ensemble; gives the bits of all weights."""
    network, chip = draft.network, draft.chip
    entering: Dict[nengo.Ensemble, List[nengo.Connection]] = {}
    bits = 0
    for conn in network.all_connections:
        if not on_chip(network, conn.post) or isinstance(conn.transform, CONVOLUTIONS):
            continue
        rows = _dense_rows(draft, conn)
        if rows:
            entering.setdefault(base_of(conn.post), []).append(conn)
            bits += rows * base_of(conn.post).n_neurons * chip.weight_bits
    for ens, conns in entering.items():
        axons = sum(_dense_rows(draft, conn) for conn in conns)
        if axons > chip.in_axons_a_core:
            largest = max(conns, key=lambda conn: _dense_rows(draft, conn))
            draft.problem(
                name_of(ens),
                RULES[0],
                f"each of its neurons needs {axons:,} in-axons, {_dense_rows(draft, largest):,} of "
                f"them for all neurons of {name_of(base_of(largest.pre))}; a core has "
                f"{chip.in_axons_a_core:,}",
                f"connect at most {chip.in_axons_a_core:,} neurons to each (nengo.Sparse), "
                "or connect the ensembles, whose decoded value takes 2 in-axons a dimension",
            )
    return bits


def _board(draft: Draft, bits: int) -> None:
    network, chip = draft.network, draft.chip
    neurons = sum(ens.n_neurons for ens in network.all_ensembles if on_chip(network, ens))
    name, chips = chip.largest_board
    cores = chips * chip.cores_a_chip
    needed = max(-(-neurons // chip.compartments_a_core), -(-bits // chip.synapse_bits_a_core))
    if needed > cores:
        draft.stopped = True
        weights = f" with {bits // chip.weight_bits:,} weights" if bits else ""
        draft.problem(
            network.label or "the network",
            RULES[1],
            f"{neurons:,} neurons{weights} need {needed:,} cores at least; the largest board, "
            f"{name}, has {cores:,}",
            "use fewer neurons or sparser connections, or put parts on the host "
            "(network.config[ens].on_chip = False)",
        )


def _dense_rows(draft: Draft, conn: nengo.Connection) -> int:
    """In-axons of a connection whose weights go straight to all neurons of its target."""
    straight = draft.notes.connections[conn].way == Way.STRAIGHT
    from_neurons = isinstance(conn.pre_obj, Neurons) and isinstance(conn.post_obj, Neurons)
    if not (straight or from_neurons):
        return 0
    if isinstance(conn.transform, Sparse):
        return 0  # as many as its busiest core needs; the build counts them
    pre = conn.pre_obj.n_neurons if decoded(conn) else np.prod(conn.pre.size_out)
    return int(pre)
