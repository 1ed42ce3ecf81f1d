"""Two neurons, one for each sign, represent a value."""

import nengo
import numpy as np

model = nengo.Network(label="two neurons", seed=1)
with model:
    wave = nengo.Node(lambda t: np.sin(2 * np.pi * t), label="wave")
    pair = nengo.Ensemble(
        2, 1, intercepts=[-0.5, -0.5], max_rates=[100, 100], encoders=[[1], [-1]], label="pair"
    )
    nengo.Connection(wave, pair)
    nengo.Probe(wave, label="wave")
    nengo.Probe(pair, synapse=0.03, label="represented")
    nengo.Probe(pair.neurons, label="spikes")
