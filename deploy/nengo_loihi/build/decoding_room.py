"""How large a value the compartments hold that decode for the host."""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np

from loihi_rules.chip.tuning import chip_rates

BEYOND = 2.0  # radii, up to which inputs are taken to go
DEVIATIONS = 6.0
AT_ONCE = 2  # spikes of the largest weight, however few there are on average


def make_room(block: Any, synapse: Any, ens: nengo.Ensemble, built: Any, dt: float) -> None:
    """Let compartments that decode hold what the spikes of one step may add up to.

    They are meant never to spike, and their voltage is read at each step. nengo-loihi gives them a
    threshold of 10 radii (``Model.vth_nonspiking``); a sum beyond it makes them spike, and reads
    as nothing. A decoded value comes as Σ_i w_i of the neurons that spike in the step, where w_i
    is 1/dt times a decoder, so that few or slow neurons, a transform or a short step exceed it.
    With p_i the probability that neuron i spikes in a step, at twice the radius, the threshold
    becomes 10 · 2^k radii, no less than

        Σ_i |w_i| p_i  +  6 √(Σ_i w_i² p_i)  +  2 max |w_i|.

    A power of two costs no bits, as the weights' exponent takes it up.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
        Of compartments that decode. Is changed.
    synapse : nengo_loihi.block.Synapse
        Its weights, a row for each neuron.
    ens : nengo.Ensemble
        That is decoded.
    built : nengo.builder.ensemble.BuiltEnsemble
        Gains and biases on the chip.
    dt : float
        Step in seconds.
    """
    weights = np.abs(np.array([np.ravel(row) for row in synapse.weights], dtype=float))
    rates = chip_rates(ens.neuron_type, built.gain * BEYOND + built.bias, dt)
    spiking = np.minimum(rates * dt / float(getattr(ens.neuron_type, "amplitude", 1.0)), 1.0)
    most = (
        spiking @ weights
        + DEVIATIONS * np.sqrt(spiking @ weights**2)
        + AT_ONCE * weights.max(axis=0)
    ).max()
    doublings = np.ceil(np.log2(max(float(most) / float(np.max(block.compartment.vth)), 1.0)))
    block.compartment.vth *= 2.0**doublings
