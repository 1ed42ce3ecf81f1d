"""The basal ganglia choose the action of the largest utility."""

import nengo
import numpy as np

model = nengo.Network(label="basal ganglia", seed=13)
with model:
    bg = nengo.networks.BasalGanglia(3)
    utilities = nengo.Node(lambda t: 0.3 + 0.5 * (np.arange(3) == int(t) % 3), label="utilities")
    nengo.Connection(utilities, bg.input)
    nengo.Probe(utilities, label="utilities")
    nengo.Probe(bg.output, synapse=0.03, label="choice")
