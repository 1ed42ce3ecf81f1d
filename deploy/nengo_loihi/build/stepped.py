"""Compartments that are stepped neurons."""

from __future__ import annotations

from typing import Any, List

import nengo
import numpy as np

from deploy.nengo_loihi.build.reach import reach_of, sums_of
from loihi_rules.chip.levels import WEIGHT_MAX
from loihi_rules.chip.limits import LOIHI
from loihi_rules.nengo_parts.stepped import SteppedNeurons

LEFT_OUT = 1 / 1024
SPAN = LOIHI.threshold_max // WEIGHT_MAX  # largest weights in the largest threshold


def configure_stepped(compartment: Any, neurons: SteppedNeurons, dt: float) -> None:
    """Give a block's compartments the numbers of its neurons, exactly.

    With v' = v − v_reset, which a spike sets to 0, and u' = u − b/(1 − α), which is what spikes
    add:

        u'_t = α u'_{t−1} + x_t
        v'_t = β v'_{t−1} + u'_t + (k + b/(1 − α) − (1 − β) v_reset),    v' > θ − v_reset

    nengo-loihi's weights are for spikes of 1/dt (``builder/connection.py``,
    ``build_full_chip_connection``), so that all is 1/dt times as large. A reset in the next step
    holds the voltage for that step, which is a refractory time of two.

    Parameters
    ----------
    compartment : nengo_loihi.block.Compartment
        In floating point; is changed.
    neurons : SteppedNeurons
        With a reset to ``v_reset``.
    dt : float
        Step in seconds.
    """
    leak, v_reset = np.asarray(neurons.leak, float), np.asarray(neurons.v_reset, float)
    threshold = np.asarray(neurons.threshold, float)
    kept, lost = np.asarray(neurons.voltage_kept, float), 1 - np.asarray(neurons.current_kept)
    compartment.decay_u[:] = lost
    compartment.decay_v[:] = 1 - kept
    compartment.vth[:] = (threshold - v_reset) / dt
    compartment.bias[:] = (leak + steady_current(neurons) - (1 - kept) * v_reset) / dt
    compartment.refract_delay[:] = 2 if neurons.late_reset else 1
    compartment.vmin, compartment.vmax = -np.inf, np.inf
    compartment.scale_u = compartment.scale_v = False
    compartment.tau_s = 0.0  # so that nengo-loihi gives them no filter of its own


def steady_current(neurons: SteppedNeurons) -> np.ndarray:
    """b/(1 − α), to which the bias alone brings the current; 0 where there is none."""
    bias, lost = np.asarray(neurons.bias, float), 1 - np.asarray(neurons.current_kept, float)
    bias, lost = np.broadcast_arrays(bias, lost)
    return np.asarray(np.divide(bias, lost, out=np.zeros(bias.shape), where=bias != 0))


def span_thresholds(model: Any, integer: bool) -> None:
    """Note the thresholds of all blocks, and give what never spikes one at the end of its range.

    Of weights of 8 bits, 64 to a step, and voltages of 23: the threshold that is as many of the
    largest weight as leaves both all their bits.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Split, in floating point; is given ``spans``, blocks to their (n,) thresholds, and
        ``shifts``, to what has been added to voltages and thresholds.
    integer : bool
        Whether it is going to be made integers.
    """
    for block in model.blocks:
        model.shifts[block] = _compare_beside_weights(block, integer)
        threshold = block.compartment.vth
        endless = np.isinf(threshold)
        if integer and endless.any():
            largest = max((s.max_abs_weight() for s in block.synapses), default=0.0)
            bias = float(np.abs(block.compartment.bias).max(initial=0.0))
            threshold[endless] = SPAN * max(largest, bias) or 1.0
        model.spans[block] = threshold.astype(float)


def _compare_beside_weights(block: Any, integer: bool) -> np.ndarray:
    """Have what keeps nothing of a step, and fires at 0 or less, compare on its weights' scale.

    With x > d, d ≤ 0, such as a step function is, any c will do in x + c − d > c. Here c is the
    largest weight, or d where that is more: beside a c of 1, weights may be nothing. And 1/1024 of
    it is left out, which is a fraction of the least x, so that x = d is not above it by the
    rounding of the bias, nor by the 1/4,096 of the voltage before that a step keeps.

    Returns
    -------
    (n,) ndarray
        By how much voltages are shifted.
    """
    compartment = block.compartment
    distance = compartment.vth.astype(float) - compartment.bias
    moved = (compartment.decay_u == 1) & (compartment.decay_v == 1) & (distance <= 0)
    shift = np.zeros(block.n_neurons)
    if not integer or compartment.scale_u or not moved.any():
        return shift
    largest = np.zeros(block.n_neurons)
    for synapse in block.synapses:
        reach = reach_of(synapse, block.n_neurons)
        np.maximum(largest, sums_of(synapse, reach).largest, out=largest)
    level = np.maximum(largest, -distance)
    level[level == 0] = 1.0
    shift[moved] = level[moved] * (1 - LEFT_OUT) - distance[moved] - compartment.bias[moved]
    compartment.bias[moved] += shift[moved]
    compartment.vth[moved] = level[moved]
    return shift


def blocks_of(model: Any, ens: nengo.Ensemble) -> List[Any]:
    """The blocks that an ensemble's neurons are on."""
    blocks = model.objs[ens]["in"]
    return list(blocks) if isinstance(blocks, list) else [blocks]
