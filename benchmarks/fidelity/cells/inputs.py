"""Populations with several inputs: of other filters, many of them, large ones that cancel."""

from __future__ import annotations

import nengo
import numpy as np

from benchmarks.fidelity.cell import Cell, Recording
from benchmarks.fidelity.cells.memories import vectors
from benchmarks.fidelity.figures import lag_ms
from benchmarks.fidelity.signals import sine


def cancelled(
    name: str, factor: float, tau: float = 0.1, neurons: int = 200, quick: bool = False
) -> Cell:
    """A value of 0.5, a factor larger, with a constant that takes it back to 0.5."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            a, b = nengo.Ensemble(neurons, 1), nengo.Ensemble(neurons, 1)
            nengo.Connection(nengo.Node([0.5]), a)
            nengo.Connection(a, b, transform=factor, synapse=tau)
            nengo.Connection(nengo.Node([0.5 - 0.5 * factor]), b)
            nengo.Probe(b, synapse=0.05, label="output")
        return network

    def figure(run: Recording) -> float:
        return float(np.mean(run["output"][int(1.0 / run.dt) :]))

    return Cell(f"inputs/{name}", build, figure, 1.5, "value, 0.5 is right", "same", quick=quick)


def difference(name: str, fast: float = 0.001, slow: float = 0.01, neurons: int = 400) -> Cell:
    """A high-pass of two connections between the same two: error in units of its amplitude."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            stimulus = sine(1.5)
            a, b = nengo.Ensemble(neurons, 1), nengo.Ensemble(neurons, 1, radius=0.3)
            nengo.Connection(stimulus, a)
            nengo.Connection(a, b, synapse=fast)
            nengo.Connection(a, b, synapse=slow, transform=-1)
            nengo.Probe(b, synapse=0.02, label="output")
        return network

    def figure(run: Recording) -> float:
        """Amplitude at the signal's frequency."""
        part = run["output"][int(0.666 / run.dt) : int(2.0 / run.dt), 0]
        t = run.dt * np.arange(len(part))
        return float(2 * np.abs(np.mean(part * np.exp(-2j * np.pi * 1.5 * t))))

    return Cell(f"inputs/{name}", build, figure, 2.0, "amplitude", "same")


def beside(name: str, tau: float = 0.01, neurons: int = 300) -> Cell:
    """A connection beside an input of the host's without a filter: lag of what it carries."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            a, b = nengo.Ensemble(neurons, 1), nengo.Ensemble(neurons, 1)
            nengo.Connection(sine(2.0, 0.8), a, synapse=None)
            nengo.Connection(a, b, synapse=tau)
            nengo.Connection(nengo.Node([0.05]), b, synapse=None)
            nengo.Probe(a, synapse=0.01, label="before")
            nengo.Probe(b, synapse=0.01, label="output")
        return network

    def figure(run: Recording) -> float:
        return lag_ms(run["output"], run.dt, 2.0) - lag_ms(run["before"], run.dt, 2.0)

    return Cell(f"inputs/{name}", build, figure, 2.5, "lag, ms", "same", slack=1.0)


def crowd(name: str, silent: int, neurons: int = 340, dimensions: int = 16) -> Cell:
    """A memory with inputs that say nothing: how much of a vector it loses in 1.5 s."""
    kept, length = vectors(1, dimensions)[0], 0.8

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            state = nengo.Ensemble(neurons, dimensions)
            push = nengo.Node(lambda t: kept * length / 0.4 * (t < 0.4), label="push")
            nengo.Connection(push, state, transform=0.1, synapse=0.1)
            nengo.Connection(state, state, synapse=0.1)
            for _ in range(silent):
                quiet = nengo.Ensemble(50, dimensions)
                nengo.Connection(quiet, state, transform=0.1, synapse=0.1)
            nengo.Probe(state, synapse=0.03, label="output")
        return network

    def figure(run: Recording) -> float:
        return abs(float(np.mean(run["output"][int(1.7 / run.dt) :] @ kept)) - length)

    return Cell(f"inputs/{name}", build, figure, 1.9, "what is lost")


def shares(
    name: str, sources: int, neurons: int = 1500, each: int = 100, quick: bool = False
) -> Cell:
    """Sources that each give their share of 0.8 to one population: the value of it."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            target = nengo.Ensemble(neurons, 1)
            level = nengo.Node([0.8])
            for _ in range(sources):
                source = nengo.Ensemble(each, 1)
                nengo.Connection(level, source)
                nengo.Connection(source, target, transform=1.0 / sources)
            nengo.Probe(target, synapse=0.05, label="output")
        return network

    def figure(run: Recording) -> float:
        return float(np.mean(run["output"][int(0.4 / run.dt) :]))

    return Cell(f"inputs/{name}", build, figure, 1.0, "value, 0.8 is right", "same", quick=quick)


def constant(name: str, layers: int, neurons: int = 100, dimensions: int = 2) -> Cell:
    """A held value: how far the mean of a layer is off, by norm."""
    value = np.array([0.5, -0.3])[:dimensions]

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            ensembles = [nengo.Ensemble(neurons, dimensions) for _ in range(layers)]
            nengo.Connection(nengo.Node(value), ensembles[0])
            for a, b in zip(ensembles, ensembles[1:]):
                nengo.Connection(a, b)
            nengo.Probe(ensembles[-1], synapse=0.05, label="output")
        return network

    def figure(run: Recording) -> float:
        return float(np.linalg.norm(np.mean(run["output"][int(0.4 / run.dt) :], axis=0) - value))

    return Cell(f"inputs/{name}", build, figure, 1.4, "bias")


def listed_twice(name: str) -> Cell:
    """A subnetwork that its parent lists twice: what comes out for an input of 0.4."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            inner = nengo.networks.EnsembleArray(100, 2)
            network.networks.append(inner)
            nengo.Connection(nengo.Node([0.4, -0.4]), inner.input)
            nengo.Probe(inner.output, synapse=0.05, label="output")
        return network

    def figure(run: Recording) -> float:
        return float(np.mean(run["output"][int(0.4 / run.dt) :, 0]))

    return Cell(f"inputs/{name}", build, figure, 1.0, "value, 0.4 is right", "same")


def gated(name: str, dimensions: int = 1, neurons: int = 200, quick: bool = False) -> Cell:
    """InputGatedMemory: a value is taken in, the gate closed: its error after two seconds."""
    value = np.full(dimensions, 0.5 / np.sqrt(dimensions))

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            memory = nengo.networks.InputGatedMemory(neurons, dimensions)
            given = nengo.Node(lambda t: value if t < 0.7 else -value, label="given")
            gate = nengo.Node(lambda t: float(t > 0.5), label="gate")
            nengo.Connection(given, memory.input)
            nengo.Connection(gate, memory.gate)
            nengo.Probe(memory.output, synapse=0.03, label="output")
        return network

    def figure(run: Recording) -> float:
        end = np.mean(run["output"][int(2.2 / run.dt) :], axis=0)
        return float(np.sqrt(np.mean((end - value) ** 2)))

    return Cell(f"inputs/{name}", build, figure, 2.5, "error of what is kept", quick=quick)
