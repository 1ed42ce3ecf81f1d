"""Populations of one neuron, whose decoded spikes are far beyond any radius."""

from __future__ import annotations

import nengo
import numpy as np

from benchmarks.fidelity.cell import Cell, Recording


def supervised(name: str, learning_rate: float = 1e-3, duration: float = 5.0) -> Cell:
    """One neuron learns by PES to do what one other does: its rate late in the run."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            error = nengo.Ensemble(100, 1, seed=seed + 1000, label="error")
            network.config[nengo.Ensemble].max_rates = nengo.dists.Choice([100])
            network.config[nengo.Ensemble].intercepts = nengo.dists.Choice([0])
            network.config[nengo.Ensemble].encoders = nengo.dists.Choice([[1]])
            teach = nengo.Node(lambda t: 0.8 if t % 1 < 0.6 else 0.0, label="teach")
            pre, teacher, output = (
                nengo.Ensemble(1, 1, label=label) for label in ("pre", "teacher", "output")
            )
            nengo.Connection(teach, pre)
            nengo.Connection(teach, teacher)
            learned = nengo.Connection(
                pre, output, function=lambda x: [0.0], learning_rule_type=nengo.PES(learning_rate)
            )
            nengo.Connection(output, error)
            nengo.Connection(teacher, error, transform=-1)
            nengo.Connection(error, learned.learning_rule)
            nengo.Probe(output.neurons, label="output")
        return network

    def figure(run: Recording) -> float:
        return float(np.mean(run.rates("output", since=duration - 2)))

    return Cell(f"single/{name}", build, figure, duration, "rate late, Hz", "same")
