"""What connections pick out by True and False they pick by index."""

from __future__ import annotations

from typing import Any

import numpy as np
from nengo.base import ObjView

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.wiring import reconnect


def masks(draft: Draft) -> None:
    """Put indices in the place of masks at the ends of connections.

    Nengo takes ``ens[[True, False, True]]`` for the first and the last dimension, and once a
    transform is set, for two that are listed twice (``nengo/connection.py``,
    ``ConnectionTransformParam.coerce``, "repeated indices").
    """
    for conn in draft.network.all_connections:
        given = {name: getattr(conn, name) for name in ("pre", "post")}
        ends = {name: _by_index(end) for name, end in given.items() if _has_a_mask(end)}
        reconnect(conn, **ends)


def _has_a_mask(end: Any) -> bool:
    return isinstance(end, ObjView) and np.asarray(end.slice).dtype == bool


def _by_index(end: ObjView) -> Any:
    return end.obj[np.flatnonzero(end.slice).tolist()]
