"""Transforms that the chip's builder lacks become dense."""

from __future__ import annotations

from typing import Optional

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.transforms import Sparse

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.built import built_ensemble
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.transforms import CONVOLUTIONS, linear_map, matrix_of, set_matrix
from loihi_rules.nengo_parts.wiring import base_of, decoded, on_chip

NOTHING = 1e-30


def dense_transforms(draft: Draft) -> None:
    """Write sparse and convolutional transforms out where they cross to or from the chip.

    On the chip a synapse group is a sparse matrix or a two-dimensional convolution between
    neurons (nengo-loihi, ``builder/connection.py``). Decoded connections, and those between
    host and chip, have to be dense, and a convolution needs neurons of one gain.
    """
    network = draft.network
    _refuse_what_nengo_does(draft)
    for conn in network.all_connections:
        _leave_no_empty(conn)
        reason = _why_not(network, conn, draft.dt)
        if reason is None:
            continue
        kind = type(conn.transform).__name__
        draft.asked.setdefault(conn, conn.transform)
        set_matrix(conn, matrix_of(conn))
        draft.change(
            name_of(conn),
            "dense transforms",
            f"{kind} transform",
            f"dense, {conn.size_out} × {conn.size_mid}",
            reason,
        )


def _refuse_what_nengo_does(draft: Draft) -> None:
    """Nengo core builds none of these, wherever they run."""
    for conn in draft.network.all_connections:
        kind = type(conn.transform).__name__
        if not _is_decoded(conn) or not isinstance(conn.transform, (Sparse, *CONVOLUTIONS)):
            continue
        what = f"a {kind.lower()} transform cannot be applied to a decoded connection"
        if conn.solver.weights and not conn.solver.compositional:
            what = "Non-compositional solvers only work with Dense transforms"
        draft.problem(name_of(conn), "transforms", what, "connect the ensemble's neurons")


def _is_decoded(conn: nengo.Connection) -> bool:
    """Whether it has decoders; values of `nengo.Direct` are functions of its input."""
    return decoded(conn) and not isinstance(conn.pre_obj.neuron_type, nengo.Direct)


def _leave_no_empty(conn: nengo.Connection) -> None:
    """Give a sparse matrix without entries one that no integer is small enough for.

    nengo-loihi looks for the largest index (``block.py``, ``Synapse.idx_bits``), and SciPy drops
    zeros when it multiplies.
    """
    transform = conn.transform
    if isinstance(transform, Sparse) and not linear_map(conn).count_nonzero():
        conn.transform = Sparse(transform.shape, indices=[[0, 0]], init=[NOTHING])


def _why_not(network: nengo.Network, conn: nengo.Connection, dt: float) -> Optional[str]:
    sparse, convolution = (isinstance(conn.transform, kinds) for kinds in (Sparse, CONVOLUTIONS))
    if not sparse and not convolution:
        return None
    if _is_decoded(conn):
        return None
    to_rule = isinstance(conn.post_obj, LearningRule)
    if not (to_rule or on_chip(network, conn.pre) or on_chip(network, conn.post)):
        return None
    if not (isinstance(conn.pre_obj, Neurons) and on_chip(network, conn.post)):
        return "only connections from neurons to the chip's have sparse matrices or kernels"
    if not convolution:
        return None if isinstance(conn.post_obj, Neurons) else "encoders make it dense"
    if conn.transform.dimensions != 2:
        return "the chip's builder has kernels of two dimensions only"
    if not isinstance(conn.post_obj, Neurons):
        return "only connections between neurons have kernels"
    if np.ptp(built_ensemble(base_of(conn.post), dt).gain) > 0:
        return "neurons that share a kernel on the chip must have one gain"
    return None
