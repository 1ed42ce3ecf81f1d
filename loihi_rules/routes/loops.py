"""Ensembles that feed themselves keep their speed at the time constant that the chip has."""

from __future__ import annotations

from typing import Sequence

import nengo
import numpy as np
from nengo.transforms import Dense, NoTransform

from loihi_rules.levels import filter_of
from loihi_rules.routes.plan import Choice
from loihi_rules.routes.ways import MATRIX
from loihi_rules.transforms import matrix_of, set_matrix

WORTH_WHILE = 1e-3  # of a time constant


def keep_speed(ens: nengo.Ensemble, choices: Sequence[Choice], tau: float, dt: float) -> float:
    """The time constant that the chip has for a loop; the loop's weights are made for it.

    An ensemble that feeds itself through a low-pass filter τ, and is given u through the same,
    follows

        τ dx/dt = f(x) − x + u

    (Eliasmith and Anderson, 2003, principle 3). The chip's filter has a decay of 12 bits, and so
    another time constant τ' = k τ (`loihi_rules.levels.filter_of`): 99.4 ms for
    100 ms. With

        f'(x) = (1 − k) x + k f(x),        u' = k u

    it follows the same equation. Here f is a matrix; a loop with a function is left at τ', and is
    1 / k times as fast.

    Parameters
    ----------
    ens : nengo.Ensemble
    choices : sequence of Choice
        All that enters its neurons. Transforms are changed in place.
    tau : float
        τ, of its compartments, in seconds.
    dt : float
        Step in seconds.

    Returns
    -------
    float
        τ' where weights could be made for it, otherwise τ.
    """
    if not tau:
        return tau
    real = filter_of(tau, dt)
    ratio = real / tau
    same = [c.entry.conn for c in choices if c.entry.tau == tau]
    loop = next((c.entry.conn for c in choices if _is_loop(c, ens) and c.entry.tau == tau), None)
    if loop is None or abs(ratio - 1) < WORTH_WHILE or not all(map(_is_scalable, same)):
        return tau
    for conn in same:
        set_matrix(conn, ratio * matrix_of(conn))
    set_matrix(loop, (1 - ratio) * np.eye(ens.dimensions) + matrix_of(loop))
    return real


def _is_loop(choice: Choice, ens: nengo.Ensemble) -> bool:
    """Whether it hands on all that an ensemble represents, to all of it, by a matrix."""
    conn = choice.entry.conn
    return choice.way == MATRIX and conn.pre is ens and conn.post is ens and conn.function is None


def _is_scalable(conn: nengo.Connection) -> bool:
    """Whether its weights are fixed numbers, in a transform that may be changed."""
    return conn.learning_rule_type is None and isinstance(conn.transform, (Dense, NoTransform))
