"""Ensembles that feed themselves keep their speed at the time constant that the chip has."""

from __future__ import annotations

import functools
from typing import Any, Sequence

import nengo
import numpy as np
from nengo.transforms import Dense, NoTransform

from loihi_rules.chip.levels import filter_of
from loihi_rules.nengo_parts.transforms import matrix_of, set_matrix
from loihi_rules.notes import Way
from loihi_rules.routes.plan import Choice

WORTH_WHILE = 1e-3  # of a time constant


def keep_speed(ens: nengo.Ensemble, choices: Sequence[Choice], tau: float, dt: float) -> float:
    """The time constant that the chip has for a loop; the loop's weights are made for it.

    An ensemble that feeds itself through a low-pass filter τ, and is given u through the same,
    follows

        τ dx/dt = f(x) − x + u

    (Eliasmith and Anderson, 2003, principle 3). The chip's filter has a decay of 12 bits, and so
    another time constant τ' = k τ (`loihi_rules.chip.levels.filter_of`): 99.4 ms for
    100 ms. With

        f'(x) = (1 − k) x + k f(x),        u' = k u

    it follows the same equation. What the host filters is scaled whatever its filter, as what it
    sends is filtered by (1 + τ s) before. That is done value by value: those of x that no loop
    hands on are filters of their input, which keep their size and follow τ'. Where weights learn,
    or targets are given in the place of a function, all stay as they are, 1 / k times as fast.

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
    values = [c for c in choices if c.entry.conn.post_obj is ens]  # currents into neurons are no u
    same = [c for c in values if _is_same(c, tau)]
    loops = [c.entry.conn for c in same if _is_loop(c, ens)]
    if not loops:
        return tau
    real = filter_of(tau, dt)
    ratio = real / float(np.mean([c.entry.tau or tau for c in same if c.entry.conn in loops]))
    fed = np.zeros(ens.dimensions, bool)
    for conn in loops:
        fed[_filled(conn, ens)] = True
    host = Way.FROM_HOST, Way.BY_HOST
    others = [c for c in values if c.way in host and c not in same]
    sent = [c for c in others if _is_scalable(c.entry.conn)]
    scaled = [
        c.entry.conn for c in [*same, *sent] if fed[_values(ens, c.entry.conn.post_slice)].any()
    ]
    if abs(ratio - 1) < WORTH_WHILE or not all(map(_is_scalable, scaled)):
        return tau
    scales = np.where(fed, ratio, 1.0)
    kept = np.where(fed, 1 - ratio, 0.0)  # of each value, by one loop
    for conn in scaled:
        set_matrix(conn, scales[_values(ens, conn.post_slice), None] * matrix_of(conn))
    for conn in loops:
        _add(conn, ens, kept)
        kept[_filled(conn, ens)] = 0
    return real


def _is_same(choice: Choice, tau: float) -> bool:
    """Whether it has a filter of its compartments' τ, but for the lag that is taken out of it."""
    own = choice.entry.tau or 0.0
    return own > 0 and abs(own - tau) <= abs(choice.entry.lag) + 1e-9


def _values(ens: nengo.Ensemble, part: Any) -> np.ndarray:
    """Indices of the values that a slice takes."""
    return np.asarray(np.arange(ens.dimensions)[part])


def _filled(conn: nengo.Connection, ens: nengo.Ensemble) -> np.ndarray:
    """Indices of the values of its target that a connection adds to."""
    return _values(ens, conn.post_slice)[np.any(matrix_of(conn) != 0, axis=1)]


def _is_loop(choice: Choice, ens: nengo.Ensemble) -> bool:
    """Whether it hands on values of an ensemble to these values themselves, by decoders."""
    conn = choice.entry.conn
    if choice.way != Way.MATRIX or conn.pre_obj is not ens or conn.post_obj is not ens:
        return False
    known = set(_values(ens, conn.pre_slice)) >= set(_filled(conn, ens))
    return known and (conn.function is None or callable(conn.function))


def _is_scalable(conn: nengo.Connection) -> bool:
    """Whether its weights are fixed numbers, in a transform that may be changed."""
    return conn.learning_rule_type is None and isinstance(conn.transform, (Dense, NoTransform))


def _add(conn: nengo.Connection, ens: nengo.Ensemble, shares: np.ndarray) -> None:
    """Let a loop hand on these shares of the values that it fills besides."""
    to, given = list(_values(ens, conn.post_slice)), list(_values(ens, conn.pre_slice))
    share = np.zeros((len(to), len(given)))
    for k in _filled(conn, ens):
        share[to.index(k), given.index(k)] = shares[k]
    matrix, function = matrix_of(conn), conn.function
    if function is None:
        set_matrix(conn, matrix + share)
    elif share.any():

        @functools.wraps(function)
        def with_share(x: np.ndarray) -> np.ndarray:
            return np.asarray(matrix @ np.ravel(function(x)) + share @ x)

        conn.function = with_share
        set_matrix(conn, np.eye(len(to)))
