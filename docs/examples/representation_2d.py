"""A point that goes round in a circle, in two dimensions."""

import nengo
import numpy as np

model = nengo.Network(label="2-D representation", seed=2)
with model:
    point = nengo.Node(lambda t: [np.sin(4 * t), np.cos(4 * t)], label="point")
    ens = nengo.Ensemble(200, 2, radius=1.2, label="ens")
    nengo.Connection(point, ens)
    nengo.Probe(point, synapse=0.02, label="point")
    nengo.Probe(ens, synapse=0.02, label="represented")
