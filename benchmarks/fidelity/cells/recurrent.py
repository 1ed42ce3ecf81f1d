"""Networks with a connection back: integrator, oscillator, Legendre memory, attractor."""

from __future__ import annotations

from typing import Any, List, Optional

import nengo
import numpy as np
from scipy.linalg import expm

from benchmarks.fidelity.cell import Cell, Recording
from benchmarks.fidelity.figures import aligned_error, filtered, frequency
from benchmarks.fidelity.signals import white


def integrator(
    name: str,
    neurons: int = 200,
    tau: float = 0.1,
    dimensions: int = 1,
    neuron_type: Optional[nengo.neurons.NeuronType] = None,
    duration: float = 2.5,
    dt: float = 0.001,
    quick: bool = False,
) -> Cell:
    """Up to 0.6 and then left alone: the figure is the mean level after that."""
    goal = 0.6 / np.sqrt(dimensions)

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            network.config[nengo.Ensemble].neuron_type = neuron_type or nengo.LIF()
            push = nengo.Node(
                lambda t: np.full(dimensions, goal / 0.5 if 0.1 < t <= 0.6 else 0.0), label="push"
            )
            kept = nengo.Ensemble(neurons, dimensions)
            nengo.Connection(push, kept, transform=tau, synapse=tau)
            nengo.Connection(kept, kept, synapse=tau)
            nengo.Probe(kept, synapse=0.02, label="output")
        return network

    def figure(run: Recording) -> float:
        level = run["output"][int(0.8 / dt) :]
        return float(np.sqrt(np.mean((level - goal) ** 2)))

    return Cell(
        f"integrator/{name}", build, figure, duration, "level, off what was integrated", dt=dt,
        quick=quick,
    )  # fmt: skip


def oscillator(
    name: str,
    hertz: float = 1.0,
    neurons: int = 200,
    tau: float = 0.1,
    input_tau: float = 0.005,
    duration: float = 3.0,
    growth: float = 1.1,
    dt: float = 0.001,
    quick: bool = False,
) -> Cell:
    """Kicked once through a short filter, then on its own: its speed in Hz."""
    turn = 2 * np.pi * hertz * tau

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            kick = nengo.Node(lambda t: [1.0, 0.0] if t < 0.1 else [0.0, 0.0], label="kick")
            swing = nengo.Ensemble(neurons, 2)
            nengo.Connection(kick, swing, synapse=input_tau)
            loop = [[growth, -turn], [turn, growth]]
            nengo.Connection(swing, swing, transform=loop, synapse=tau)
            nengo.Probe(swing, synapse=0.03, label="output")
        return network

    def figure(run: Recording) -> float:
        return frequency(run["output"], run.dt)

    return Cell(
        f"oscillator/{name}", build, figure, duration, "speed, Hz", "same", dt=dt, quick=quick
    )


def legendre(order: int, theta: float) -> Any:
    """A and B of the Legendre delay network (Voelker, Kajić and Eliasmith, 2019, eq. 2)."""
    q = np.arange(order)
    r = (2 * q + 1)[:, None] / theta
    j, i = np.meshgrid(q, q)
    a = np.where(i < j, -1.0, (-1.0) ** (i - j + 1)) * r
    b = (-1.0) ** q[:, None] * r
    return a, b


def memory_of(signal: np.ndarray, order: int, theta: float, dt: float) -> np.ndarray:
    """The state of the delay network, computed exactly."""
    a, b = legendre(order, theta)
    whole = expm(dt * np.block([[a, b], [np.zeros((1, order + 1))]]))
    advance, enter = whole[:order, :order], whole[:order, order]
    state, states = np.zeros(order), []
    for value in signal[:, 0]:
        state = advance @ state + enter * value
        states.append(state)
    return np.array(states)


def lmu(
    name: str,
    neurons: int = 150,
    order: int = 6,
    theta: float = 0.5,
    tau: float = 0.1,
    array: bool = True,
    duration: float = 3.0,
    quick: bool = False,
) -> Cell:
    """A Legendre memory unit: as an EnsembleArray, or as one ensemble of all dimensions."""
    a, b = legendre(order, theta)

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            stimulus = white(1, 1.0, high=2.0, rms=0.4)
            if array:
                state = nengo.networks.EnsembleArray(neurons, order)
                into, out_of = state.input, state.output
            else:
                into = out_of = nengo.Ensemble(neurons * order, order, radius=1.2)
            nengo.Connection(stimulus, into, transform=tau * b, synapse=tau)
            nengo.Connection(out_of, into, transform=tau * a + np.eye(order), synapse=tau)
            nengo.Probe(out_of, synapse=0.01, label="output")
        return network

    def figure(run: Recording) -> float:
        wanted = filtered(memory_of(run["input"], order, theta, run.dt), 0.01)
        return aligned_error(wanted, run["output"], run.dt)

    return Cell(f"lmu/{name}", build, figure, duration, quick=quick)


def lorenz(name: str, neurons: int = 2000, duration: float = 6.0) -> Cell:
    """The Lorenz attractor: how far its first coordinate spreads."""
    tau, sigma, beta, rho = 0.1, 10.0, 8.0 / 3, 28.0

    def flow(x: np.ndarray) -> List[float]:
        change = [
            sigma * (x[1] - x[0]),
            -x[0] * x[2] - x[1],
            x[0] * x[1] - beta * (x[2] + rho) - rho,
        ]
        return [tau * c + s for c, s in zip(change, x)]

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            state = nengo.Ensemble(neurons, 3, radius=60)
            nengo.Connection(state, state, function=flow, synapse=tau)
            nengo.Probe(state, synapse=0.01, label="output")
        return network

    def figure(run: Recording) -> float:
        return float(np.std(run["output"][int(1.0 / run.dt) :, 0]))

    return Cell(f"lorenz/{name}", build, figure, duration, "spread of x", "same")
