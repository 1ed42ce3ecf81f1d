"""Tuning curves of neurons as the chip fires them."""

from __future__ import annotations

import nengo
import numpy as np


def chip_rates(neuron_type: nengo.neurons.NeuronType, current: np.ndarray, dt: float) -> np.ndarray:
    """Firing rates of chip neurons under a constant current.

    A compartment fires at most once a step, so that an interval is a whole number of
    steps, ``⌈T / dt⌉`` where Nengo's neuron has T (nengo-loihi ``neurons.py``,
    ``loihi_lif_rates``):

        LIF:                 T = τ_ref + τ_RC · ln(1 + 1 / (J − 1)),  J > 1
        rectified linear:    T = 1 / J,                                J > 0

    Parameters
    ----------
    neuron_type : nengo.LIF or nengo.SpikingRectifiedLinear, or nengo.RegularSpiking of
        their rate types
    current : ndarray
        J, normalised.
    dt : float
        Step in seconds.

    Returns
    -------
    ndarray
        Rates in Hz times the neuron type's amplitude, of the shape of ``current``.
    """
    base = getattr(neuron_type, "base_type", neuron_type)
    rates = np.zeros_like(current, dtype=float)
    if isinstance(base, nengo.LIFRate):  # nengo.LIF is one
        active = current > 1
        refractory = dt * np.round(base.tau_ref / dt)
        interval = refractory + base.tau_rc * np.log1p(1 / (current[active] - 1))
    else:
        active = current > 0
        interval = 1 / current[active]
    rates[active] = neuron_type.amplitude / (dt * np.ceil(interval / dt))
    return rates
