"""Spikes of a probe as steps and neurons, from the engine's rows on."""

from __future__ import annotations

from typing import Any, List

import numpy as np

from deploy.traces.trace import Spikes, joined_spikes, spikes_of


def is_of_spikes(probe: Any) -> bool:
    """Whether a probe's samples are spikes as they are, each as high as its neuron's are.

    Parameters
    ----------
    probe : nengo_loihi.probe.LoihiProbe
    """
    heights = all(weights is None or np.ndim(weights) == 0 for weights in probe.weights)
    return probe.key == "spiked" and probe.synapse is None and heights


class SpikeRecord:
    """What a probe has recorded since the last `clear`: 12 bytes a spike, not 8 a step and neuron.

    Parameters
    ----------
    heights : (n_neurons,) ndarray
        Of a spike of each neuron, in the order of the probe's samples.
    place : (n_neurons,) ndarray of int
        Where in the samples each compartment is, in the order of the probe's blocks.
    """

    def __init__(self, heights: np.ndarray, place: np.ndarray):
        self.heights, self.place = heights, place
        self.n_steps = 0
        self.pieces: List[Spikes] = []

    def add(self, parts: List[np.ndarray]) -> None:
        """Add the (n_rows, k) rows of each block, true where a compartment spiked."""
        fired = parts[0]
        if len(parts) > 1 or np.any(np.diff(self.place) != 1):
            fired = np.zeros((len(parts[0]), len(self.place)), np.bool_)
            fired[:, self.place] = np.concatenate(parts, axis=1)
        found = spikes_of(fired)
        self.pieces.append(Spikes(found.steps + self.n_steps, found.neurons))
        self.n_steps += len(fired)

    def spikes(self) -> Spikes:
        """All of them; steps are counted from the last `clear`."""
        self.pieces = [joined_spikes(self.pieces)]
        return self.pieces[0]

    def dense(self) -> np.ndarray:
        """(n_steps, n_neurons) the same as Nengo has it: heights, and 0."""
        found = self.spikes()
        samples = np.zeros((self.n_steps, len(self.heights)), self.heights.dtype)
        samples[found.steps - 1, found.neurons] = self.heights[found.neurons]
        return samples

    def clear(self) -> None:
        """Forget all."""
        self.n_steps, self.pieces = 0, []
