"""What a connection's function gives at points."""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np
from nengo.builder.connection import get_targets


class _Read:
    """What Nengo asks of a connection once a point, read once.

    Of a simple function that takes as long as the function itself.
    """

    def __init__(self, conn: nengo.Connection):
        self._conn = conn
        self.function, self.pre_slice, self.size_mid = conn.function, conn.pre_slice, conn.size_mid

    def __str__(self) -> str:  # in what Nengo says of it
        return str(self._conn)


def targets_of(conn: nengo.Connection, points: Any) -> np.ndarray:
    """(n_points, size_mid) that a connection's function gives at (n_points, dimensions) values.

    Raises
    ------
    nengo.exceptions.BuildError
        As Nengo does (``builder/connection.py``, ``get_targets``), where that is None.
    """
    return np.asarray(get_targets(_Read(conn), points))
