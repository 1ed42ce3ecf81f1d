"""Distances between spike trains, by PySpike."""

from __future__ import annotations

from importlib.util import find_spec
from typing import List

import numpy as np

from deploy.parity.figure import Figure
from deploy.parity.metrics.pair import Pair

MOST_NEURONS = 200  # enough for a mean; evenly spaced where there are more


def can_measure() -> bool:
    """Whether the extra ``spikes`` is installed."""
    return find_spec("pyspike") is not None


def spike_distances(pair: Pair) -> List[Figure]:
    """ISI- and SPIKE-distance of each neuron to the reference's, mean over neurons.

    Kreuz et al. (2007) J. Neurosci. Methods 165:151, and Kreuz et al. (2013)
    J. Neurophysiol. 109:1457. Neurons that are silent on both sides are left
    out, since nothing is known of them. Left out altogether where the extra
    ``spikes`` is not installed.
    """
    try:
        import pyspike
    except ImportError:
        return []
    active = np.flatnonzero(pair.reference.counts() + pair.other.counts())
    if not len(active):
        return []
    chosen = active[np.linspace(0, len(active) - 1, min(len(active), MOST_NEURONS)).astype(int)]
    edges = (0.0, (pair.reference.n_steps + 1) * pair.dt)
    ours, theirs = pair.reference.spike_trains(pair.dt), pair.other.spike_trains(pair.dt)
    isi, spike = [], []
    for neuron in chosen:
        a = pyspike.SpikeTrain(ours[neuron], edges)
        b = pyspike.SpikeTrain(theirs[neuron], edges)
        isi.append(pyspike.isi_distance(a, b))
        spike.append(pyspike.spike_distance(a, b))
    note = f"mean of {len(chosen)} neurons"
    return [
        Figure(pair.label, "ISI-distance", float(np.mean(isi)), note=note),
        Figure(pair.label, "SPIKE-distance", float(np.mean(spike)), note=note),
    ]
