"""A neuron learns to hear its input and not the noise.

``post`` is one neuron with two inputs through learned synapses: ``wanted``, a pulse once a
second, and ``noise``, band-limited white Gaussian noise. Before it learns, both weigh alike, and
the noise makes it fire at random. A teacher says what should drive it, the pulse alone:

    E(t) = drive(t) − teacher(t),        drive = w_wanted · wanted + w_noise · noise.

Both synapses learn by the prescribed error sensitivity rule,

    Δd_i = −κ · E · a_i / n.

E goes up and down with the noise, as long as w_noise is not zero, and so that weight is driven
there; with the pulse E does not go along, and w_wanted stays. At three seconds learning begins.
Watch both weights, and the spikes of ``post`` before and after.

On the chip, ``wanted``, ``noise`` and both learned synapses are on cores, as decoders: PES is the
one rule that the chip has, and decoders from ensembles its one form. ``post`` is on the host, where
the chip hands over what a learned synapse carries.

Source: the rule as in `nengo.PES`, see `loihi_rules.learning_rules.pes`; MacNeil & Eliasmith
(2011).
"""

import nengo
from nengo.dists import Choice

BEGIN = 3.0  # s, when learning begins
EVERY, LASTS = 1.0, 0.06  # s, from pulse to pulse, and how long each is
BAND = 8  # Hz, of the noise
ONCE = 0.05  # s, refractory time of post: one spike a pulse


def pulse(t: float) -> float:
    """1 at the end of each second, 0 else."""
    return 1.0 if t % EVERY > EVERY - LASTS else 0.0


def noise_suppression(
    neurons: int = 200, learning_rate: float = 3e-4, noise: float = 0.5, seed: int = 0
) -> nengo.Network:
    """Build the system.

    Parameters
    ----------
    neurons : int
        Number of LIF neurons that carry each input.
    learning_rate : float
        κ, as in `nengo.PES`.
    noise : float
        RMS of the noise; the pulse has 1.
    seed : int
        Seed of the network and, through it, of the noise.
    """
    rule = nengo.PES(learning_rate)
    with nengo.Network(label="noise-suppression", seed=seed) as network:
        teacher = nengo.Node(pulse, label="teacher")
        hiss = nengo.Node(nengo.processes.WhiteSignal(60.0, high=BAND, rms=noise), label="hiss")
        wanted = nengo.Ensemble(neurons, 1, label="wanted")
        noisy = nengo.Ensemble(neurons, 1, radius=max(1.0, 3 * noise), label="noise")
        nengo.Connection(teacher, wanted)
        nengo.Connection(hiss, noisy)

        by_wanted = nengo.Node(size_in=1, label="drive by wanted")
        by_noise = nengo.Node(size_in=1, label="drive by noise")
        synapses = [
            nengo.Connection(wanted, by_wanted, learning_rule_type=rule, label="w wanted"),
            nengo.Connection(noisy, by_noise, learning_rule_type=rule, label="w noise"),
        ]
        post = nengo.Ensemble(
            1,
            1,
            encoders=[[1]],
            intercepts=Choice([0.4]),
            max_rates=Choice([12]),
            neuron_type=nengo.LIF(tau_ref=ONCE),
            label="post",
        )
        error = nengo.Node(lambda t, e: e if t > BEGIN else 0 * e, size_in=1, label="error")
        for drive in (by_wanted, by_noise):
            nengo.Connection(drive, post, synapse=None)
            nengo.Connection(drive, error, synapse=None)
        nengo.Connection(teacher, error, transform=-1, synapse=0.005)
        for synapse in synapses:
            nengo.Connection(error, synapse.learning_rule, synapse=None)

        nengo.Probe(teacher, label="teacher")
        nengo.Probe(hiss, label="hiss")
        nengo.Probe(by_wanted, label="drive by wanted")
        nengo.Probe(by_noise, label="drive by noise")
        nengo.Probe(post.neurons, label="post spikes")
    return network
