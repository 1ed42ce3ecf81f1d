"""What tutorials teach: one neuron that learns, BCM and Oja, one-hot neurons, injection."""

from __future__ import annotations

from typing import Any, List

import nengo
import numpy as np

import deploy
from benchmarks.fidelity.cell import Cell, Recording
from benchmarks.fidelity.cells.rules import unsupervised
from benchmarks.fidelity.cells.single import supervised
from benchmarks.fidelity.program import Program, described
from loihi_rules.blocks.one_hot import one_hot


def imitation() -> Program:
    """Populations of one neuron: what one learns by PES to do as another does, late in the run."""
    cell = supervised("-", duration=6.0)
    return described(cell, "one neuron learns", "one neuron learns by PES to fire as one other")


def drawn_neurons() -> Program:
    """The same with whatever encoders, rates and intercepts are drawn, and a sine."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            drive = nengo.Node(lambda t: np.sin(2 * np.pi * t))
            pre, teacher, output = (nengo.Ensemble(1, 1, label=n) for n in ("pre", "yes", "out"))
            error = nengo.Ensemble(100, 1, seed=7, label="error")
            nengo.Connection(drive, pre)
            nengo.Connection(drive, teacher)
            learned = nengo.Connection(
                pre, output, function=lambda x: [0.0], learning_rule_type=nengo.PES(1e-3)
            )
            nengo.Connection(output, error)
            nengo.Connection(teacher, error, transform=-1)
            nengo.Connection(error, learned.learning_rule)
            nengo.Probe(output.neurons, label="output")
        return network

    def figure(run: Recording) -> float:
        return float(np.mean(run.rates("output", since=4.0)))

    return Program("any one neuron learns", build, figure, 6.0, "rate late, Hz", "same",
                   what="single neurons as they are drawn, and PES")  # fmt: skip


def voices() -> Program:
    """One-hot neurons, each shown for 0.1 s: the share that alone says what is shown."""
    classes = 10

    def build(seed: int) -> nengo.Network:
        order = np.random.RandomState(seed).permutation(classes)
        with nengo.Network(seed=seed) as network:
            shown = nengo.Node(lambda t: np.eye(classes)[order[int((t - 1e-9) / 0.1) % classes]])
            nengo.Probe(shown, label="shown")
            cells = one_hot(classes)
            nengo.Connection(shown, cells)
            nengo.Probe(cells.neurons, label="output")
        return network

    def figure(run: Recording) -> float:
        late = run["output"].reshape(classes, -1, classes)[:, 15:]  # spikes on their way are over
        parts = late.mean(axis=1)
        shown = run["shown"].reshape(classes, -1, classes)[:, 50].argmax(axis=1)
        return float(np.mean(parts[np.arange(classes), shown] / parts.sum(axis=1)))

    return Program("one-hot", build, figure, 1.0, "share of spikes right", "higher",
                   what="ten one-hot neurons, one class after the other")  # fmt: skip


def set_voltages(network: nengo.Network, cell: Cell, target: str, seed: int) -> Recording:
    """Voltages written into the simulator's signals, as tutorials do it."""
    ensemble = network.all_ensembles[0]
    probe = network.all_probes[0]
    first = np.random.RandomState(4).uniform(0, 0.95, ensemble.n_neurons)
    with deploy.Simulator(network, cell.dt, seed, target, progress_bar=False) as sim:
        sim.signals[sim.model.sig[ensemble.neurons]["voltage"]] = first
        sim.run(cell.duration)
        return Recording({"output": np.array(sim.data[probe])}, cell.dt, seed)


def injected() -> Program:
    """Neurons with a voltage of their own each: when they fire first, as mean and spread."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            cells = nengo.Ensemble(50, 1, max_rates=nengo.dists.Uniform(60, 120),
                                   intercepts=nengo.dists.Uniform(-0.9, -0.3))  # fmt: skip
            nengo.Connection(nengo.Node([0.2]), cells, synapse=None)
            nengo.Probe(cells.neurons, label="output")
        return network

    def figure(run: Recording) -> float:
        spikes = run["output"] > 0
        return float(1e3 * run.dt * np.mean(np.argmax(spikes, axis=0)))

    return Program("voltages set", build, figure, 0.2, "first spikes, ms", "same", slack=1.0,
                   run=set_voltages, what="voltages put into neurons by `sim.signals`")  # fmt: skip


def suppression() -> Program:
    """A sine under noise through two populations; how much of the noise is left."""

    def build(seed: int) -> nengo.Network:
        noise = nengo.processes.FilteredNoise(nengo.Alpha(0.005), nengo.dists.Gaussian(0, 0.02),
                                              seed=3)  # fmt: skip
        with nengo.Network(seed=seed) as network:
            clean = nengo.Node(lambda t: 0.7 * np.sin(2 * np.pi * t))
            noisy = nengo.Node(noise, size_out=1)
            first, second = nengo.Ensemble(200, 1), nengo.Ensemble(200, 1)
            nengo.Connection(clean, first)
            nengo.Connection(noisy, first)
            nengo.Connection(first, second, synapse=0.05)
            nengo.Probe(clean, label="clean")
            nengo.Probe(second, synapse=0.02, label="output")
        return network

    def figure(run: Recording) -> float:
        from benchmarks.fidelity.figures import aligned_error, filtered

        ideal = filtered(run["clean"], 0.005, 0.05, 0.02, dt=run.dt)
        return aligned_error(ideal, run["output"], run.dt)

    return Program("noise suppressed", build, figure, 2.0, "error", what="a sine out of noise")


def _rule(rule: str, part: str, what: str) -> Any:
    return described(unsupervised("-", rule, part), f"{rule}, {part}", what)


def programs() -> List[Program]:
    return [
        imitation(), drawn_neurons(), voices(), injected(), suppression(),
        _rule("BCM", "rate", "BCM with both populations on the chip: what it makes fire"),
        _rule("BCM", "learnt", "BCM: how much the weights change"),
        _rule("Oja", "learnt", "Oja: how much the weights change"),
    ]  # fmt: skip
