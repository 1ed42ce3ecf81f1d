"""Combinations of all factors, drawn once and for all by a fixed generator."""

from __future__ import annotations

from typing import Any, List

import nengo
import numpy as np

from benchmarks.fidelity.cell import Cell
from benchmarks.fidelity.cells.channels import channel
from benchmarks.fidelity.cells.learning import pes, square


def _log_uniform(rng: np.random.RandomState, low: float, high: float) -> float:
    """Rounded to two digits, so that names and tables show what was run."""
    return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.2g}")


def channels(count: int) -> List[Cell]:
    """Channels of any size, dimensions, radius, rates, filters, intercepts and neurons."""
    rng = np.random.RandomState(1)
    cells = []
    for k in range(count):
        dimensions = int(rng.choice([1, 1, 2, 3, 4, 8]))
        neurons = int(_log_uniform(rng, 20, 600)) * dimensions
        refractory = _log_uniform(rng, 0.001, 0.01)
        top = min(450.0, 0.7 / (refractory + 0.001))  # below what the refractory time allows
        fastest = _log_uniform(rng, 20, top)
        kind: Any = nengo.LIF(tau_ref=refractory, tau_rc=_log_uniform(rng, 0.005, 0.1))
        if rng.rand() < 0.3:
            kind = nengo.SpikingRectifiedLinear()
        lowest = round(float(rng.uniform(-1, 0.3)), 1)
        cells.append(
            channel(
                f"drawn {k}", neurons, dimensions, _log_uniform(rng, 0.03, 100),
                _log_uniform(rng, 0.001, 0.1), rates=(0.7 * fastest, fastest),
                intercepts=(lowest, 0.9), neuron_type=kind, length=int(rng.choice([2, 3])),
                duration=1.2,
            )
        )  # fmt: skip
    return cells


def lessons(count: int) -> List[Cell]:
    """PES from any number of neurons, dimensions and radius, at any learning rate."""
    rng = np.random.RandomState(2)
    cells = []
    for k in range(count):
        dimensions = int(rng.choice([1, 1, 2, 4]))
        cells.append(
            pes(
                f"drawn {k}", int(_log_uniform(rng, 20, 400)), dimensions,
                _log_uniform(rng, 0.03, 100), _log_uniform(rng, 1e-5, 1e-2),
                **({"function": square} if rng.rand() < 0.3 else {}),
                rms=round(float(rng.uniform(0.3, 0.9)), 2), duration=3.0,
            )
        )  # fmt: skip
    return cells
