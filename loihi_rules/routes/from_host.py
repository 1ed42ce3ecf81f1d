"""What is left for the host to filter, before the filter that the chip's compartments have."""

from __future__ import annotations

from typing import NamedTuple, Optional

import nengo
import numpy as np
import scipy.sparse
from nengo.synapses import LinearFilter, Lowpass, Synapse

from loihi_rules.nengo_parts.leads import Lead, steps_of
from loihi_rules.nengo_parts.transforms import linear_map
from loihi_rules.nengo_parts.wiring import base_of

SPIKE = 0.25  # radii, that a spike of the host's is worth where nothing else is said
HOST_NOISE = 0.0115  # radii, of the host's usual spikes without a filter; measured
MOST_SPIKES = 64  # of a value, that the host sends in a step
LEAST_SPIKE = 1 / 16  # radii, of which as many are four
LEAST_SHARE = 1 / 32  # of a radius
JUMP = 2.0  # from one end of what a value may be to the other
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
    synapse: Optional[Synapse], tau: float, dt: float, spike: float = SPIKE, jump: float = 1.0
) -> HostFilter:
    """The filter G on the host by which G, then the chip's low-pass filter, is what was asked.

    In steps, the chip's filter is (1 − a) / (1 − a z⁻¹) with a = e^(−dt/τ)
    (nengo-loihi ``block.py``, ``_configure_filter``), so that for a filter H

        G(z) = H(z) · (1 − a z⁻¹) / (1 − a),

    exactly, also where there is no filter at all (`loihi_rules.nengo_parts.leads.Lead`). For a step
    of the value the host then has to send up to 1 / (1 − a) times as much at once; where that is
    above what the host sends in a step, 16 with its usual spikes, a low-pass filter of τ / 16 takes
    the place of a shorter one, or goes before another: for steps of one radius, and a filter as
    many times as long for larger ones.

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
    jump : float
        The largest step that is to be followed, radii; see `jump_of`.

    Returns
    -------
    HostFilter
    """
    most = MOST_SPIKES * spike / jump
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


def spike_of(
    conn: nengo.Connection,
    tau: float,
    dt: float,
    given: Optional[Given] = None,
    jump: float = 1.0,
) -> float:
    """What a spike of the host's is worth for a connection from the host, in radii.

    What a node computes of what the chip gives it fluctuates as spikes do, see `spike_behind`; the
    usual where that would be less. Where it is known what a node gives, that goes into one step, as
    far as the host is to send of it. Where it is not, so does the answer to a jump (`jump_of`), as
    far as larger spikes add no more noise behind the chip's filter than the usual do where there is
    none: these are spread over 1 + τ / dt steps.

    Parameters
    ----------
    conn : nengo.Connection
    tau : float
        Of the chip's filter, seconds.
    dt : float
        Step in seconds.
    given : Given, optional
        What it gives before any filter.
    jump : float
        The largest step of it, radii; see `jump_of`.
    """
    if given is not None and given.is_course:
        alike = isinstance(conn.synapse, Lowpass) and conn.synapse.tau == tau
        sent = given.values
        if not alike:
            sent = Lead(conn.synapse, steps_of(tau, dt)).filt(sent, dt=dt, y0=0)
        return max(SPIKE, MORE * float(np.abs(sent).max(initial=0.0)) / MOST_SPIKES)
    node = base_of(conn.pre)
    if not isinstance(conn.post_obj, nengo.Ensemble):
        return SPIKE
    if given is None and isinstance(node, nengo.Node) and node.size_in:
        own = float(conn.synapse.tau) if isinstance(conn.synapse, Lowpass) else 0.0
        return max(spike_behind(own, tau, dt), SPIKE) if own and tau else SPIKE
    largest = 0.0 if given is None else float(np.abs(given.values).max(initial=0.0))
    at_once = _sent(conn.synapse, tau, dt) * jump / MOST_SPIKES
    return max(SPIKE, largest / MOST_SPIKES, min(at_once, SPIKE * (1 + tau / dt)))


def jump_of(conn: nengo.Connection, given: Optional[Given] = None) -> float:
    """How far what a node gives an ensemble may jump in a step, in radii.

    From one of its values to another, or from 0, which it starts from. Where they are not known,
    from one end of a radius to the other, or where values within 1 together are made larger than
    a radius, by as much as these. What is known step by step is not taken to jump by more than
    a radius, nor is what does not come from a node alone.

    Parameters
    ----------
    conn : nengo.Connection
    given : Given, optional
        What it gives before any filter.
    """
    if given is not None and not given.is_course:
        both = np.append(given.values, np.zeros((1, given.values.shape[1])), axis=0)
        return max(float(np.ptp(both, axis=0).max(initial=0.0)), 1.0)
    post, node = conn.post_obj, base_of(conn.pre)
    alone = isinstance(node, nengo.Node) and not node.size_in and given is None
    if not alone or not isinstance(post, nengo.Ensemble):
        return 1.0
    weights = linear_map(conn)
    squares = weights.multiply(weights) if scipy.sparse.issparse(weights) else weights**2
    reach = float(np.sqrt(np.asarray(squares.sum(axis=1)).max(initial=0.0)))
    return JUMP * max(reach / float(post.radius), 1.0)


def _sent(synapse: Optional[Synapse], tau: float, dt: float) -> float:
    """The most that is sent at once for a jump by one, by the filter of `before_chip`."""
    if isinstance(synapse, Lowpass) and synapse.tau == tau:
        return 1.0
    return _peak(synapse, steps_of(tau, dt), dt)


def _peak(synapse: Optional[Synapse], steps: float, dt: float) -> float:
    """The most that is sent at once for a jump by one."""
    if synapse is None:
        return 1 + steps
    if isinstance(synapse, Lowpass):  # whose answer falls to 1, or rises to it
        return max((1 + steps) * _in_a_step(synapse.tau, dt), 1.0)
    answer = Lead(synapse, steps).filt(np.ones((STEP_LENGTH, 1)), dt=dt)
    return float(np.abs(answer).max())
