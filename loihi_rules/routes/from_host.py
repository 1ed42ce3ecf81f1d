"""What is left for the host to filter, before the filter that the chip's compartments have."""

from __future__ import annotations

from typing import NamedTuple, Optional

import nengo
import numpy as np
from nengo.synapses import LinearFilter, Lowpass, Synapse

from loihi_rules.nengo_parts.leads import Lead, steps_of
from loihi_rules.nengo_parts.wiring import base_of

SPIKE = 0.25  # radii, that a spike of the host's is worth where nothing else is said
MOST_SPIKES = 64  # of a value, that the host sends in a step
LEAST_SPIKE = 1 / 16  # radii, of which as many are four
LEAST_SHARE = 1 / 32  # of a radius
MORE = 1.5  # than the most that a process gives in the steps that are looked at
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


class Given(NamedTuple):
    """What a connection from a node is known to give.

    Attributes
    ----------
    values : (n, size) ndarray
        In radii of its target.
    is_course : bool
        Whether these are one step after the other.
    """

    values: np.ndarray
    is_course: bool


def before_chip(
    synapse: Optional[Synapse], tau: float, dt: float, spike: float = SPIKE
) -> HostFilter:
    """The filter G on the host by which G, then the chip's low-pass filter, is what was asked.

    In steps, the chip's filter is (1 − a) / (1 − a z⁻¹) with a = e^(−dt/τ)
    (nengo-loihi ``block.py``, ``_configure_filter``), so that for a filter H

        G(z) = H(z) · (1 − a z⁻¹) / (1 − a),

    exactly, also where there is no filter at all (`loihi_rules.nengo_parts.leads.Lead`). For a step
    of the value the host then has to send up to 1 / (1 − a) times as much at once; where that is
    above what the host sends in a step, 16 with its usual spikes, a low-pass filter of τ / 16 takes
    the place of a shorter one, or goes before another.

    Parameters
    ----------
    synapse : nengo.synapses.Synapse or None
        The one asked for, of any kind.
    tau : float
        τ, of the chip's filter, seconds.
    dt : float
        Step in seconds.
    spike : float
        What one of the host's is worth, radii.

    Returns
    -------
    HostFilter
    """
    most = MOST_SPIKES * spike
    if isinstance(synapse, Lowpass) and synapse.tau == tau:
        return HostFilter(None, 0.0)
    steps, least = steps_of(tau, dt), tau / most
    if _peak(synapse, steps, dt) <= most:
        return HostFilter(Lead(synapse, steps), 0.0)
    if synapse is None or isinstance(synapse, Lowpass):
        own = 0.0 if synapse is None else synapse.tau
        return HostFilter(Lead(Lowpass(least), steps), least - own)
    if isinstance(synapse, LinearFilter):
        return HostFilter(Lead(synapse.combine(Lowpass(least)), steps), least)
    return HostFilter(Lead(synapse, steps), 0.0)


def spike_behind(own: float, tau: float, dt: float, share: float = 1.0) -> float:
    """What a spike of the host's is best worth where values fluctuate, in radii.

    A value goes through a filter of time constant τ_own on the host, then one that makes up for the
    chip's τ, and comes (1 − a) / (1 − b) times as high for a step as it would come through the
    filter that was asked for, with a = e^(−dt / τ_own), b = e^(−dt / τ). With a spike that is worth
    as many times more, the chip is sent as many spikes as it would be, errs as little, and takes
    values as large. Where they are a share of the radius, so is what they err by.

    Parameters
    ----------
    own, tau : float
        Of the filter that was asked for, and of the chip's, seconds; 0 if there is none.
    dt : float
        Step in seconds.
    share : float
        How far values go, in radii.
    """
    first = _in_a_step(own, dt) / _in_a_step(tau, dt)
    return max(SPIKE * first, LEAST_SPIKE) * max(share, LEAST_SHARE)


def _in_a_step(tau: float, dt: float) -> float:
    """What a filter gives at once of what enters it, 1 − e^(−dt / τ)."""
    return float(-np.expm1(-dt / tau)) if tau else 1.0


def spike_of(conn: nengo.Connection, tau: float, dt: float, given: Optional[Given] = None) -> float:
    """What a spike of the host's is worth for a connection from the host, in radii.

    What a node computes of what the chip gives it fluctuates as spikes do, see `spike_behind`; the
    usual where that would be less, and of what the host has by itself. Where it is known what that
    is, it goes into one step, as far as the host is to send of it.

    Parameters
    ----------
    conn : nengo.Connection
    tau : float
        Of the chip's filter, seconds.
    dt : float
        Step in seconds.
    given : Given, optional
        What it gives before any filter.
    """
    if given is not None:
        sent, alike = given.values, isinstance(conn.synapse, Lowpass) and conn.synapse.tau == tau
        if given.is_course and not alike:
            sent = Lead(conn.synapse, steps_of(tau, dt)).filt(sent, dt=dt, y0=0)
        largest = float(np.abs(sent).max(initial=0.0)) * (MORE if given.is_course else 1.0)
        return max(SPIKE, largest / MOST_SPIKES)
    node = base_of(conn.pre)
    values = isinstance(conn.post_obj, nengo.Ensemble) and isinstance(conn.synapse, Lowpass)
    if not (values and isinstance(node, nengo.Node) and node.size_in):
        return SPIKE
    own = float(conn.synapse.tau)
    return max(spike_behind(own, tau, dt), SPIKE) if own and tau else SPIKE


def _peak(synapse: Optional[Synapse], steps: float, dt: float) -> float:
    """The most that is sent at once for a jump by one."""
    answer = Lead(synapse, steps).filt(np.ones((STEP_LENGTH, 1)), dt=dt)
    return float(np.abs(answer).max())
