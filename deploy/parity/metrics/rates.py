"""Firing rates."""

from __future__ import annotations

from typing import List

import numpy as np

from deploy.parity.figure import Figure
from deploy.parity.metrics.pair import Pair


def rates(pair: Pair) -> List[Figure]:
    """Population rate, and how far each neuron's count is from the reference's.

    ``Σ n_other / Σ n_reference`` and ``Σ |n_other − n_reference| / Σ n_reference``
    over the neurons' spike counts. The first does not see neurons that are
    swapped, the second does.
    """
    reference, other = pair.reference.counts(), pair.other.counts()
    duration = pair.reference.n_steps * pair.dt
    neurons = max(1, pair.reference.n_neurons)
    total = int(reference.sum())
    figures = [
        Figure(pair.label, "rate, reference", total / duration / neurons, "Hz", note="mean"),
        Figure(pair.label, "rate, other", int(other.sum()) / duration / neurons, "Hz", note="mean"),
    ]
    if total == 0:
        excess = float(other.sum())
        return [*figures, Figure(pair.label, "spikes too many", excess, "spikes")]
    difference = float(np.abs(other - reference).sum()) / total
    return [
        *figures,
        Figure(pair.label, "population rate", int(other.sum()) / total, "of reference"),
        Figure(pair.label, "rate difference", difference, "of reference", note="mean a neuron"),
    ]
