"""BCM: a neuron's threshold for learning slides with its own activity.

A level that jumps between low and high every second drives ``pre``, and ``pre`` drives
``post`` by full weights that learn by the rule of Bienenstock, Cooper and Munro,

    Δω_ij = κ · a_j (a_j − θ_j) a_i,        θ_j = a_j averaged over the last second.

Watch θ follow the rate of ``post``: after each jump upwards a_j is above it, and weights grow
(LTP); after each jump downwards below it, and they shrink (LTD). In the report's scatter each
point is a neuron of ``post`` in a twenty-fifth of a second: the change of its weights changes
its sign where a_j passes θ_j.

The chip has no such rule. ``pre`` is on a core, a relay on the host repeats its spikes, and
weights, θ and ``post`` are on the host in Nengo core.

Source: Bienenstock, Cooper & Munro (1982), J. Neurosci. 2(1); the rule as in `nengo.BCM`, see
`loihi_rules.learning_rules.bcm`.
"""

import nengo
from nengo.dists import Choice, Uniform

LOW, HIGH = 0.2, 0.9  # levels of the stimulus
JUMP = 1.0  # s, from one level to the other
SMOOTH = 0.05  # s, filter of a_j: the noise of single spikes, squared, would pass for LTP


def bcm(neurons: int = 50, learning_rate: float = 1e-10, seed: int = 0) -> nengo.Network:
    """Build the system.

    Parameters
    ----------
    neurons : int
        Number of LIF neurons in ``pre``, and in ``post``.
    learning_rate : float
        κ, as in `nengo.BCM`.
    seed : int
        Seed of the network.
    """
    with nengo.Network(label="bcm", seed=seed) as network:
        wander = nengo.processes.WhiteSignal(period=20.0, high=20, rms=0.05)
        ripple = nengo.Node(wander, label="ripple")
        stimulus = nengo.Node(
            lambda t, x: x + (HIGH if t // JUMP % 2 else LOW), size_in=1, label="stimulus"
        )
        nengo.Connection(ripple, stimulus, synapse=None)
        pre = nengo.Ensemble(neurons, 1, max_rates=Uniform(60, 120), label="pre")
        post = nengo.Ensemble(
            neurons,
            1,
            encoders=Choice([[1]]),
            intercepts=Uniform(-0.5, 0.1),
            max_rates=Uniform(60, 120),
            label="post",
        )
        nengo.Connection(stimulus, pre)
        learned = nengo.Connection(
            pre,
            post,
            solver=nengo.solvers.LstsqL2(weights=True),
            learning_rule_type=nengo.BCM(learning_rate, post_synapse=SMOOTH),
            label="learned",
        )
        nengo.Probe(learned.learning_rule, "theta", sample_every=0.01, label="θ")
        nengo.Probe(learned.learning_rule, "post_filtered", sample_every=0.01, label="post rates")
        nengo.Probe(post, synapse=0.2, label="post")
        nengo.Probe(pre.neurons, label="pre spikes")
    return network
