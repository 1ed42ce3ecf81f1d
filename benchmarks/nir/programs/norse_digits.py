"""Train a network on digits in Norse, and write it as NIR, with its decisions.

    python norse_digits.py FOLDER NAME [N_SAMPLES]

NAME is box or current. To be run with a Python that has norse, nir, nirtorch and scikit-learn.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Callable, Dict

import nir
import norse.torch as norse
import numpy as np
import torch
from digits import N_STEPS, N_TESTED, as_spikes, digits, save
from norse.torch.utils.export_nir import to_nir

EPOCHS, BATCH, RATE = 30, 64, 1e-2
SLOPE = 20.0  # of the surrogate gradient


def box(n: int) -> torch.nn.Module:
    each = torch.ones(n)
    return norse.LIFBoxCell(
        norse.LIFBoxParameters(
            tau_mem_inv=100 * each, v_leak=0 * each, v_th=0.1 * each, alpha=torch.as_tensor(SLOPE)
        )
    )


def current(n: int) -> torch.nn.Module:
    each = torch.ones(n)
    return norse.LIFCell(
        norse.LIFParameters(
            tau_syn_inv=200 * each,
            tau_mem_inv=100 * each,
            v_leak=0 * each,
            v_th=0.2 * each,
            v_reset=0 * each,
            alpha=torch.as_tensor(SLOPE),
        )
    )


NEURONS: Dict[str, Callable[[int], torch.nn.Module]] = {"box": box, "current": current}


def run(net: torch.nn.Module, spikes: torch.Tensor) -> torch.Tensor:
    """(n_samples, 10) spikes of the outputs; all states begin at 0."""
    state: Any = None
    total: Any = 0
    for step in range(N_STEPS):
        out, state = net(spikes[:, step], state)
        total = total + out
    return torch.as_tensor(total)


def main(folder: Path, name: str, n_samples: int) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng, found, neurons = np.random.RandomState(1), digits(), NEURONS[name]
    net = norse.SequentialState(
        torch.nn.Linear(64, 64), neurons(64), torch.nn.Linear(64, 10), neurons(10)
    )
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
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
    # norse 1.1.0 writes dt times each time constant; with 1 they are in seconds
    nir.write(folder / f"norse_{name}.nir", to_nir(net, torch.zeros(1, 64), dt=1.0))
    save(folder / f"norse_{name}.npz", found, counts, n_samples)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else N_TESTED)
