"""A one-hot vector makes its own neuron fire, and no other.

A vector x with a 1 for one of its classes and 0 elsewhere is shown, a new one every tenth of a
second. Neuron k looks along the unit vector of class k, so that its current is

    J_k = g · x_k + b,        J = 1 (the threshold) at x_k = 1/2,

and it is silent at 0 and fires at one rate at 1. In the report, the tuning curve is a step up at
one half, and the raster a staircase through the classes shown.

Intervals on the chip are whole milliseconds: 100 Hz, ten of them, sits on the edge between 10 and
11, and the least rounding tips it over. So gain and bias are chosen such that Nengo's neuron would
take 9.5, which is 10 on the chip however it is rounded.
"""

import nengo
import numpy as np

from loihi_rules.blocks import one_hot as building_block

SHOWN = 0.1  # s


def classes_shown(classes: int, seed: int) -> np.ndarray:
    """Their order: each once, shuffled, and again."""
    return np.random.RandomState(seed).permutation(classes)


def one_hot(classes: int = 10, rate: float = 100.0, seed: int = 0) -> nengo.Network:
    """Build the system.

    Parameters
    ----------
    classes : int
        Number of classes, dimensions and neurons.
    rate : float
        Hz of the neuron whose class is shown.
    seed : int
        Seed of the network, and of the order of the classes.
    """
    order = classes_shown(classes, seed)
    with nengo.Network(label="one-hot", seed=seed) as network:
        shown = nengo.processes.PresentInput(np.eye(classes)[order], SHOWN)
        vector = nengo.Node(shown, label="vector")
        which = nengo.Node(
            lambda t: order[int(max(t - 1e-4, 0) / SHOWN) % classes], size_out=1, label="class"
        )
        neurons = building_block.one_hot(classes, rate)
        nengo.Connection(vector, neurons)
        nengo.Probe(which, label="class shown")
        nengo.Probe(neurons.neurons, label="spikes")
    return network
