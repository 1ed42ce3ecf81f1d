"""Oja: weights turn to the first principal component, and stay bounded."""

from __future__ import annotations

from typing import List

import numpy as np

from deploy.parity.hallmarks.base import Hallmark, Measured
from deploy.parity.tolerances import Tolerance
from deploy.traces import Traces
from loihi_rules.rules.oja import principal_component


def alignment(run: Traces) -> np.ndarray:
    """(n_samples, n_post) cosine of each neuron's weights to the first principal component."""
    weights = run["weights of learned"].samples
    component = principal_component(run["pre rates"].samples)
    return np.asarray(weights @ component / np.linalg.norm(weights, axis=2))


def measure(run: Traces) -> List[Measured]:
    """Alignment and length at the end, mean and worst over the neurons."""
    cosines = alignment(run)
    lengths = np.linalg.norm(run["weights of learned"].samples, axis=2)
    grown = lengths[-1] / lengths[0]
    return [
        Measured("cosine to the principal component, start", float(cosines[0].mean())),
        Measured(
            "cosine to the principal component, least at the end",
            float(cosines[-1].min()),
            goal=Tolerance(low=0.95, why="a direction drawn at random has about 0.3"),
        ),
        Measured(
            "‖w‖, largest of the run",
            float(lengths.max()),
            goal=Tolerance(high=1.1, why="1 / √β; without forgetting it grows without bound"),
        ),
        Measured(
            "‖w‖ at the end ÷ start, least",
            float(grown.min()),
            goal=Tolerance(low=1.2, why="Hebb's part makes weights grow from small ones"),
        ),
    ]


HALLMARK = Hallmark(frozenset({"weights of learned", "pre rates"}), measure)
