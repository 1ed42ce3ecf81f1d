"""Connections to some dimensions or neurons become connections to all."""

from __future__ import annotations

from typing import Optional

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from loihi_rules.draft import Draft
from loihi_rules.learning_rules.where import chip_learning_connections
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.transforms import matrix_of, set_matrix
from loihi_rules.nengo_parts.wiring import columns_of, on_chip, reconnect, rows_of


def views(draft: Draft) -> None:
    """Put what a connection picks out at its ends on the chip into its transform.

    nengo-loihi takes connections to whole ensembles and to whole sets of neurons
    (``builder/connection.py``: ``assert post_slice == slice(None)``), and of a list of
    neurons no other than a slice. Of a learning rule it takes any part for the first of its
    dimensions (``build_host_to_learning_rule``). With P the rows of the identity that are picked,

        post[p] += T x    is    post += Pᵀ T x,        T x[p]    is    (T P) x.
    """
    for conn in draft.network.all_connections:
        ends = {}
        matrix: Optional[np.ndarray] = None
        name, asked = name_of(conn), conn.transform
        if _picks_from_list(draft, conn):
            ends["pre"] = conn.pre.obj
            matrix = matrix_of(conn) @ np.eye(conn.pre_obj.size_out)[columns_of(conn.pre)]
        if _picks_part(draft, conn):
            ends["post"] = conn.post.obj
            draft.rows[conn] = rows = rows_of(conn.post)
            matrix = matrix_of(conn) if matrix is None else matrix
            matrix = np.eye(conn.post_obj.size_in)[:, rows] @ matrix
        if matrix is None:
            continue
        draft.asked.setdefault(conn, asked)
        reconnect(conn, **ends)
        set_matrix(conn, matrix)
        draft.change(
            name,
            "connections of whole ensembles",
            "between parts of them",
            "between all of both, with rows and columns of zeros in the transform",
            "the chip's builder has no connections to a part, nor from a list of neurons",
        )


def _picks_part(draft: Draft, conn: nengo.Connection) -> bool:
    if not isinstance(conn.post, ObjView):
        return False
    if isinstance(conn.post_obj, LearningRule):
        return conn.post_obj.connection in chip_learning_connections(draft.network, draft.chip)
    if not on_chip(draft.network, conn.post):
        return False
    # nengo-loihi puts these into the encoders itself
    return not (conn.solver.weights and isinstance(conn.pre_obj, nengo.Ensemble))


def _picks_from_list(draft: Draft, conn: nengo.Connection) -> bool:
    view = conn.pre
    if not isinstance(view, ObjView) or isinstance(view.slice, slice) or conn.function is not None:
        return False
    columns = columns_of(view)
    if isinstance(view.obj, Neurons):
        return on_chip(draft.network, view)
    twice = isinstance(view.obj, nengo.Node) and len(set(columns)) < len(columns)
    return twice and on_chip(draft.network, conn.post)
