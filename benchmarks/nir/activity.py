"""What layers of a NIR file do on a target, and how alike that is."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Dict

import numpy as np

import deploy
from loihi_rules.nir import convert
from loihi_rules.nir.file import read_file


def spikes(path: Path, inputs: np.ndarray, target: str, **conventions: Any) -> Dict[str, Any]:
    """Spikes of each layer, (n_steps, n_neurons) of 0 and 1, from the inputs on."""
    model = convert(read_file(path), path.stem, conventions, inputs)
    run = record(model.network, len(inputs), target, model.dt)
    layers = [population.name for population in model.graph.populations]
    return {name: run[name].dense() > 0 for name in layers if run[name].sparse}


def record(network: Any, n_steps: int, target: str, dt: float) -> Any:
    """A run's traces, without its warnings, which are of one sample's rates."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return deploy.run(network, n_steps * dt, target, dt=dt)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Of two arrays as vectors; 1 where both are 0."""
    a, b = np.asarray(a, float).ravel(), np.asarray(b, float).ravel()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b / size) if size else float(not a.any() and not b.any())


def cosine_of_counts(a: np.ndarray, b: np.ndarray) -> float:
    """Of how often each neuron spikes."""
    return cosine(a.sum(axis=0), b.sum(axis=0))


def agreement(a: np.ndarray, b: np.ndarray) -> float:
    """Share of all spikes that both have in the same step of the same neuron."""
    both, total = int(np.sum(a & b)), int(a.sum() + b.sum())
    return 2 * both / total if total else 1.0
