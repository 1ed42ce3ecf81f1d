"""Compartments that are stepped neurons."""

from __future__ import annotations

from typing import Any

import numpy as np

from loihi_rules.nengo_parts.stepped import SteppedNeurons


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
    bias, leak = np.asarray(neurons.bias, float), np.asarray(neurons.leak, float)
    v_reset, threshold = np.asarray(neurons.v_reset, float), np.asarray(neurons.threshold, float)
    kept, lost = np.asarray(neurons.voltage_kept, float), 1 - np.asarray(neurons.current_kept)
    compartment.decay_u[:] = lost
    compartment.decay_v[:] = 1 - kept
    compartment.vth[:] = (threshold - v_reset) / dt
    steady = np.divide(bias, lost, out=np.zeros(np.broadcast(bias, lost).shape), where=bias != 0)
    compartment.bias[:] = (leak + steady - (1 - kept) * v_reset) / dt
    compartment.refract_delay[:] = 2 if neurons.late_reset else 1
    compartment.vmin, compartment.vmax = -np.inf, np.inf
    compartment.scale_u = compartment.scale_v = False
    compartment.tau_s = 0.0  # so that nengo-loihi gives them no filter of its own
