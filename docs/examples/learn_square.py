"""A connection that starts as the identity is taught the square by PES."""

import nengo
import numpy as np

model = nengo.Network(label="learn square", seed=16)
with model:
    signal = nengo.Node(nengo.processes.WhiteSignal(60.0, high=3, rms=0.5, seed=2), label="signal")
    pre = nengo.Ensemble(120, 1, label="pre")
    post = nengo.Ensemble(100, 1, label="post")
    error = nengo.Ensemble(100, 1, label="error")
    nengo.Connection(signal, pre)
    learned = nengo.Connection(pre, post, learning_rule_type=nengo.PES(5e-4), label="learned")
    nengo.Connection(post, error)
    nengo.Connection(pre, error, function=np.square, transform=-1)
    nengo.Connection(error, learned.learning_rule)
    nengo.Probe(post, synapse=0.03, label="post")
    nengo.Probe(pre, synapse=0.03, label="pre")
