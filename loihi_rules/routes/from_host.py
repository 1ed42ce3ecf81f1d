"""What is left for the host to filter, before the filter that the chip's compartments have."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

import numpy as np
from nengo.synapses import LinearFilter, Lowpass, Synapse
from nengo.utils.filter_design import ss2tf

MOST_LEAD = 16.0  # of a step; the host sends up to 64 spikes, of a quarter of a radius each


class HostFilter(NamedTuple):
    """How a value is filtered on its way to the chip.

    Attributes
    ----------
    synapse : nengo.synapses.Synapse or None
        On the host.
    late : float
        By how much longer the whole way takes than the filter that was asked for, seconds.
    """

    synapse: Optional[Synapse]
    late: float


def before_chip(synapse: Optional[Synapse], tau: float, dt: float) -> HostFilter:
    """The filter G on the host by which G, then the chip's low-pass filter, is what was asked.

    In steps, the chip's filter is (1 − a) / (1 − a z⁻¹) with a = e^(−dt/τ)
    (nengo-loihi ``block.py``, ``_configure_filter``), so that for a filter H

        G(z) = H(z) · (1 − a z⁻¹) / (1 − a),

    exactly, also where there is no filter at all. For a step of the value the host then has to
    send up to 1 / (1 − a) times as much at once; where that is above 16, a low-pass filter of
    τ / 16 takes the place of a shorter one, or goes before another.

    Parameters
    ----------
    synapse : nengo.synapses.Synapse or None
        The one asked for.
    tau : float
        τ, of the chip's filter, seconds.
    dt : float
        Step in seconds.

    Returns
    -------
    HostFilter
        With a filter that does not cancel the chip's where ``synapse`` is not linear.
    """
    if not tau or (synapse is not None and not isinstance(synapse, LinearFilter)):
        return HostFilter(synapse, tau)
    if isinstance(synapse, Lowpass) and synapse.tau == tau:
        return HostFilter(None, 0.0)
    asked = LinearFilter([1], [1]) if synapse is None else synapse
    whole, least = _cancelled(asked, tau, dt), tau / MOST_LEAD
    if np.abs(whole.num).max() <= MOST_LEAD:
        return HostFilter(whole, 0.0)
    if synapse is None or isinstance(synapse, Lowpass):
        own = 0.0 if synapse is None else synapse.tau
        return HostFilter(_cancelled(Lowpass(least), tau, dt), least - own)
    return HostFilter(_cancelled(asked.combine(Lowpass(least)), tau, dt), least)


def _cancelled(synapse: LinearFilter, tau: float, dt: float) -> LinearFilter:
    """A filter as Nengo steps it, times the inverse of the chip's."""
    num, den = _in_steps(synapse, dt)
    a = np.exp(-dt / tau) if tau else 0.0
    num, den = np.polymul(num, [1, -a]) / (1 - a), np.polymul(den, [1, 0])
    while len(den) > 1 and den[-1] == 0 and num[-1] == 0:
        num, den = num[:-1], den[:-1]
    return LinearFilter(num, den, analog=False)


def _in_steps(synapse: LinearFilter, dt: float) -> Tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator in z, of the same length."""
    A, B, C, D = synapse._get_ss(dt)
    if not len(A):
        return np.ravel(D), np.ones(1)
    num, den = ss2tf(A, B, C, D)
    num = np.atleast_1d(np.squeeze(num))
    if not np.any(D):  # Nengo gives out the state after the step, which is a step earlier
        num = np.append(num[1:], 0.0)
    return num, den
