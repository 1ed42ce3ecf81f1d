"""Nengo's own networks of ensembles: arrays, products, convolution, action selection."""

from __future__ import annotations

import nengo
import numpy as np

from benchmarks.fidelity.cell import Cell, Recording
from benchmarks.fidelity.cells.memories import vectors
from benchmarks.fidelity.figures import aligned_error, filtered, rmse
from benchmarks.fidelity.signals import white


def ensemble_array(
    name: str, neurons: int = 100, dimensions: int = 4, duration: float = 1.5, quick: bool = False
) -> Cell:
    """Two arrays in a row."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            stimulus = white(dimensions, np.sqrt(dimensions))
            a, b = (nengo.networks.EnsembleArray(neurons, dimensions) for _ in range(2))
            nengo.Connection(stimulus, a.input)
            nengo.Connection(a.output, b.input)
            nengo.Probe(b.output, synapse=0.02, label="output")
        return network

    def figure(run: Recording) -> float:
        ideal = filtered(run["input"], 0.005, 0.005, 0.02, dt=run.dt)
        return aligned_error(ideal, run["output"], run.dt)

    return Cell(f"arrays/{name}", build, figure, duration, quick=quick)


def product(
    name: str, dimensions: int = 1, neurons: int = 200, duration: float = 1.5, quick: bool = False
) -> Cell:
    """Two signals multiplied, dimension by dimension."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            stimulus = white(2 * dimensions, np.sqrt(2 * dimensions))
            times = nengo.networks.Product(neurons, dimensions)
            nengo.Connection(stimulus[:dimensions], times.input_a)
            nengo.Connection(stimulus[dimensions:], times.input_b)
            nengo.Probe(times.output, synapse=0.02, label="output")
        return network

    def figure(run: Recording) -> float:
        inputs = filtered(run["input"], 0.005, dt=run.dt)
        ideal = filtered(inputs[:, :dimensions] * inputs[:, dimensions:], 0.02, dt=run.dt)
        return aligned_error(ideal, run["output"], run.dt)

    return Cell(f"arrays/{name}", build, figure, duration, quick=quick)


def convolution(
    name: str, dimensions: int = 8, neurons: int = 100, duration: float = 0.6, quick: bool = False
) -> Cell:
    """Two vectors bound by circular convolution: error of the mean."""
    a, b = vectors(2, dimensions)
    bound = np.fft.irfft(np.fft.rfft(a) * np.fft.rfft(b), n=dimensions)

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            binds = nengo.networks.CircularConvolution(neurons, dimensions)
            nengo.Connection(nengo.Node(a), binds.input_a)
            nengo.Connection(nengo.Node(b), binds.input_b)
            nengo.Probe(binds.output, synapse=0.03, label="output")
        return network

    def figure(run: Recording) -> float:
        return rmse(bound, np.mean(run["output"][int(0.2 / run.dt) :], axis=0))

    return Cell(f"arrays/{name}", build, figure, duration, quick=quick)


def selection(name: str, actions: int = 4, thalamus: bool = True, quick: bool = False) -> Cell:
    """Basal ganglia (and thalamus): each action is the best for 0.25 s, by 0.3.

    The figure: the mean difference of the chosen from the highest other output, by the output that
    an action has when it is chosen.
    """
    each = 0.25

    def utilities(t: float) -> np.ndarray:
        values = np.full(actions, 0.5)
        values[int((t - 1e-9) / each) % actions] = 0.8
        return values

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            wanted = nengo.Node(utilities)
            ganglia = nengo.networks.BasalGanglia(actions)
            nengo.Connection(wanted, ganglia.input)
            out = ganglia.output
            if thalamus:
                relay = nengo.networks.Thalamus(actions)
                nengo.Connection(ganglia.output, relay.input)
                out = relay.output
            nengo.Probe(out, synapse=0.02, label="output")
        return network

    def figure(run: Recording) -> float:
        apart = []
        for k in range(actions):
            part = run["output"][int((each * k + 0.15) / run.dt) : int(each * (k + 1) / run.dt)]
            mean = np.mean(part, axis=0)
            apart.append(mean[k] - np.max(np.delete(mean, k)))
        return float(np.mean(apart))

    return Cell(
        f"arrays/{name}", build, figure, each * actions, "chosen less the next", "same",
        quick=quick,
    )  # fmt: skip
