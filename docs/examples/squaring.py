"""A connection computes the square of what its source represents."""

import nengo
import numpy as np

model = nengo.Network(label="squaring", seed=5)
with model:
    wave = nengo.Node(lambda t: np.sin(5 * t), label="wave")
    a = nengo.Ensemble(100, 1, label="a")
    squared = nengo.Ensemble(100, 1, label="squared")
    nengo.Connection(wave, a)
    nengo.Connection(a, squared, function=np.square)
    nengo.Probe(a, synapse=0.02, label="a")
    nengo.Probe(squared, synapse=0.02, label="squared")
