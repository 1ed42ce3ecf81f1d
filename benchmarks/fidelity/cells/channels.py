"""From a signal through one ensemble into another: sizes, dimensions, radii, rates, filters."""

from __future__ import annotations

from typing import Any, Callable, Optional, Tuple

import nengo
import numpy as np

from benchmarks.fidelity.cell import Cell, Recording
from benchmarks.fidelity.figures import aligned_error, filtered
from benchmarks.fidelity.signals import white

Range = Tuple[float, float]
READ = 0.02  # s, filter of the probe


def same(x: np.ndarray) -> np.ndarray:
    return x


def channel(
    name: str,
    neurons: int = 200,
    dimensions: int = 1,
    radius: float = 1.0,
    synapse: float = 0.005,
    rms: float = 0.45,
    length: int = 2,
    function: Callable[[Any], Any] = same,
    rates: Optional[Range] = None,
    intercepts: Optional[Range] = None,
    neuron_type: Optional[nengo.neurons.NeuronType] = None,
    duration: float = 2.0,
    dt: float = 0.001,
    high: float = 3.0,
    quick: bool = False,
    seeds: int = 10,
) -> Cell:
    """A chain of ensembles; the first connection between two computes the function."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            network.config[nengo.Ensemble].neuron_type = neuron_type or nengo.LIF()
            if rates is not None:
                network.config[nengo.Ensemble].max_rates = nengo.dists.Uniform(*rates)
            if intercepts is not None:
                network.config[nengo.Ensemble].intercepts = nengo.dists.Uniform(*intercepts)
            stimulus = white(dimensions, radius, high, rms)
            ensembles = [nengo.Ensemble(neurons, dimensions, radius=radius) for _ in range(length)]
            nengo.Connection(stimulus, ensembles[0], synapse=synapse)
            for k, (a, b) in enumerate(zip(ensembles, ensembles[1:])):
                nengo.Connection(a, b, synapse=synapse, function=function if k == 0 else None)
            nengo.Probe(ensembles[-1], synapse=READ, label="output")
        return network

    def figure(run: Recording) -> float:
        first = filtered(run["input"], synapse, dt=dt)
        wanted = np.apply_along_axis(function, 1, first)
        taus = [synapse] * (length - 1) + [READ]
        return aligned_error(filtered(wanted, *taus, dt=dt), run["output"], dt, radius)

    return Cell(f"channel/{name}", build, figure, duration, "error ÷ radius", dt=dt, quick=quick,
                seeds=seeds)  # fmt: skip
