"""PES from neurons becomes PES of the decoders of their ensemble, which the chip learns."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable

import nengo
import numpy as np
from nengo.ensemble import Neurons
from nengo.params import Default
from nengo.solvers import NoSolver
from nengo.transforms import NoTransform

from loihi_rules.draft import Draft
from loihi_rules.learning_rules import pes
from loihi_rules.nengo_parts.built import built_ensemble
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.nengo_parts.wiring import base_of, columns_of, on_chip, reconnect


def neuron_learning(draft: Draft) -> None:
    """Write weights W from neurons that learn by PES as decoders, where it is the same.

    What reaches the target is Σ_i W_i a_i either way, and both change by

        ΔW_i = −κ E a_i / n                 (nengo ``builder/learning_rules.py``, ``build_pes``)

    with n the neurons that are connected. Of a slice of m of n neurons, the others keep no
    synapses, and κ becomes κ n / m. Not the same, and left to the host, is what
    `loihi_rules.learning_rules.pes.off_chip` says.
    """
    network = draft.network
    for conn in network.all_connections:
        if type(conn.learning_rule_type) is not nengo.PES or not on_chip(network, conn.pre):
            continue
        if not isinstance(conn.pre_obj, Neurons) or pes.off_chip(conn, draft.chip) is not None:
            continue
        name = name_of(conn)
        _as_decoders(draft, conn)
        draft.change(
            name,
            "learning from neurons",
            "weights from neurons",
            f"decoders of {name_of(conn.pre_obj)}, with the same values",
            "PES changes them in the same way, and decoders learn on the chip",
        )


def _as_decoders(draft: Draft, conn: nengo.Connection) -> None:
    ens, columns = base_of(conn.pre), columns_of(conn.pre)
    decoders = np.zeros((ens.n_neurons, conn.size_out))
    decoders[columns] = matrix_of(conn).T
    if len(columns) < ens.n_neurons:
        notes = draft.notes.connections
        notes[conn] = replace(notes[conn], sources=columns)
    reconnect(conn, pre=ens)
    conn.eval_points = Default
    conn.function = _represented(draft, ens, decoders)
    conn.transform = NoTransform(conn.size_out)
    conn.solver = NoSolver(decoders)


def _represented(
    draft: Draft, ens: nengo.Ensemble, decoders: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """What the decoders give for a represented value, by the tuning curves."""
    if not decoders.any():
        return lambda x: np.zeros(decoders.shape[1])
    built = built_ensemble(ens, draft.dt)

    def function(x: np.ndarray) -> np.ndarray:
        drive = built.encoders @ np.asarray(x) / ens.radius
        rates = ens.neuron_type.rates(drive[None, :], built.gain, built.bias)[0]
        return np.asarray(rates @ decoders)

    return function
