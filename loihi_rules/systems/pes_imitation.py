"""An ensemble y learns by PES to imitate another, y*.

Both get their input from the same ensemble x. The teacher's connection computes
a fixed nonlinear function,

    y* = f(x) = 1 − 2·x²,

the pupil's starts from another one, y = x, and is adapted by the difference,

    E = y − y*,      Δd_i = −κ · E · a_i / n.

The decoders change as fast as the pupil is wrong: |Δd| follows |y* − y|, and
both die down together. Watch the two curves in the report.

On the chip, x and the teacher y* are on cores; the pupil y and the error are on
the host, where the chip hands over what a learned connection carries.
"""

import nengo
import numpy as np


def teacher(x: np.ndarray) -> np.ndarray:
    """f(x) = 1 − 2·x², from [−1, 1] to [−1, 1]."""
    return 1 - 2 * x**2


def pes_imitation(neurons: int = 100, learning_rate: float = 1e-3, seed: int = 0) -> nengo.Network:
    """Build the system.

    Parameters
    ----------
    neurons : int
        Number of LIF neurons in each of the four ensembles.
    learning_rate : float
        PES learning rate κ, as in `nengo.PES`.
    seed : int
        Seed of the network and, through it, of the signal.
    """
    with nengo.Network(label="pes-imitation", seed=seed) as network:
        signal = nengo.processes.WhiteSignal(period=50.0, high=3, rms=0.5)
        stimulus = nengo.Node(signal, label="stimulus")
        x = nengo.Ensemble(neurons, dimensions=1, label="x")
        y_star = nengo.Ensemble(neurons, dimensions=1, label="y*")
        y = nengo.Ensemble(neurons, dimensions=1, label="y")
        error = nengo.Ensemble(neurons, dimensions=1, label="error")

        nengo.Connection(stimulus, x)
        nengo.Connection(x, y_star, function=teacher)
        learned = nengo.Connection(
            x, y, learning_rule_type=nengo.PES(learning_rate), label="learned"
        )
        nengo.Connection(y, error)
        nengo.Connection(y_star, error, transform=-1)
        nengo.Connection(error, learned.learning_rule)

        nengo.Probe(stimulus, synapse=0.01, label="input")
        nengo.Probe(y_star, synapse=0.02, label="y*")
        nengo.Probe(y, synapse=0.02, label="y")
        nengo.Probe(error, synapse=0.02, label="error")
        nengo.Probe(x.neurons, label="x spikes")
    return network
