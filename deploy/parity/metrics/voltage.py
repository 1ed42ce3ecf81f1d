"""Membrane voltages."""

from __future__ import annotations

from typing import List

import numpy as np

from deploy.parity.figure import Figure
from deploy.parity.metrics.pair import Pair, flat


def voltage_distribution(pair: Pair) -> List[Figure]:
    """Distance between the distributions of each neuron's voltage, mean over neurons.

    The first Wasserstein distance, in thresholds: how far the voltage would have
    to be moved on average. Sample by sample two neurons of one rate differ as
    soon as their spikes are out of step, so that is not asked.
    """
    reference, other = flat(pair.reference), flat(pair.other)
    distances = np.abs(np.sort(reference, axis=0) - np.sort(other, axis=0)).mean(axis=0)
    return [
        Figure(pair.label, "voltage distribution", float(np.mean(distances)), "thresholds"),
        Figure(pair.label, "voltage, mean", float(np.mean(other - reference)), "thresholds"),
    ]
