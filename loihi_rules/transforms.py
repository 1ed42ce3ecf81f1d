"""Transforms of connections as matrices."""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np
from nengo.simulator import Simulator as NengoSimulator
from nengo.transforms import Convolution, Dense, NoTransform, Sparse

CONVOLUTIONS = tuple(
    getattr(nengo.transforms, name)
    for name in ("Convolution", "ConvolutionTranspose")
    if hasattr(nengo.transforms, name)  # ConvolutionTranspose came with Nengo 4
)


def matrix_of(conn: nengo.Connection) -> np.ndarray:
    """(size_out, size_mid) matrix of a connection's transform.

    Drawn from the connection's seed, as Nengo draws it for a connection from a node or from
    neurons. Of a convolution, each column is what Nengo core makes of one unit input.
    """
    transform = conn.transform
    if isinstance(transform, NoTransform):
        return np.eye(conn.size_mid)
    if isinstance(transform, CONVOLUTIONS):
        return _columns(transform, conn.seed)
    sampled = transform.sample(rng=np.random.RandomState(conn.seed))
    if isinstance(transform, Sparse):
        return np.asarray(sampled.toarray())
    if np.ndim(sampled) == 2:
        return np.asarray(sampled)
    return np.eye(conn.size_mid) * sampled  # one factor, or one a dimension


def _columns(transform: Convolution, seed: Any) -> np.ndarray:
    n = transform.size_in
    with nengo.Network(add_to_container=False) as network:
        units = nengo.Node(nengo.processes.PresentInput(np.eye(n), 0.001))
        out = nengo.Node(size_in=transform.size_out)
        nengo.Connection(units, out, transform=transform, synapse=None, seed=seed)
        probe = nengo.Probe(out)
    with NengoSimulator(network, progress_bar=False, optimize=False) as simulator:
        simulator.run_steps(n, progress_bar=False)
        return np.array(simulator.data[probe]).T


def set_matrix(conn: nengo.Connection, matrix: np.ndarray) -> None:
    """Give a connection a dense transform."""
    conn.transform = Dense(matrix.shape, init=matrix)
