"""PES: what is learnt, by neurons, dimensions, radius, learning rate, function and signal."""

from __future__ import annotations

from typing import Any, Callable, Optional

import nengo
import numpy as np

from benchmarks.fidelity.cell import Cell, Recording
from benchmarks.fidelity.cells.channels import same
from benchmarks.fidelity.figures import aligned_error, filtered
from benchmarks.fidelity.signals import white


def pes(
    name: str,
    neurons: int = 100,
    dimensions: int = 1,
    radius: float = 1.0,
    learning_rate: float = 1e-3,
    function: Callable[[Any], Any] = same,
    size_out: Optional[int] = None,
    rms: float = 0.45,
    high: float = 3.0,
    start: float = 0.0,
    stop: Optional[float] = None,
    duration: float = 4.0,
    settled: float = 1.0,
    dt: float = 0.001,
    quick: bool = False,
) -> Cell:
    """A connection that learns a function of the signal in units of the radius.

    Parameters
    ----------
    neurons : int
        A dimension.
    start : float
        Gain of the connection before it learns.
    stop : float, optional
        When the error is switched off, in seconds.
    settled : float
        From when on the error counts, in seconds.
    """
    size = dimensions if size_out is None else size_out

    def scaled(x: np.ndarray) -> np.ndarray:
        return radius * np.atleast_1d(function(x / radius))

    def first(x: np.ndarray) -> np.ndarray:
        return start * scaled(x)

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            stimulus = white(dimensions, radius, high, rms)
            wanted = nengo.Node(lambda t, x: scaled(x), size_in=dimensions, size_out=size)
            pre = nengo.Ensemble(neurons * dimensions, dimensions, radius=radius, label="pre")
            post = nengo.Ensemble(neurons * size, size, radius=radius, label="post")
            error = nengo.Ensemble(neurons * size, size, radius=radius, label="error")
            nengo.Connection(stimulus, pre)
            nengo.Connection(stimulus, wanted, synapse=None)
            learned = nengo.Connection(
                pre, post, function=first, learning_rule_type=nengo.PES(learning_rate)
            )
            nengo.Connection(post, error)
            nengo.Connection(wanted, error, transform=-1)
            nengo.Connection(error, learned.learning_rule)
            if stop is not None:
                off = nengo.Node(lambda t: float(t > stop), label="off")
                count = error.n_neurons
                nengo.Connection(off, error.neurons, transform=np.full((count, 1), -30.0))
            nengo.Probe(post, synapse=0.01, label="output")
        return network

    def figure(run: Recording) -> float:
        wanted = np.array([scaled(x) for x in filtered(run["input"], 0.005, dt=dt)])
        ideal = filtered(wanted, 0.005, 0.01, dt=dt)
        return aligned_error(ideal, run["output"], dt, radius, settled)

    return Cell(f"pes/{name}", build, figure, duration, "error ÷ radius", dt=dt, quick=quick)


def moving(name: str, neurons: int = 200, learning_rate: float = 1e-3) -> Cell:
    """The function to be learnt changes its sign after 2.5 s: error from 4 s on."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            stimulus = white()
            wanted = nengo.Node(lambda t, x: x if t < 2.5 else -x, size_in=1)
            pre, post, error = (nengo.Ensemble(neurons, 1) for _ in range(3))
            nengo.Connection(stimulus, pre)
            nengo.Connection(stimulus, wanted, synapse=None)
            learned = nengo.Connection(
                pre, post, function=lambda x: [0.0], learning_rule_type=nengo.PES(learning_rate)
            )
            nengo.Connection(post, error)
            nengo.Connection(wanted, error, transform=-1)
            nengo.Connection(error, learned.learning_rule)
            nengo.Probe(post, synapse=0.01, label="output")
        return network

    def figure(run: Recording) -> float:
        ideal = -filtered(run["input"], 0.005, 0.005, 0.01, dt=run.dt)
        return aligned_error(ideal, run["output"], run.dt, settled=4.0)

    return Cell(f"pes/{name}", build, figure, 6.0)


def two_sources(name: str, neurons: int = 100) -> Cell:
    """Two populations learn the sum of what they hold, from one error."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            stimulus = white(2)
            post, error = nengo.Ensemble(neurons, 1), nengo.Ensemble(neurons, 1)
            for k in range(2):
                pre = nengo.Ensemble(neurons, 1)
                nengo.Connection(stimulus[k], pre)
                learned = nengo.Connection(
                    pre, post, function=lambda x: [0.0], learning_rule_type=nengo.PES(1e-3)
                )
                nengo.Connection(error, learned.learning_rule)
            nengo.Connection(post, error)
            nengo.Connection(stimulus, error, transform=[[-1, -1]])
            nengo.Probe(post, synapse=0.01, label="output")
        return network

    def figure(run: Recording) -> float:
        total = np.sum(run["input"], axis=1, keepdims=True)
        ideal = filtered(total, 0.005, 0.005, 0.01, dt=run.dt)
        return aligned_error(ideal, run["output"], run.dt, settled=1.0)

    return Cell(f"pes/{name}", build, figure, 4.0)


def slices(name: str, neurons: int = 200) -> Cell:
    """From the second of two dimensions into the first of two, by slices."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            stimulus = white(2)
            pre, post = nengo.Ensemble(neurons, 2), nengo.Ensemble(neurons, 2)
            error = nengo.Ensemble(neurons, 1)
            nengo.Connection(stimulus, pre)
            learned = nengo.Connection(
                pre[1], post[0], transform=0, learning_rule_type=nengo.PES(1e-3)
            )
            nengo.Connection(post[0], error)
            nengo.Connection(stimulus[1], error, transform=-1)
            nengo.Connection(error, learned.learning_rule)
            nengo.Probe(post[0], synapse=0.01, label="output")
        return network

    def figure(run: Recording) -> float:
        ideal = filtered(run["input"][:, 1:], 0.005, 0.005, 0.01, dt=run.dt)
        return aligned_error(ideal, run["output"], run.dt, settled=1.0)

    return Cell(f"pes/{name}", build, figure, 4.0)


def held(name: str, value: float, neurons: int = 500, duration: float = 0.6) -> Cell:
    """A constant error for a constant value: how fast the output moves, per second."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            stimulus = nengo.Node([value])
            pre = nengo.Ensemble(neurons, 1, label="pre")
            post = nengo.Node(size_in=1, label="post")
            error = nengo.Node([-0.2], label="error")
            nengo.Connection(stimulus, pre)
            learned = nengo.Connection(
                pre, post, function=lambda x: [0.0], learning_rule_type=nengo.PES(1e-4)
            )
            nengo.Connection(error, learned.learning_rule)
            nengo.Probe(post, synapse=0.02, label="output")
        return network

    def figure(run: Recording) -> float:
        part = run["output"][int(0.15 / run.dt) :, 0]
        return float(np.polyfit(run.dt * np.arange(len(part)), part, 1)[0])

    return Cell(f"pes/{name}", build, figure, duration, "slope of the output, 1/s", "same")


def square(x: np.ndarray) -> np.ndarray:
    return x**2


def product(x: np.ndarray) -> Any:
    return x[0] * x[1]


def wave(x: np.ndarray) -> np.ndarray:
    return np.sin(4 * x)
