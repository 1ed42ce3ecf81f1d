"""Scikit-learn's digits as spikes, and what a peer's program leaves behind.

Imported by the programs beside it, which run in the peers' own environments.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_digits

N_STEPS = 40
MOST = 0.6  # probability that the brightest pixel spikes in a step
N_TESTED = 400  # of 1,797; the rest is trained with


class Digits(NamedTuple):
    """Spikes, (n_samples, n_steps, 64) of 0 and 1, and labels; the rates of what is trained."""

    rates: np.ndarray
    labels: np.ndarray
    tests: np.ndarray
    test_labels: np.ndarray


def digits(seed: int = 0) -> Digits:
    """Shuffled, the last ones as spikes that are drawn once."""
    rng = np.random.RandomState(seed)
    images, labels = load_digits(return_X_y=True)
    order = rng.permutation(len(images))
    rates, labels = MOST * images[order] / 16, labels[order]
    return Digits(
        rates[:-N_TESTED],
        labels[:-N_TESTED],
        as_spikes(rates[-N_TESTED:], rng),
        labels[-N_TESTED:],
    )


def as_spikes(rates: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """(n_samples, n_steps, 64) of 0 and 1."""
    drawn = rng.uniform(size=(len(rates), N_STEPS, rates.shape[1]))
    return (drawn < rates[:, np.newaxis]).astype(np.uint8)


def save(path: Path, found: Digits, counts: Any, n_samples: int) -> None:
    """The first test samples, and how often each of the peer's outputs spiked.

    Spikes are packed, eight inputs a byte (``numpy.packbits``).
    """
    counts = np.asarray(counts).astype(np.int16)
    np.savez_compressed(
        path,
        inputs=np.packbits(found.tests[:n_samples], axis=-1),
        labels=found.test_labels[:n_samples].astype(np.int8),
        counts=counts[:n_samples],
    )
    right = float(np.mean(counts.argmax(axis=1) == found.test_labels))
    print(f"{path.name}: {100 * right:.2f} % of {len(counts)}")
