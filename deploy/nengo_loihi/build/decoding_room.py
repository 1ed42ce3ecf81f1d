"""How large, and how small, a value the compartments hold that decode for the host."""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np

from loihi_rules.chip.levels import WEIGHT_MAX
from loihi_rules.chip.limits import LOIHI
from loihi_rules.chip.tuning import chip_rates

BEYOND = 2.0  # radii, up to which inputs are taken to go
DEVIATIONS = 6.0
AT_ONCE = 2  # spikes of the largest weight, however few there are on average
SPARED = 2  # bits, that values may have less than they could: decoders keep 6 of 8


def fill_range(block: Any, synapse: Any, probe: Any) -> None:
    """Decode values that are small at the size of others, and let the host divide them again.

    A value is decoded by compartments whose threshold is 10 radii of the ensemble, and the chip has
    weights down to about 1/10,000 of a threshold: decoders that are multiplied with 1/1000 on the
    way to a node would be left 2 bits, or none. Those of each dimension are multiplied by the power
    of two that fills the range of weights, and what is read from its compartments by the inverse.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
        Of 2d compartments that decode, for each value and for its opposite.
    synapse : nengo_loihi.block.Synapse
        Its weights, a row for each neuron. Is changed.
    probe : nengo_loihi.probe.LoihiProbe
        Reads the compartments. Is changed.
    """
    largest = np.max([np.abs(np.ravel(row)) for row in synapse.weights], axis=0).astype(float)
    full = WEIGHT_MAX * float(np.max(block.compartment.vth)) / LOIHI.threshold_max
    some = largest > 0
    doublings = np.zeros(len(largest), int)
    doublings[some] = np.floor(np.log2(full / largest[some])).astype(int)
    doublings[doublings < SPARED] = 0
    if not doublings.any():
        return
    factor = 2.0**doublings
    for weights in synapse.weights:
        weights *= factor.astype(weights.dtype)
    for i, weights in enumerate(probe.weights):
        probe.weights[i] = weights / factor[:, np.newaxis]


def read_both_halves(block: Any, probe: Any) -> None:
    """Read a learned value as half the difference of the two compartments that decode it.

    One of them decodes the value v and one −v. nengo-loihi's hold nothing below 0, so that of the
    two sums v₊ and v₋

        max(v₊, 0) − max(v₋, 0)

    is read. But the chip rounds changes of weights downwards (nengo-loihi
    ``emulator/interface.py``, ``weight_update``, shifts a product to the right), of both: their sum
    falls with each change, and what is read shrinks by half of it, the more so the shorter the
    steps. Where both may go below 0, half of v₊ − v₋ has nothing of that, and half the noise.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
        Of 2d compartments that decode. Is changed.
    probe : nengo_loihi.probe.LoihiProbe
        Reads them. Is changed.
    """
    block.compartment.vmin = -float(np.max(block.compartment.vth))
    probe.weights = [weights / 2 for weights in probe.weights]


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
