"""A second dimension says how much of the integrator's memory is kept."""

import nengo

TAU = 0.1

model = nengo.Network(label="controlled integrator", seed=8)
with model:
    push = nengo.Node(nengo.processes.Piecewise({0: 0, 0.2: 1, 1: 0, 3: -1, 3.5: 0}), label="push")
    control = nengo.Node(nengo.processes.Piecewise({0: 1, 2: 0.5, 2.5: 1}), label="control")
    memory = nengo.Ensemble(300, 2, radius=1.5, label="memory")
    nengo.Connection(push, memory[0], transform=TAU, synapse=TAU)
    nengo.Connection(control, memory[1], synapse=0.005)
    nengo.Connection(memory, memory[0], function=lambda x: x[0] * x[1], synapse=TAU)
    nengo.Probe(memory, synapse=0.03, label="memory and control")
