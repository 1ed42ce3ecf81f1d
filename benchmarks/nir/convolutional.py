"""The paper's convolutional network on random events."""

from __future__ import annotations

from pathlib import Path
from typing import List

import numpy as np

from benchmarks.nir.activity import agreement, cosine_of_counts, spikes
from benchmarks.nir.table import Table

N_INPUTS = 2 * 34 * 34
N_STEPS = 300  # as long as a sample of N-MNIST
RATES = (0.005, 0.02, 0.05)  # share of all pixels that have an event in a step


def events(seed: int, rate: float, n_steps: int = N_STEPS) -> np.ndarray:
    """(n_steps, n_inputs) random events."""
    return np.random.RandomState(seed).uniform(size=(n_steps, N_INPUTS)) < rate


def tables(paper: Path, seeds: int) -> List[Table]:
    """A row a layer and rate of events."""
    path = paper / "cnn" / "cnn_sinabs.nir"
    rows = []
    for rate in RATES:
        signals = [events(seed, rate) for seed in range(seeds)]
        reference = [spikes(path, signal, "cpu") for signal in signals]
        floats = [spikes(path, signal, "float-emulator") for signal in signals]
        chip = [spikes(path, signal, "emulator") for signal in signals]
        for layer in reference[0]:
            a, b, c = ([run[layer] for run in runs] for runs in (reference, floats, chip))
            cosines = [cosine_of_counts(x, z) for x, z in zip(a, c)]
            total, chips = (sum(int(x.sum()) for x in runs) for runs in (a, c))
            rows.append(
                [
                    f"{100 * rate:g} %",
                    layer,
                    total,
                    f"{100 * (chips - total) / max(total, 1):+.1f} %",
                    _rate_error(a, c),
                    float(np.mean([cosine_of_counts(x, y) for x, y in zip(a, b)])),
                    float(np.mean(cosines)),
                    min(cosines),
                    f"{100 * np.mean([agreement(x, z) for x, z in zip(a, c)]):.1f} %",
                ]
            )
    return [
        Table(
            "cnn_sinabs.nir on random events, layer by layer",
            [
                "events",
                "layer",
                "spikes",
                "on the emulator",
                "error of a neuron's count",
                "float emulator: cosine",
                "emulator: cosine",
                "least of the seeds",
                "spikes that agree",
            ],
            rows,
            f"{N_STEPS} steps, {seeds} seeds a row; cosine similarity of spike counts to our "
            "reference's. The error is the root mean square over neurons, in spikes of the mean "
            "neuron.",
        )
    ]


def _rate_error(reference: List[np.ndarray], chip: List[np.ndarray]) -> float:
    """Root mean square of counts' differences, by the mean count."""
    a, b = (np.array([run.sum(axis=0) for run in runs], float) for runs in (reference, chip))
    return float(np.sqrt(np.mean((a - b) ** 2)) / max(a.mean(), 1e-12))
