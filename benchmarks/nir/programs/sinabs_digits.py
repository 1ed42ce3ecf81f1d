"""Train a network on digits in Sinabs, and write it as NIR, with its decisions.

    python sinabs_digits.py FOLDER NAME [N_SAMPLES]

NAME is dense. To be run with a Python that has sinabs, nir, nirtorch and scikit-learn.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nir
import numpy as np
import sinabs
import sinabs.layers as sl
import torch
from digits import N_TESTED, as_spikes, digits, save
from sinabs.activation import SingleSpike
from sinabs.nir import to_nir

EPOCHS, BATCH, RATE = 20, 64, 5e-3


def lif(n: int) -> torch.nn.Module:
    """Of one spike a step at most, as NIR has them; a time constant of ten steps."""
    each = torch.full((n,), 10.0), torch.ones(n)
    return sl.LIF(tau_mem=each[0], spike_threshold=each[1], spike_fn=SingleSpike, norm_input=False)


def run(net: torch.nn.Module, spikes: torch.Tensor) -> torch.Tensor:
    """(n_samples, 10) spikes of the outputs; all states begin at 0."""
    sinabs.reset_states(net)
    return torch.as_tensor(net(spikes).sum(dim=1))


def main(folder: Path, name: str, n_samples: int) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng, found = np.random.RandomState(1), digits()
    net = torch.nn.Sequential(torch.nn.Linear(64, 64), lif(64), torch.nn.Linear(64, 10), lif(10))
    weights = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
    optimiser = torch.optim.Adam([p for layer in weights for p in layer.parameters()], lr=RATE)
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
        sinabs.reset_states(net)
        graph = to_nir(net, torch.zeros(1, 1, 64))
    nir.write(folder / f"sinabs_{name}.nir", graph)
    save(folder / f"sinabs_{name}.npz", found, counts, n_samples)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else N_TESTED)
