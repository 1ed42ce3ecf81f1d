"""Values of chip neurons that reach others by way of the host, which has any filter."""

from __future__ import annotations

from typing import NamedTuple, Optional, Sequence, Tuple

import nengo
import numpy as np
import scipy.sparse
from nengo.ensemble import Neurons
from nengo.synapses import Lowpass

from loihi_rules.nengo_parts.leads import Lead, steps_of
from loihi_rules.nengo_parts.parameters import with_parameters
from loihi_rules.nengo_parts.transforms import linear_map, set_matrix
from loihi_rules.nengo_parts.wiring import decoded, reconnect, rows_of

LARGEST = 4_000_000  # weights that are looked through
MOST_FACTORED = 1000  # rows and columns of a matrix whose rank is looked for, in half a second
NOTHING = 1e-9  # of the largest singular value
TYPICAL_RATE = 200.0  # Hz, of neurons whose spikes are summed
MOST_AT_ONCE = 32.0  # thresholds; beyond, spikes of the host's would be too coarse, or too many
FURTHEST = 8.0  # thresholds; half of what the host sends at once with its usual spikes


class Relay(NamedTuple):
    """A node on the host, and its connection to the chip.

    Attributes
    ----------
    node : nengo.Node
        Sums what all its sources give, and hands it on.
    out : nengo.Connection
    """

    node: nengo.Node
    out: nengo.Connection


def relay(
    network: nengo.Network,
    target: nengo.Ensemble,
    conns: Sequence[nengo.Connection],
    own: float,
    tau: float,
    dt: float,
    label: str,
) -> Relay:
    """Send what is decoded of chip neurons to others through a node, with the filter asked for.

    The host's filter, and the inverse of the chip's, are exact at any two time constants; see
    `loihi_rules.routes.from_host.before_chip`.

    Parameters
    ----------
    network : nengo.Network
    target : nengo.Ensemble
    conns : sequence of nengo.Connection
        To all of the target, with one filter. Lose it, and end at the node.
    own, tau : float
        Of that filter, and of the target's compartments, seconds.
    dt : float
        Step in seconds.
    label : str
    """
    with network:
        node = nengo.Node(size_in=target.dimensions, label=label)
        node.seed = 0  # which Nengo lets be set, not given
        lead = Lead(Lowpass(own), steps_of(tau, dt))
        out = nengo.Connection(node, target, synapse=lead, seed=0)
    for conn in conns:
        reconnect(conn, post=node)
        conn.synapse = None
    return Relay(node, out)


def values_to_neurons(conn: nengo.Connection) -> int:
    """How many values the host would send for a connection that goes straight to neurons.

    0 where its weights are too many to be looked through, or are not linear in what it decodes.
    """
    if decoded(conn):
        solver = conn.solver
        return int(conn.size_mid) if solver.compositional or not solver.weights else 0
    sizes = conn.size_mid, conn.size_out
    return int(min(sizes)) if sizes[0] * sizes[1] <= LARGEST else 0


def strength(conn: nengo.Connection, gain: Optional[np.ndarray]) -> float:
    """The most that a neuron may get of a connection that goes straight to it, in thresholds.

    Of values that reach 1, and of neurons that all fire at a typical rate.
    """
    amount = np.abs(linear_map(conn)).sum(axis=1)
    each = np.ravel(amount) * (1.0 if decoded(conn) else TYPICAL_RATE)
    own = np.abs(gain)[rows_of(conn.post)] if isinstance(gain, np.ndarray) else 1.0
    return float(np.max(each * own, initial=0.0))


def relay_to_neurons(
    network: nengo.Network,
    conn: nengo.Connection,
    own: float,
    tau: float,
    dt: float,
    gain: np.ndarray,
    furthest: np.ndarray,
    label: str,
) -> Relay:
    """Send what goes straight to neurons through a node, with the filter asked for.

    Its weights W are made a product: what the node is given, and what it gives the neurons, of
    as few values as W has rank, each in thresholds of the neuron that it counts most for, as far
    as it is not more than the host sends at once.

    Parameters
    ----------
    network : nengo.Network
    conn : nengo.Connection
        To neurons. Loses its filter, and ends at the node.
    own, tau : float
        Of that filter, and of the target's compartments, seconds.
    dt : float
        Step in seconds.
    gain : (n,) ndarray
        Of the target's neurons.
    furthest : (size_mid,) ndarray
        The most that each of what its weights are multiplied with is.
    label : str
    """
    post = conn.post
    scale = np.abs(np.asarray(gain, float))[rows_of(post)]
    scale = np.where(scale > 0, scale, 1.0)[:, np.newaxis]
    weights = linear_map(conn)
    weights = np.asarray(weights.toarray() if scipy.sparse.issparse(weights) else weights, float)
    after, before = _factors(scale * weights, decoded(conn))
    largest = np.abs(after).max(axis=0, initial=0.0)
    largest = np.where(largest > 0, largest, 1.0)
    after, before = after / largest, before * largest[:, np.newaxis]
    more = np.maximum(np.abs(before) @ furthest / FURTHEST, 1.0)
    after, before = after * more / scale, before / more[:, np.newaxis]
    with network:
        node = nengo.Node(size_in=len(before), label=label)
        node.seed = 0
        lead = Lead(Lowpass(own), steps_of(tau, dt))
        out = nengo.Connection(node, post, transform=after, synapse=lead, seed=0)
    reconnect(conn, post=node)
    set_matrix(conn, before)
    conn.synapse = None
    return Relay(node, out)


def reached(conn: nengo.Connection, values: Tuple[np.ndarray, ...]) -> np.ndarray:
    """The most that each of what a connection's weights are multiplied with is.

    ``values``: samples of what it decodes, if it does.
    """
    if isinstance(conn.pre_obj, Neurons):
        amplitude = float(getattr(conn.pre_obj.ensemble.neuron_type, "amplitude", 1.0))
        return np.full(conn.size_mid, TYPICAL_RATE * amplitude)
    return np.asarray(np.abs(values[0]).max(axis=0))


def decode(conn: nengo.Connection) -> None:
    """Let a connection's solver give decoders, and not weights, which a node has none of."""
    if conn.solver.weights:
        conn.solver = with_parameters(conn.solver, weights=False)


def _factors(weights: np.ndarray, is_decoded: bool) -> Tuple[np.ndarray, np.ndarray]:
    """Two matrices whose product a matrix is, with as few values between as can be had cheaply."""
    n_out, n_in = weights.shape
    if is_decoded:
        return weights, np.eye(n_in)
    if max(n_out, n_in) <= MOST_FACTORED:
        u, s, v = np.linalg.svd(weights, full_matrices=False)
        rank = max(int(np.sum(s > NOTHING * s.max(initial=0.0))), 1)
        if 2 * rank <= min(n_out, n_in):
            return u[:, :rank] * s[:rank], v[:rank]
    return (weights, np.eye(n_in)) if n_in <= n_out else (np.eye(n_out), weights)
