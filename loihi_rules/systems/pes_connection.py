"""A connection learns by PES to carry its input.

A random signal x(t) drives ``pre``. The connection from ``pre`` to ``post``
starts out silent: all its decoders d_i are zero. An error ensemble holds

    E(t) = post(t) − x(t)

and the prescribed error sensitivity rule turns it into a change of decoders,

    Δd_i = −κ · E · a_i / n,

where a_i are the filtered activities of the n neurons in ``pre`` and κ is the
learning rate. After some seconds ``post`` follows x.

On the chip, ``pre`` and the learning synapses are on a core; ``post`` and
``error`` are on the host, which sends E down each step.

Source: MacNeil & Eliasmith (2011), "Fine-tuning and the stability of recurrent
neural networks", PLoS ONE 6(9); the rule as in Nengo's `nengo.PES`.
"""

import nengo


def pes_connection(neurons: int = 50, learning_rate: float = 1e-3, seed: int = 0) -> nengo.Network:
    """Build the system.

    Parameters
    ----------
    neurons : int
        Number of LIF neurons in each of the three ensembles.
    learning_rate : float
        PES learning rate κ, as in `nengo.PES`.
    seed : int
        Seed of the network and, through it, of the signal.
    """
    with nengo.Network(label="pes-connection", seed=seed) as network:
        signal = nengo.processes.WhiteSignal(period=50.0, high=5, rms=0.5)
        stimulus = nengo.Node(signal, label="stimulus")
        pre = nengo.Ensemble(neurons, dimensions=1, label="pre")
        post = nengo.Ensemble(neurons, dimensions=1, label="post")
        error = nengo.Ensemble(neurons, dimensions=1, label="error")

        nengo.Connection(stimulus, pre)
        learned = nengo.Connection(
            pre,
            post,
            function=lambda x: [0.0],
            learning_rule_type=nengo.PES(learning_rate),
            label="learned",
        )
        nengo.Connection(post, error)
        nengo.Connection(stimulus, error, transform=-1)
        nengo.Connection(error, learned.learning_rule)

        nengo.Probe(stimulus, synapse=0.01, label="input")
        nengo.Probe(pre, synapse=0.01, label="pre")
        nengo.Probe(post, synapse=0.01, label="post")
        nengo.Probe(pre.neurons, label="pre spikes")
    return network
