"""Train a network on digits in snnTorch, and write it as NIR, with its decisions.

    python snntorch_digits.py FOLDER NAME [N_SAMPLES]

NAME is one of dense, subtract, synaptic and conv. To be run with a Python that has snntorch,
nir, nirtorch and scikit-learn.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Callable, Dict, List

import nir
import numpy as np
import snntorch as snn
import torch
from digits import N_STEPS, N_TESTED, as_spikes, digits, save
from snntorch import surrogate
from snntorch.export_nir import export_to_nir

EPOCHS, BATCH, RATE = 30, 64, 2e-3


Make = Callable[..., torch.nn.Module]  # of neurons of a shape


def leaky(reset: str) -> Make:
    def make(*shape: int) -> torch.nn.Module:
        return snn.Leaky(
            beta=torch.full(shape, 0.9),  # of each neuron, as the exporter takes shapes from it
            threshold=torch.ones(shape),
            reset_mechanism=reset,
            init_hidden=True,
            spike_grad=surrogate.fast_sigmoid(slope=10),
        )

    return make


def synaptic(*shape: int) -> torch.nn.Module:
    return snn.Synaptic(
        alpha=torch.full(shape, 0.7),
        beta=torch.full(shape, 0.85),
        threshold=torch.ones(shape),
        reset_mechanism="zero",
        init_hidden=True,
        spike_grad=surrogate.fast_sigmoid(slope=10),
    )


def dense(neurons: Make) -> List[torch.nn.Module]:
    return [torch.nn.Linear(64, 64), neurons(64), torch.nn.Linear(64, 10), neurons(10)]


def conv(neurons: Make) -> List[torch.nn.Module]:
    return [
        torch.nn.Conv2d(1, 8, 3, stride=2, padding=1),
        neurons(8, 4, 4),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 4 * 4, 10),
        neurons(10),
    ]


NETWORKS: Dict[str, Callable[[], List[torch.nn.Module]]] = {
    "dense": lambda: dense(leaky("zero")),
    "subtract": lambda: dense(leaky("subtract")),
    "synaptic": lambda: dense(synaptic),
    "conv": lambda: conv(leaky("zero")),
}


def run(net: torch.nn.Module, spikes: torch.Tensor) -> torch.Tensor:
    """(n_samples, 10) spikes of the outputs; all states begin at 0."""
    for module in net:
        if hasattr(module, "reset_mem"):
            module.reset_mem()
    return sum(net(spikes[:, step]) for step in range(N_STEPS))


def main(folder: Path, name: str, n_samples: int) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng = np.random.RandomState(1)
    found = digits()
    shape = (1, 8, 8) if name == "conv" else (64,)
    net = torch.nn.Sequential(*NETWORKS[name]())
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    labels = torch.as_tensor(found.labels)
    for _ in range(EPOCHS):
        order = rng.permutation(len(labels))
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            spikes = torch.as_tensor(as_spikes(found.rates[some], rng), dtype=torch.float32)
            counts = run(net, spikes.reshape(len(some), N_STEPS, *shape))
            loss = torch.nn.functional.cross_entropy(counts / 4, labels[some])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    with torch.no_grad():
        tests = torch.as_tensor(found.tests, dtype=torch.float32)
        counts = run(net, tests.reshape(len(tests), N_STEPS, *shape))
        for module in net:
            if hasattr(module, "reset_mem"):
                module.reset_mem()
        graph = export_to_nir(net, torch.zeros(1, *shape), ignore_dims=[0])
    nir.write(folder / f"snntorch_{name}.nir", graph)
    save(folder / f"snntorch_{name}.npz", found, counts, n_samples)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else N_TESTED)
