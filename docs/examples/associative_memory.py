"""An associative memory cleans up a noisy vector."""

import nengo
import numpy as np

VECTORS = np.linalg.qr(np.random.RandomState(3).randn(8, 8))[0][:3]
NOISE = 0.15 * np.random.RandomState(4).randn(3, 8)

model = nengo.Network(label="associative memory", seed=14)
with model:
    noisy = nengo.Node(lambda t: (VECTORS + NOISE)[int(t / 0.5) % 3], label="noisy")
    memory = nengo.networks.AssociativeMemory(VECTORS, n_neurons=60)
    memory.add_threshold_to_outputs()
    nengo.Connection(noisy, memory.input)
    nengo.Probe(memory.output, synapse=0.03, label="clean")
