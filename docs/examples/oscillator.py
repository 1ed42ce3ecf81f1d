"""Two dimensions that drive each other swing for ever after one kick."""

import nengo

TAU, SPEED = 0.1, 6.0

model = nengo.Network(label="oscillator", seed=9)
with model:
    kick = nengo.Node(lambda t: [1, 0] if t < 0.1 else [0, 0], label="kick")
    swing = nengo.Ensemble(200, 2, label="swing")
    nengo.Connection(kick, swing)
    nengo.Connection(swing, swing, transform=[[1.1, -SPEED * TAU], [SPEED * TAU, 1.1]], synapse=TAU)
    nengo.Probe(swing, synapse=0.03, label="swing")
