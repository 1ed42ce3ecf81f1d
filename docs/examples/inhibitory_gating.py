"""A third population shuts one of two off by inhibiting its neurons."""

import nengo
import numpy as np

model = nengo.Network(label="inhibitory gating", seed=11)
with model:
    wave = nengo.Node(lambda t: np.sin(6 * t), label="wave")
    gate = nengo.Node(lambda t: 1.0 if t % 2 > 1.0 else 0.0, label="gate")
    a = nengo.Ensemble(60, 1, label="a")
    b = nengo.Ensemble(60, 1, label="b")
    shut = nengo.Ensemble(40, 1, label="shut")
    nengo.Connection(wave, a)
    nengo.Connection(wave, b)
    nengo.Connection(gate, shut)
    nengo.Connection(shut, a.neurons, transform=[[-2.5]] * 60)
    nengo.Probe(a, synapse=0.03, label="a, shut off")
    nengo.Probe(b, synapse=0.03, label="b")
