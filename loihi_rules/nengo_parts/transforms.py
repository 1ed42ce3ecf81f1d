"""Transforms of connections as matrices."""

from __future__ import annotations

import itertools
from typing import Any

import nengo
import numpy as np
import scipy.sparse
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
    neurons.
    """
    if isinstance(conn.transform, NoTransform):
        return np.eye(conn.size_mid)
    if isinstance(conn.transform, Dense):
        sampled = _sampled(conn.transform, conn.seed)
        whole = np.ndim(sampled) == 2
        return sampled if whole else np.diag(np.broadcast_to(sampled, conn.size_mid))
    matrix = linear_map(conn)
    return np.asarray(matrix.toarray() if scipy.sparse.issparse(matrix) else matrix)


def linear_map(conn: nengo.Connection) -> Any:
    """As `matrix_of`, a scipy.sparse matrix where most of it is zero by its kind."""
    transform = conn.transform
    if isinstance(transform, NoTransform):
        return scipy.sparse.identity(conn.size_mid, format="csr")
    if isinstance(transform, Convolution):
        return _convolution(transform, transform.sample(rng=np.random.RandomState(conn.seed)))
    if isinstance(transform, CONVOLUTIONS):
        return _columns(transform, conn.seed)
    sampled = _sampled(transform, conn.seed)
    if isinstance(transform, Sparse):
        own = scipy.sparse.issparse(sampled)  # of a user's, Nengo's SparseMatrix otherwise
        return scipy.sparse.csr_matrix(sampled if own else sampled.allocate())
    if np.ndim(sampled) == 2:
        return np.asarray(sampled)
    return scipy.sparse.diags(np.broadcast_to(sampled, conn.size_mid)).tocsr()


def _sampled(transform: Any, seed: Any) -> Any:
    """A transform's numbers, drawn where they are not given: a generator takes long to make."""
    if type(transform) is Dense and not isinstance(transform.init, nengo.dists.Distribution):
        return np.asarray(transform.init)
    return transform.sample(rng=np.random.RandomState(seed))


def _convolution(transform: Convolution, kernel: np.ndarray) -> Any:
    """The matrix of a convolution of any dimensions (in truth a correlation, as Nengo's is).

        y[p, f] = Σ_{k, c} kernel[k, c, f] x[p · stride + k − padding, c]

    with half of the zeros, rounded down, before the first of ``x``, and the channels c of
    one group (Nengo core, ``builder/transforms.py``, ``calc_pad`` and ``conv2d_groups``).
    """
    space, strides = transform.input_shape.spatial_shape, transform.strides
    after, sizes = transform.output_shape.spatial_shape, transform.kernel_size
    n_channels, n_filters = kernel.shape[-2:]
    groups = transform.input_shape.n_channels // n_channels
    inputs = _indices(transform.input_shape)
    outputs = _indices(transform.output_shape)
    before = [
        max((out - 1) * stride + size - length, 0) // 2 if transform.padding == "same" else 0
        for out, stride, size, length in zip(after, strides, sizes, space)
    ]
    places = np.stack(np.meshgrid(*map(np.arange, after), indexing="ij"), axis=-1)
    places = places.reshape(-1, len(after))
    filters = np.arange(n_filters)
    first = filters // (n_filters // groups) * n_channels  # channel of each filter's group
    rows, columns, values = [], [], []
    for offset in itertools.product(*map(range, sizes)):
        taken = places * strides + offset - before
        inside = np.all((taken >= 0) & (taken < space), axis=1)
        at, to = inputs[tuple(taken[inside].T)], outputs[tuple(places[inside].T)]
        for channel in range(n_channels):
            rows.append(to.ravel())
            columns.append(at[:, first + channel].ravel())
            values.append(np.tile(kernel[(*offset, channel)], len(at)))
    shape = transform.size_out, transform.size_in
    entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return scipy.sparse.csr_matrix(entries, shape=shape)


def _indices(shape: Any) -> np.ndarray:
    """Where the elements of an image are in the flat vector, channels last."""
    flat = np.arange(shape.size).reshape(shape.shape)
    return flat if shape.channels_last else np.moveaxis(flat, 0, -1)


def _columns(transform: Any, seed: Any) -> np.ndarray:
    """Each column is what Nengo core makes of one unit input."""
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
