"""What a spike of the host is worth where values go straight to neurons of the chip."""

from __future__ import annotations

from typing import Any, NamedTuple

import nengo
import numpy as np
import scipy.sparse

from deploy.nengo_loihi.build.input_neurons import SPIKES_A_STEP
from loihi_rules.blocks.injection import SpikeTimes
from loihi_rules.chip.levels import filter_of
from loihi_rules.nengo_parts.leads import Lead
from loihi_rules.nengo_parts.likely_inputs import largest_value
from loihi_rules.nengo_parts.transforms import linear_map
from loihi_rules.nengo_parts.wiring import base_of, columns_of, rows_of

USUAL_UNIT = 1 / SPIKES_A_STEP
MOST_A_STEP = 64  # spikes of one neuron; bounds what the chip is sent
FAINT = 1 / 4  # thresholds: what a spike of each input adds up to, where a quarter would be less
PULSES = 1024  # spikes of a pulse that compartments take at once; leaves weights 5 bits of 8
STEPS = 8  # of a filter's answer, of which the first are the largest
ENDLESS = 2**40  # spikes that wait, where these become less by themselves
INPUT_MAX = 2.0**20  # half of what a compartment's synapses may add in a step, 21 bits


class InputUnit(NamedTuple):
    """How a value becomes spikes.

    Attributes
    ----------
    value : float
        That one spike stands for.
    most : int
        Spikes of one neuron in a step.
    room : int
        Spikes that may wait for a later step; what is beyond is cut.
    at_once : int
        Spikes of one neuron in a step that compartments are to hold; 0 for the usual number.
    alone : float
        Thresholds by which one spike is more than what makes a neuron fire; 0 where that is known
        to do no harm.
    fade : float
        What is left of a spike that waits, a step later: all of it, or as much as the filter
        would have left that it goes into.
    """

    value: float
    most: int = MOST_A_STEP
    room: int = 0
    at_once: int = 0
    alone: float = 0.0
    fade: float = 1.0


def input_unit(network: nengo.Network, conn: nengo.Connection, gain: np.ndarray, dt: float) -> Any:
    """The unit of a connection of values into neurons.

    A quarter carries values up to 16, at `MOST_A_STEP` spikes a step. Where values are known to be
    larger (`loihi_rules.nengo_parts.likely_inputs.largest_value`), the largest one M is as many
    spikes: M / 64. Where they are known to be less than a quarter, and the spike of a quarter would
    make a neuron fire by itself, it is one: M. Trains of spikes of 1 / dt are sent as these.

    Where nothing is known of them, the unit follows the weights: the spikes of all inputs, one of
    each and independent, are ``u · g_i √(Σ_j w_ij²)`` thresholds to neuron i, and u is a quarter,
    or as much more as makes that a quarter too for the neuron in the middle. With a unit like that,
    compartments are given room for pulses of 1 / dt. What does not go into one step waits for the
    next (`InputUnit.room`).

    Parameters
    ----------
    network : nengo.Network
    conn : nengo.Connection
        From the host to neurons on the chip.
    gain : (n_neurons,) ndarray
        Of the ensemble that the neurons are of.
    dt : float
        Step in seconds.

    Returns
    -------
    InputUnit
    """
    node = base_of(conn.pre)
    own = isinstance(node, nengo.Node) and conn.function is None
    if own and isinstance(node.output, SpikeTimes):
        return InputUnit(1 / dt)
    weights = abs(linear_map(conn))
    gains = np.asarray(gain)[rows_of(conn.post)]
    alone = USUAL_UNIT * float(np.max(gains * _largest(weights), initial=0.0))
    largest = largest_value(network, node, columns_of(conn.pre), dt) if own else None
    if largest is not None:
        if not isinstance(node.output, np.ndarray):  # which does not jump
            largest *= ahead(conn.synapse, dt)
        if largest > MOST_A_STEP * USUAL_UNIT:
            return InputUnit(largest / MOST_A_STEP, at_once=MOST_A_STEP)
        return InputUnit(largest if 0 < largest < USUAL_UNIT and alone > 1 else USUAL_UNIT)
    squares = weights.multiply(weights) if scipy.sparse.issparse(weights) else weights**2
    together = gains * np.sqrt(np.ravel(squares.sum(axis=1)))
    reached = together[together > 0]
    unit = max(USUAL_UNIT, FAINT / float(np.median(reached))) if len(reached) else USUAL_UNIT
    pulse = int(np.ceil(_ahead(conn.synapse, np.eye(STEPS)[0], dt) / dt / unit))
    at_once = min(pulse, PULSES) if unit > USUAL_UNIT else 0
    return InputUnit(unit, MOST_A_STEP, max(pulse, MOST_A_STEP), at_once, alone)


def filtered_unit(spike: float, tau: float, dt: float) -> InputUnit:
    """The unit of values into an ensemble, which go through one low-pass filter.

    What is beyond `MOST_A_STEP` spikes waits for the next steps, and becomes less as it would
    behind the filter: once it has been sent, what the filter gives is as if it had come at once.

    Parameters
    ----------
    spike : float
        What one is worth, radii; 0 for the usual.
    tau : float
        Of the filter, as the chip has it, in seconds; 0 for none.
    dt : float
        Step in seconds.

    Returns
    -------
    InputUnit
    """
    if not tau:
        return InputUnit(spike or USUAL_UNIT)
    return InputUnit(spike or USUAL_UNIT, room=ENDLESS, fade=float(np.exp(-dt / tau)))


def _ahead(synapse: Any, given: np.ndarray, dt: float) -> float:
    """How high a signal up to 1 is behind a filter of the host that makes up for the chip's."""
    if not isinstance(synapse, Lead):
        return 1.0
    return max(1.0, float(np.abs(synapse.filt(given[:, np.newaxis], dt=dt)).max()))


def ahead(synapse: Any, dt: float) -> float:
    """How many times as high a jump is behind a filter that makes up for the chip's.

    Parameters
    ----------
    synapse : nengo.synapses.Synapse or None
    dt : float
        Step in seconds.
    """
    return _ahead(synapse, np.ones(STEPS), dt)


def _largest(weights: Any) -> np.ndarray:
    largest = weights.max(axis=1)
    return np.ravel(largest.toarray() if scipy.sparse.issparse(largest) else largest)


def most_at_once(model: Any, receiver: Any, unit: InputUnit, whole: bool) -> InputUnit:
    """With as many spikes a step as compartments can take of one axon, and the filter they have.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Its weights are final.
    receiver : nengo_loihi.builder.inputs.ChipReceiveNode
    unit : InputUnit
    whole : bool
        Whether weights are integers, whose sums wrap around, and decays are.
    """
    dt = model.dt
    if not unit.room:
        return unit
    if unit.fade < 1:
        kept = filter_of(-dt / float(np.log(unit.fade)), dt) if whole else 0.0
        return unit._replace(fade=float(np.exp(-dt / kept))) if kept else unit
    if not whole:
        return unit._replace(most=unit.room)
    groups = [axon.target for axon in model.spike_targets[receiver].axons]
    largest = max((float(group.max_abs_weight()) for group in groups), default=0.0)
    at_once = int(INPUT_MAX / largest) if largest else unit.room
    return unit._replace(most=int(np.clip(at_once, MOST_A_STEP, unit.room)))
