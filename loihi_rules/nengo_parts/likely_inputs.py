"""What an ensemble is likely to be given, found without running any code of the model's author."""

from __future__ import annotations

from typing import Any, Optional

import nengo
import numpy as np

from loihi_rules.nengo_parts.transforms import CONVOLUTIONS, matrix_of
from loihi_rules.nengo_parts.wiring import base_of, columns_of, rows_of

DRAWN = 2000  # steps of a random process
HELD = 0.05  # s, that each evaluation point is shown where the signal is not known


def likely_inputs(
    network: nengo.Network,
    ens: nengo.Ensemble,
    points: np.ndarray,
    chosen: bool,
    n_samples: int,
    every: float,
    dt: float,
    rng: np.random.RandomState,
) -> np.ndarray:
    """Samples of what an ensemble represents.

    Where all that comes in is constants and Nengo's own processes, that is what they give. The
    functions of nodes may have effects, and are not called: beside any other input it is
    evaluation points, one after the other for 50 ms each. Those that the author has not chosen fill
    a ball, and in many dimensions lie at its rim; they are shrunk by factors from 0 to 1.

    Parameters
    ----------
    network : nengo.Network
    ens : nengo.Ensemble
        With a seed, as all objects of the network.
    points : (n_points, dimensions) ndarray
        Its evaluation points.
    chosen : bool
        Whether the author has chosen them.
    n_samples : int
        How many.
    every : float
        Seconds between two.
    dt : float
        Step, s.
    rng : numpy.random.RandomState

    Returns
    -------
    (n_samples, dimensions) ndarray
    """
    known = _known(network, ens, n_samples, every, dt)
    if known is not None:
        return known
    shown = -(-n_samples * every // HELD)
    order = rng.permutation(len(points))[np.arange(int(shown)) % len(points)]
    seen = points[order]
    if not chosen:
        seen = seen * rng.uniform(size=(len(seen), 1))
    return np.asarray(seen[np.arange(n_samples) * len(seen) // n_samples])


def are_known(network: nengo.Network, ens: nengo.Ensemble, dt: float) -> bool:
    """Whether all that an ensemble is given are constants and Nengo's own processes."""
    return _known(network, ens, 1, dt, dt) is not None


def largest_value(
    network: nengo.Network, node: nengo.Node, columns: np.ndarray, dt: float
) -> Optional[float]:
    """The largest magnitude of what a node gives, as far as it can be known without running it.

    Of `values_of`; those that draw at random may go twice as far.

    Parameters
    ----------
    network : nengo.Network
    node : nengo.Node
    columns : ndarray of int
        Of its dimensions, those that count.
    dt : float
        Step, s.

    Returns
    -------
    float or None
        None where a function of the author's says what it gives.
    """
    values = values_of(network, node, dt)
    if values is None:
        return None
    room = 1.0 if is_whole(network, node) else 2.0
    return room * float(np.abs(values[:, columns]).max(initial=0.0))


def values_of(network: nengo.Network, node: nengo.Node, dt: float) -> Optional[np.ndarray]:
    """(n, size) values that a node has: all, or those of `DRAWN` steps of a random process.

    Of constants, of what its user says that it gives (``network.config[node].pilot_inputs``), and
    of Nengo's own processes. None where a function of the author's says what it gives.
    """
    output = node.output
    samples = _said(network, node)
    if samples is None and isinstance(output, np.ndarray):
        samples = output
    if samples is None and _is_nengos(output):
        if isinstance(output, nengo.processes.PresentInput):
            samples = output.inputs
        elif isinstance(output, nengo.processes.Piecewise):
            samples = np.array(list(output.data.values()), float)
        else:
            rng = np.random.RandomState(node.seed)
            samples = output.run_steps(DRAWN, d=node.size_out, dt=dt, rng=rng)
    if samples is None:
        return None
    return np.asarray(samples, float).reshape(-1, node.size_out)


def _said(network: nengo.Network, node: nengo.Node) -> Any:
    return getattr(network.config[node], "pilot_inputs", None)


def is_whole(network: nengo.Network, node: nengo.Node) -> bool:
    """Whether `values_of` are all that it gives."""
    listed = (nengo.processes.PresentInput, nengo.processes.Piecewise)
    held = isinstance(node.output, (np.ndarray, *listed))
    return held or _said(network, node) is not None


def _known(
    network: nengo.Network, ens: nengo.Ensemble, n_samples: int, every: float, dt: float
) -> Optional[np.ndarray]:
    """What constants and processes give it; None if it gets anything else, or nothing."""
    total = np.zeros((n_samples, ens.dimensions))
    inputs = [conn for conn in network.all_connections if base_of(conn.post) is ens]
    for conn in inputs:
        given = _given(conn, n_samples, every, dt)
        if given is None:
            return None
        total[:, rows_of(conn.post)] += given
    return total if inputs else None


def _given(conn: nengo.Connection, n_samples: int, every: float, dt: float) -> Optional[np.ndarray]:
    node = base_of(conn.pre)
    to_ensemble = isinstance(conn.post_obj, nengo.Ensemble)
    if not isinstance(node, nengo.Node) or conn.function is not None or not to_ensemble:
        return None
    if isinstance(conn.transform, CONVOLUTIONS):
        return None
    stride = max(1, round(every / dt))
    if isinstance(node.output, np.ndarray):
        values = np.tile(node.output, (n_samples, 1))
    elif _is_nengos(node.output):
        rng = np.random.RandomState(node.seed)
        values = node.output.run_steps(n_samples * stride, d=node.size_out, dt=dt, rng=rng)
        if conn.synapse is not None:
            values = conn.synapse.filt(values, dt=dt, y0=0)
        values = values[::stride]
    else:
        return None
    return np.asarray(values[:, columns_of(conn.pre)] @ matrix_of(conn).T)


def _is_nengos(output: object) -> bool:
    """Whether a node's output is a process without code of the author's."""
    if type(output).__module__ != nengo.processes.__name__ or not isinstance(output, nengo.Process):
        return False
    if isinstance(output, nengo.processes.Piecewise):
        return not any(callable(value) for value in output.data.values())
    return not isinstance(output, nengo.synapses.Synapse) and not output.default_size_in
