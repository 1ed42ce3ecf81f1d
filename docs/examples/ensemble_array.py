"""An array of ensembles, one a dimension, by way of its passthrough nodes."""

import nengo
import numpy as np

model = nengo.Network(label="ensemble array", seed=12)
with model:
    waves = nengo.Node(lambda t: np.cos(4 * t + np.arange(4)), label="waves")
    first = nengo.networks.EnsembleArray(60, 4, label="first")
    second = nengo.networks.EnsembleArray(60, 4, label="second")
    nengo.Connection(waves, first.input)
    nengo.Connection(first.output, second.input, transform=0.8)
    nengo.Probe(second.output, synapse=0.03, label="second")
