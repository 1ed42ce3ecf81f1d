"""Filters that the chip lacks are computed on the host, on the way from chip to chip."""

from __future__ import annotations

from typing import Optional

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.neurons import RatesToSpikesNeuronType
from nengo.synapses import Lowpass
from nengo.transforms import NoTransform

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.parameters import with_parameters
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.nengo_parts.wiring import base_of, on_chip, reconnect

ONE_DECAY = "a compartment filters its input by one decay"
TYPICAL_RATE = 200.0  # Hz, of neurons whose spikes a relay hands on as a value


def host_filters(draft: Draft) -> None:
    """Send what needs another filter than a low-pass through a node on the host.

    Compartments filter their input by one decay. ``pre → post`` with a filter H becomes
    ``pre → node``, without a filter, and ``node → post`` with H, which the host computes. So
    do the host's own neurons, where it is not their spikes that the chip's neurons are given.
    """
    network = draft.network
    for conn in network.all_connections:
        synapse = conn.synapse
        if not on_chip(network, conn.post) or isinstance(conn.post_obj, LearningRule):
            continue
        reason = _why(network, conn)
        if reason is None or conn.learning_rule_type is not None:
            continue
        name = name_of(conn)
        size, post, scale = conn.size_out, conn.post, _scale(conn)
        with network:
            relay = nengo.Node(lambda t, x: x, size_in=size, label=f"relay of {name}")
        relay.seed = 0
        reconnect(conn, post=relay)
        conn.synapse = None
        if conn.solver.weights:
            conn.solver = with_parameters(conn.solver, weights=False)
        with network:
            nengo.Connection(
                relay,
                post,
                transform=NoTransform(size) if scale == 1 else np.eye(size) * scale,
                synapse=synapse,
                seed=conn.seed,
            )
        if scale != 1:
            draft.asked.setdefault(conn, conn.transform)
            conn.transform = matrix_of(conn) / scale
        draft.change(
            name,
            "filters of the chip",
            str(synapse),
            "the same, on the host, by way of a node",
            reason,
        )


def _why(network: nengo.Network, conn: nengo.Connection) -> Optional[str]:
    """Why a connection into the chip goes through a relay; None if it need not."""
    from_neurons, chip = isinstance(conn.pre_obj, Neurons), on_chip(network, conn.pre)
    if conn.synapse is not None and not isinstance(conn.synapse, Lowpass):
        # the host filters values of its own anyway
        return ONE_DECAY if chip or from_neurons else None
    if not from_neurons or chip:
        return None
    if not isinstance(conn.post_obj, Neurons):
        return "the host multiplies its neurons' weights, and sends the value"
    neuron_type = base_of(conn.pre).neuron_type
    if isinstance(neuron_type, RatesToSpikesNeuronType) and neuron_type.negative:
        return "spikes with a sign are values, the chip's have none"
    return None if neuron_type.spiking else "rates are values, not spikes"


def _scale(conn: nengo.Connection) -> float:
    """What a relay's value is divided by, to be about 1.

    Spikes to neurons are numbers of Hz times the transform, while a value is sent to the
    chip in units of its target, which neurons do not have.
    """
    if not (isinstance(conn.pre_obj, Neurons) and isinstance(conn.post_obj, Neurons)):
        return 1.0
    largest = float(np.abs(matrix_of(conn)).max(initial=0.0))
    return max(1.0, largest * TYPICAL_RATE)
