"""Neurons drive neurons through a matrix of weights, with no value in between."""

import nengo
import numpy as np

WEIGHTS = np.random.RandomState(5).uniform(0, 4e-3, (30, 60))

model = nengo.Network(label="neuron to neuron", seed=15)
with model:
    wave = nengo.Node(lambda t: np.sin(3 * t), label="wave")
    a = nengo.Ensemble(60, 1, label="a")
    b = nengo.Ensemble(30, 1, gain=np.ones(30), bias=np.linspace(0.2, 1.2, 30), label="b")
    nengo.Connection(wave, a)
    nengo.Connection(a.neurons, b.neurons, transform=WEIGHTS, synapse=0.01)
    nengo.Probe(b.neurons, label="b spikes")
