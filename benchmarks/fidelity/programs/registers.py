"""Vectors that stand for symbols, in registers of ensembles, with rules that choose what flows."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import nengo
import numpy as np

DIMENSIONS_EACH = 16  # of one ensemble
NEURONS_EACH = 50  # a dimension


def symbols(dimensions: int, *names: str) -> Dict[str, np.ndarray]:
    """Names to unit vectors that are nearly orthogonal, the same for every seed of the neurons."""
    rng = np.random.RandomState(dimensions)
    found: Dict[str, np.ndarray] = {}
    for name in names:
        while True:
            drawn = rng.randn(dimensions)
            drawn /= np.linalg.norm(drawn)
            if all(abs(float(drawn @ other)) < 0.35 for other in found.values()):
                break
        found[name] = drawn
    return found


def bind(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Circular convolution."""
    return np.fft.irfft(np.fft.rfft(a) * np.fft.rfft(b), n=len(a))


def inverse(a: np.ndarray) -> np.ndarray:
    """What undoes `bind`, nearly."""
    return np.concatenate([a[:1], a[:0:-1]])


def register(
    dimensions: int, keeps: Optional[float] = None, each: int = DIMENSIONS_EACH
) -> nengo.networks.EnsembleArray:
    """Ensembles of 16 dimensions that hold a vector; with a time constant, for longer."""
    each = min(each, dimensions)
    array = nengo.networks.EnsembleArray(
        NEURONS_EACH * each, dimensions // each, ens_dimensions=each
    )
    if keeps is not None:
        nengo.Connection(array.output, array.input, synapse=keeps)
    return array


def schedule(vectors: Dict[str, np.ndarray], *parts: Any) -> nengo.Node:
    """A node with the vector of each part, ``(until, name)``, and nothing afterwards."""
    nothing = np.zeros(len(next(iter(vectors.values()))))

    def output(t: float) -> np.ndarray:
        for until, name in parts:
            if t <= until:
                return vectors[name] if name else nothing
        return nothing

    return nengo.Node(output)


class Rules:
    """Basal ganglia and thalamus over a list of conditions.

    Parameters
    ----------
    conditions : list of list of (register, vector)
        The utility of each action is the sum of the dot products.
    """

    def __init__(self, conditions: List[List[Any]]):
        count = len(conditions)
        self.ganglia = nengo.networks.BasalGanglia(count)
        self.thalamus = nengo.networks.Thalamus(count)
        nengo.Connection(self.ganglia.output, self.thalamus.input)
        for k, terms in enumerate(conditions):
            for source, vector in terms:
                nengo.Connection(
                    source.output, self.ganglia.input[k], transform=np.atleast_2d(vector)
                )
        self.output = self.thalamus.output

    def say(self, action: int, goal: nengo.networks.EnsembleArray, vector: np.ndarray) -> None:
        """While an action is chosen, a vector goes into a register."""
        nengo.Connection(self.output[action], goal.input, transform=vector[:, None])

    def route(
        self, action: int, source: Any, goal: Any, transform: Any = None, neurons: int = 50
    ) -> None:
        """While an action is chosen, what a register holds goes into another."""
        size = source.output.size_out
        channel = register(size)
        nengo.Connection(source.output, channel.input)
        matrix = np.eye(size) if transform is None else transform
        nengo.Connection(channel.output, goal.input, transform=matrix)
        gate = nengo.Ensemble(
            neurons, 1, encoders=nengo.dists.Choice([[1]]), intercepts=nengo.dists.Uniform(0.3, 0.9)
        )
        nengo.Connection(nengo.Node([1.0]), gate)
        nengo.Connection(self.output[action], gate, transform=-1)
        for ensemble in channel.ea_ensembles:
            inhibits = np.full((ensemble.n_neurons, 1), -3.0)
            nengo.Connection(gate, ensemble.neurons, transform=inhibits)


def circulant(vector: np.ndarray) -> np.ndarray:
    """The matrix that binds with a vector."""
    return np.stack([bind(unit, vector) for unit in np.eye(len(vector))], axis=1)
