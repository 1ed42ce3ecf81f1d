"""What is left for the host to filter, before the filter that the chip's compartments have."""

from __future__ import annotations

from typing import NamedTuple, Optional

import numpy as np
from nengo.synapses import LinearFilter, Lowpass, Synapse

from loihi_rules.nengo_parts.leads import Lead, steps_of

MOST_LEAD = 16.0  # of a step; the host sends up to 64 spikes, of a quarter of a radius each
STEP_LENGTH = 8  # steps of the answer to a jump, of which the first are the largest


class HostFilter(NamedTuple):
    """How a value is filtered on its way to the chip.

    Attributes
    ----------
    synapse : nengo.synapses.Synapse or None
        On the host; None where the chip's filter is the one that was asked for.
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

    exactly, also where there is no filter at all (`loihi_rules.nengo_parts.leads.Lead`). For a step
    of the value the host then has to send up to 1 / (1 − a) times as much at once; where that is
    above 16, a low-pass filter of τ / 16 takes the place of a shorter one, or goes before another.

    Parameters
    ----------
    synapse : nengo.synapses.Synapse or None
        The one asked for, of any kind.
    tau : float
        τ, of the chip's filter, seconds.
    dt : float
        Step in seconds.

    Returns
    -------
    HostFilter
    """
    if isinstance(synapse, Lowpass) and synapse.tau == tau:
        return HostFilter(None, 0.0)
    steps, least = steps_of(tau, dt), tau / MOST_LEAD
    if _peak(synapse, steps, dt) <= MOST_LEAD:
        return HostFilter(Lead(synapse, steps), 0.0)
    if synapse is None or isinstance(synapse, Lowpass):
        own = 0.0 if synapse is None else synapse.tau
        return HostFilter(Lead(Lowpass(least), steps), least - own)
    if isinstance(synapse, LinearFilter):
        return HostFilter(Lead(synapse.combine(Lowpass(least)), steps), least)
    return HostFilter(Lead(synapse, steps), 0.0)


def _peak(synapse: Optional[Synapse], steps: float, dt: float) -> float:
    """The most that is sent at once for a jump by one."""
    answer = Lead(synapse, steps).filt(np.ones((STEP_LENGTH, 1)), dt=dt)
    return float(np.abs(answer).max())
