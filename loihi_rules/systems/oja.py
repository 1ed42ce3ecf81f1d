"""Oja: a neuron's weights turn to the first principal component of what it hears.

Ten channels carry one common signal |s(t)|, each by its share in a pattern p, and each some
noise of its own about a low level,

    u_k(t) = max(0, p_k · |s(t)| + 0.1 + noise_k(t)),

so that the first principal component of their activity is close to p. Neurons of ``post`` are
linear, a_j = Σ_i ω_ij a_i. From random weights they learn by Oja's rule,

    Δω_ij = κ · (a_i a_j − β a_j² ω_ij),

Hebb's with forgetting: weights grow, turn to the principal component, and stop at the length
1 / √β. Watch both in the report. With β = 0 they would never stop.

The chip has no such rule. ``pre`` is on a core, a relay on the host repeats its spikes, and the
weights and ``post`` are on the host in Nengo core.

Source: Oja (1982), J. Math. Biology 15; the rule as in `nengo.Oja`, see
`loihi_rules.learning_rules.oja`.
"""

import nengo
import numpy as np
from nengo.dists import Choice
from nengo.processes import WhiteSignal

CHANNELS = 10
PATTERN = np.exp(-0.5 * ((np.arange(CHANNELS) - 3.0) / 1.2) ** 2)  # a bump on channel 3
SMOOTH = 0.05  # s, filter of a_i and a_j: the rule is for rates, not for single spikes


def mixed(x: np.ndarray) -> np.ndarray:
    """What the channels carry, from (..., 1 + CHANNELS) samples of signal and noise."""
    channels: np.ndarray = np.maximum(0, PATTERN * np.abs(x[..., :1]) + 0.1 + x[..., 1:])
    return channels


def oja(
    neurons: int = 4, learning_rate: float = 5e-5, beta: float = 1.0, seed: int = 0
) -> nengo.Network:
    """Build the system.

    Parameters
    ----------
    neurons : int
        Number of neurons in ``post``.
    learning_rate : float
        κ, as in `nengo.Oja`.
    beta : float
        β, as in `nengo.Oja`.
    seed : int
        Seed of the network and, through it, of signal, noise and first weights.
    """
    rng = np.random.RandomState(seed)
    first = rng.uniform(0, 0.15, (neurons, CHANNELS))
    linear = nengo.SpikingRectifiedLinear()
    with nengo.Network(label="oja", seed=seed) as network:
        common = nengo.Node(WhiteSignal(period=50.0, high=5, rms=0.5), label="common signal")
        noise = nengo.Node(WhiteSignal(50.0, high=20, rms=0.1), size_out=CHANNELS, label="noise")
        channels = nengo.Node(lambda t, x: mixed(x), size_in=1 + CHANNELS, label="channels")
        nengo.Connection(common, channels[0], synapse=None)
        nengo.Connection(noise, channels[1:], synapse=None)
        pre = nengo.Ensemble(
            CHANNELS,
            CHANNELS,
            encoders=np.eye(CHANNELS),
            eval_points=mixed(rng.normal(0, [0.5] + CHANNELS * [0.1], (500, 1 + CHANNELS))),
            intercepts=Choice([0]),
            max_rates=Choice([200]),
            neuron_type=linear,
            label="pre",
        )
        post = nengo.Ensemble(
            neurons,
            1,
            gain=np.ones(neurons),
            bias=np.zeros(neurons),
            neuron_type=linear,
            label="post",
        )
        output = nengo.Node(size_in=1, label="output")
        nengo.Connection(channels, pre)
        learned = nengo.Connection(
            pre.neurons,
            post.neurons,
            transform=first,
            learning_rule_type=nengo.Oja(
                learning_rate, beta=beta, pre_synapse=SMOOTH, post_synapse=SMOOTH
            ),
            label="learned",
        )
        nengo.Connection(
            post.neurons, output, transform=np.full((1, neurons), 1e-2 / neurons), synapse=None
        )
        nengo.Probe(channels, label="channels")
        nengo.Probe(learned.learning_rule, "pre_filtered", sample_every=0.005, label="pre rates")
        nengo.Probe(pre.neurons, label="pre spikes")
        nengo.Probe(output, synapse=0.2, label="output")
        nengo.Probe(learned.learning_rule, "post_filtered", sample_every=0.005, label="post rates")
    return network
