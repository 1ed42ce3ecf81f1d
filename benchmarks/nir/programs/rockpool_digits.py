"""Train a network on digits in Rockpool, and write it as NIR, with its decisions.

    python rockpool_digits.py FOLDER NAME [N_SAMPLES]

NAME is dense or cuba. To be run with a Python that has rockpool, torch, nir, nirtorch and
scikit-learn.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Callable, Dict

import nir
import numpy as np
import torch
from digits import N_TESTED, as_spikes, digits, save
from rockpool.nn.combinators import Sequential
from rockpool.nn.modules.torch import LIFNeuronTorch, LIFTorch, LinearTorch
from rockpool.nn.modules.torch.nir import to_nir
from rockpool.parameters import Constant

EPOCHS, BATCH, RATE = 20, 64, 5e-3
ONCE = torch.tensor(1.0)  # spikes of a neuron in a step, at most


def dense(n: int) -> Any:
    return LIFNeuronTorch(
        (n,), tau_mem=Constant(10e-3), threshold=Constant(1.0), bias=Constant(0.0), dt=1e-3,
        max_spikes_per_dt=ONCE,
    )  # fmt: skip


def cuba(n: int) -> Any:
    return LIFTorch(
        (n, n), tau_mem=Constant(8e-3), tau_syn=Constant(3e-3), threshold=Constant(1.0),
        bias=Constant(0.0), dt=1e-3, learning_window=1.0, max_spikes_per_dt=ONCE,
    )  # fmt: skip


def linear(n_in: int, n: int, name: str) -> Any:
    """Weights by which few neurons are silent from the beginning."""
    if name == "dense":
        return LinearTorch((n_in, n), has_bias=True)
    return LinearTorch(
        (n_in, n), has_bias=True,
        weight_init_func=lambda shape: 1.2 * (2 * torch.rand(shape) - 1) / n_in**0.5,
    )  # fmt: skip


NEURONS: Dict[str, Callable[[int], Any]] = {"dense": dense, "cuba": cuba}


def run(net: Any, spikes: torch.Tensor) -> torch.Tensor:
    """(n_samples, 10) spikes of the outputs; all states begin at 0."""
    net.reset_state()
    return torch.as_tensor(net(spikes)[0].sum(dim=1))


def main(folder: Path, name: str, n_samples: int) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng, found, neurons = np.random.RandomState(1), digits(), NEURONS[name]
    net = Sequential(linear(64, 64, name), neurons(64), linear(64, 10, name), neurons(10))
    optimiser = torch.optim.Adam(net.parameters().astorch(), lr=RATE)
    labels = torch.as_tensor(found.labels)
    for _ in range(EPOCHS):
        order = rng.permutation(len(labels))
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            spikes = torch.as_tensor(as_spikes(found.rates[some], rng), dtype=torch.float32)
            loss = torch.nn.functional.cross_entropy(run(net, spikes) / 4, labels[some])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    with torch.no_grad():
        counts = run(net, torch.as_tensor(found.tests, dtype=torch.float32))
    nir.write(folder / f"rockpool_{name}.nir", to_nir(net, torch.zeros(1, 1, 64)))
    save(folder / f"rockpool_{name}.npz", found, counts, n_samples)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else N_TESTED)
