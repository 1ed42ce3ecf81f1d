"""A value that stays is read where it was put.

A number x goes into an ensemble, and what is decoded of it after a while is

    x̂ = Σ_i d_i a_i(x) ≈ x.
"""

import nengo

VALUE = 0.5


def steady(neurons: int = 60, seed: int = 0) -> nengo.Network:
    """Build the system."""
    with nengo.Network(label="steady", seed=seed) as network:
        node = nengo.Node([VALUE])
        ens = nengo.Ensemble(neurons, 1)
        nengo.Connection(node, ens)
        nengo.Probe(node, label="input", synapse=0.05)
        nengo.Probe(ens, label="value", synapse=0.05)
    return network
