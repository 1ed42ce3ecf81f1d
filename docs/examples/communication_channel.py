"""One ensemble hands a value to the next."""

import nengo

model = nengo.Network(label="communication channel", seed=3)
with model:
    signal = nengo.Node(nengo.processes.WhiteSignal(10.0, high=4, rms=0.4, seed=5), label="signal")
    a = nengo.Ensemble(100, 1, label="a")
    b = nengo.Ensemble(100, 1, label="b")
    nengo.Connection(signal, a)
    nengo.Connection(a, b)
    nengo.Probe(signal, synapse=0.02, label="signal")
    nengo.Probe(a, synapse=0.02, label="a")
    nengo.Probe(b, synapse=0.02, label="b")
