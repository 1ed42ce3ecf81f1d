"""Chosen values are put into neurons: voltages, currents, spikes.

Ten LIF neurons get no input of their own; each fires as its bias b_i has it, or not at all:

    τ_RC dV_i/dt = b_i + J_i(t) − V_i,        spike and V_i ← 0 at V_i = 1.

Then, from outside,

- before the run, V_i is set to |ξ_i|, ξ drawn from a normal distribution, 0.95 at most,
- from 0.2 to 0.3 s a current J_i rises from 0 for the first neuron to 2 for the last,
- at 0.4 s all voltages are set to 0.9,
- at 0.5 s a volley of spikes comes in, neuron after neuron, 5 ms apart.

In Nengo, the voltage is written into the simulator's own signal. The chip's emulator gets the
integers that stand for the same; how far they are off is in the report's list of changes.
"""

import nengo
import numpy as np
from nengo.dists import Uniform

from loihi_rules.blocks.injection import inject, inject_spikes

CURRENT = (0.2, 0.3)  # s, from when to when
VOLTAGE = 0.4  # s
VOLLEY, APART = 0.5, 0.005  # s


def injection(neurons: int = 10, seed: int = 0) -> nengo.Network:
    """Build the system.

    Parameters
    ----------
    neurons : int
        Number of LIF neurons.
    seed : int
        Seed of the network, and of the first voltages.
    """
    first = np.minimum(np.abs(np.random.RandomState(seed).randn(neurons)), 0.95)
    volley = VOLLEY + APART * np.arange(neurons)
    with nengo.Network(label="injection", seed=seed) as network:
        cells = nengo.Ensemble(
            neurons,
            1,
            max_rates=Uniform(60, 120),
            intercepts=Uniform(-0.5, 0.5),
            label="cells",
        )
        inject(cells, voltage=first)
        inject(cells, input_current=np.linspace(0, 2, neurons), at=CURRENT)
        inject(cells, voltage=0.9, at=VOLTAGE)
        source = inject_spikes(cells, volley, np.arange(neurons), weight=0.02, label="volley")
        nengo.Probe(cells.neurons, "voltage", label="voltage")
        nengo.Probe(cells.neurons, label="spikes")
        nengo.Probe(source.neurons, label="volley")
    return network
