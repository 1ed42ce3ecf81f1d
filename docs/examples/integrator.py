"""An ensemble that feeds itself adds up its input over time."""

import nengo

TAU = 0.1

model = nengo.Network(label="integrator", seed=7)
with model:
    push = nengo.Node(
        nengo.processes.Piecewise({0: 0, 0.2: 1, 1: 0, 2: -2, 3: 0, 4: 1, 5: 0}), label="push"
    )
    memory = nengo.Ensemble(200, 1, label="memory")
    nengo.Connection(push, memory, transform=TAU, synapse=TAU)
    nengo.Connection(memory, memory, synapse=TAU)
    nengo.Probe(push, label="push")
    nengo.Probe(memory, synapse=0.02, label="memory")
