"""Vectors that are cleaned up: associative memories."""

from __future__ import annotations

import nengo
import numpy as np

from benchmarks.fidelity.cell import Cell, Recording


def vectors(count: int, dimensions: int, seed: int = 3) -> np.ndarray:
    """(count, dimensions) unit vectors."""
    drawn = np.random.RandomState(seed).randn(count, dimensions)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def associative(
    name: str, items: int = 6, dimensions: int = 16, neurons: int = 50, quick: bool = False
) -> Cell:
    """Each item shown noisily for 0.3 s: the share that comes out as what it is."""
    known = vectors(items, dimensions)
    shown = known + np.random.RandomState(5).randn(items, dimensions) * 0.3 / np.sqrt(dimensions)

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            noisy = nengo.Node(lambda t: shown[int((t - 1e-9) / 0.3) % items], label="noisy")
            memory = nengo.networks.AssociativeMemory(known, n_neurons=neurons)
            memory.add_threshold_to_outputs()
            nengo.Connection(noisy, memory.input)
            nengo.Probe(memory.output, synapse=0.03, label="output")
        return network

    def figure(run: Recording) -> float:
        right = []
        for k in range(items):
            part = run["output"][int((0.3 * k + 0.2) / run.dt) : int(0.3 * (k + 1) / run.dt)]
            mean = np.mean(part, axis=0)
            right.append(int(np.argmax(known @ mean)) == k and float(known[k] @ mean) > 0.5)
        return float(np.mean(right))

    return Cell(
        f"memories/{name}", build, figure, 0.3 * items, "share of items right", "higher",
        quick=quick,
    )  # fmt: skip
