"""Compartments that are stepped neurons."""

from __future__ import annotations

from typing import Any

import numpy as np

from loihi_rules.chip.levels import WEIGHT_MAX
from loihi_rules.chip.limits import LOIHI
from loihi_rules.nengo_parts.stepped import SteppedNeurons

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
        Split, in floating point; is given ``spans``, blocks to their (n,) thresholds.
    integer : bool
        Whether it is going to be made integers.
    """
    for block in model.blocks:
        threshold = block.compartment.vth
        endless = np.isinf(threshold)
        if integer and endless.any():
            largest = max((s.max_abs_weight() for s in block.synapses), default=0.0)
            bias = float(np.abs(block.compartment.bias).max(initial=0.0))
            threshold[endless] = SPAN * max(largest, bias) or 1.0
        model.spans[block] = threshold.astype(float)
