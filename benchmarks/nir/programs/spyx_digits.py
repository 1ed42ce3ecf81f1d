"""Train a network on digits in spyx, and write it as NIR, with its decisions.

    python spyx_digits.py FOLDER NAME [N_SAMPLES]

NAME is dense or cuba. To be run with a Python that has spyx, nir and scikit-learn.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Callable, Dict

import jax.numpy as jnp
import nir
import numpy as np
import optax
import spyx.nir
from digits import N_TESTED, as_spikes, digits, save
from flax import nnx
from spyx import nn
from spyx.axn import superspike

EPOCHS, BATCH, RATE = 30, 64, 2e-3
SLOPE = 5


def lif(n: int, rngs: nnx.Rngs) -> Any:
    return nn.LIF((n,), beta=0.9, activation=superspike(SLOPE), rngs=rngs)


def cuba(n: int, rngs: nnx.Rngs) -> Any:
    return nn.CuBaLIF((n,), alpha=0.7, beta=0.85, activation=superspike(SLOPE), rngs=rngs)


NEURONS: Dict[str, Callable[[int, nnx.Rngs], Any]] = {"dense": lif, "cuba": cuba}


def loss_of(model: Any, spikes: Any, labels: Any) -> Any:
    counts = nn.run(model, spikes, batch_major=True)[0].sum(axis=1)
    return optax.softmax_cross_entropy_with_integer_labels(counts / 4, labels).mean()


@nnx.jit
def train(model: Any, optimiser: Any, spikes: Any, labels: Any) -> None:
    grads = nnx.grad(loss_of)(model, spikes, labels)
    optimiser.update(model, grads)


def main(folder: Path, name: str, n_samples: int) -> None:
    rngs, rng = nnx.Rngs(0), np.random.RandomState(1)
    found = digits()
    neurons = NEURONS[name]
    model = nn.Sequential(
        nnx.Linear(64, 64, rngs=rngs),
        neurons(64, rngs),
        nnx.Linear(64, 10, rngs=rngs),
        neurons(10, rngs),
    )
    optimiser = nnx.Optimizer(model, optax.adam(RATE), wrt=nnx.Param)
    for _ in range(EPOCHS):
        order = rng.permutation(len(found.labels))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            some = order[start : start + BATCH]
            spikes = jnp.asarray(as_spikes(found.rates[some], rng), jnp.float32)
            train(model, optimiser, spikes, jnp.asarray(found.labels[some]))
    tests = jnp.asarray(found.tests, jnp.float32)
    counts = nn.run(model, tests, batch_major=True)[0].sum(axis=1)
    shapes = {"input": np.array([64])}, {"output": np.array([10])}
    nir.write(folder / f"spyx_{name}.nir", spyx.nir.to_nir(model, *shapes, dt=1e-3))
    save(folder / f"spyx_{name}.npz", found, counts, n_samples)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else N_TESTED)
