"""Two values are added by arriving at one ensemble."""

import nengo
import numpy as np

model = nengo.Network(label="addition", seed=4)
with model:
    x = nengo.Node(lambda t: 0.5 * np.sin(3 * t), label="x")
    y = nengo.Node(0.3, label="y")
    a = nengo.Ensemble(80, 1, label="a")
    b = nengo.Ensemble(80, 1, label="b")
    total = nengo.Ensemble(80, 1, label="total")
    nengo.Connection(x, a)
    nengo.Connection(y, b)
    nengo.Connection(a, total)
    nengo.Connection(b, total)
    nengo.Probe(total, synapse=0.02, label="sum")
