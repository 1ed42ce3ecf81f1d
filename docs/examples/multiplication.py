"""Two values meet in a two-dimensional ensemble, whose connection multiplies them."""

import nengo
import numpy as np

model = nengo.Network(label="multiplication", seed=6)
with model:
    x = nengo.Node(lambda t: np.sin(3 * t), label="x")
    y = nengo.Node(lambda t: 0.8 if t % 2 < 1 else -0.8, label="y")
    both = nengo.Ensemble(
        300,
        2,
        radius=1.4,
        encoders=nengo.dists.Choice([[1, 1], [-1, 1], [1, -1], [-1, -1]]),
        label="both",
    )
    product = nengo.Ensemble(100, 1, label="product")
    nengo.Connection(x, both[0])
    nengo.Connection(y, both[1])
    nengo.Connection(both, product, function=lambda v: v[0] * v[1])
    nengo.Probe(product, synapse=0.03, label="product")
