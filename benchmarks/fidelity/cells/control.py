"""Closed loops over the host: a pendulum that ensembles hold, by a P and by a PID controller."""

from __future__ import annotations

from typing import Optional

import nengo
import numpy as np

from benchmarks.fidelity.cell import Cell, Recording


class Pendulum:
    """A rod that a torque turns, with little friction; its state is its angle and speed."""

    def __init__(self, dt: float = 0.001, extra: float = 0.0):
        self.dt, self.extra = dt, extra
        self.angle, self.speed = 0.0, 0.0

    def __call__(self, t: float, torque: np.ndarray) -> np.ndarray:
        pull = 40.0 * float(np.clip(torque[0], -5, 5)) - self.extra * np.sin(self.angle)
        self.speed += self.dt * (pull - 1.5 * self.speed)
        self.angle += self.dt * self.speed
        return np.array([self.angle, self.speed])


def goal_of(t: float) -> float:
    """0.5 rad to one side, then to the other, 2 s each."""
    return 0.5 if t % 4 < 2 else -0.5


def pendulum(
    name: str,
    integral: float = 0.0,
    damping: float = 0.0,
    synapse: Optional[float] = None,
    neurons: int = 300,
    adapts: bool = False,
    duration: float = 6.0,
) -> Cell:
    """How far the angle is off the one that is wanted (rms, radians).

    The torque comes one step late, and nothing else is filtered if no synapse is given.
    """

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            body = nengo.Node(Pendulum(extra=20.0 if adapts else 0.0), size_in=1, size_out=2,
                              label="pendulum")  # fmt: skip
            wanted = nengo.Node(goal_of, label="wanted")
            off = nengo.Ensemble(neurons, 1, radius=1.5, label="off")
            nengo.Connection(wanted, off, synapse=synapse)
            nengo.Connection(body[0], off, transform=-1, synapse=synapse)
            nengo.Connection(off, body, transform=5.0, synapse=0)
            if damping:
                moving = nengo.Ensemble(neurons, 1, radius=8, label="moving")
                nengo.Connection(body[1], moving, synapse=synapse)
                nengo.Connection(moving, body, transform=-damping, synapse=0)
            if integral:
                summed = nengo.Ensemble(neurons, 1, label="summed")
                nengo.Connection(summed, summed, synapse=0.1)
                nengo.Connection(off, summed, transform=0.1, synapse=0.1)
                nengo.Connection(summed, body, transform=integral, synapse=0)
            if adapts:
                state = nengo.Ensemble(neurons, 2, radius=2, label="state")
                nengo.Connection(body, state, transform=[[1, 0], [0, 0.15]], synapse=synapse)
                learned = nengo.Connection(
                    state, body, function=lambda x: [0.0],
                    learning_rule_type=nengo.PES(1e-4), synapse=0,
                )  # fmt: skip
                nengo.Connection(off, learned.learning_rule, transform=-1.0, synapse=synapse)
            nengo.Probe(body[0], label="angle")
            nengo.Probe(wanted, label="wanted")
        return network

    def figure(run: Recording) -> float:
        begin = int((duration - 4.0 if adapts else 0.5) / run.dt)
        return float(np.sqrt(np.mean((run["angle"] - run["wanted"])[begin:] ** 2)))

    return Cell(f"control/{name}", build, figure, duration, "angle off, rms")
