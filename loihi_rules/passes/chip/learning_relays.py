"""Rules that the chip lacks learn on the host, from the spikes of neurons on the chip."""

from __future__ import annotations

from typing import Dict

import nengo
import numpy as np
from nengo.ensemble import Neurons
from nengo.params import Default
from nengo.solvers import NoSolver

from loihi_rules.draft import Draft
from loihi_rules.learning_rules.where import off_chip_learning
from loihi_rules.nengo_parts.built import decoders_of
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.solvers import GivenWeights
from loihi_rules.nengo_parts.wiring import base_of, on_chip, reconnect

Relays = Dict[nengo.Ensemble, nengo.Ensemble]


def learning_relays(draft: Draft) -> None:
    """Let neurons stay on the chip whose outgoing connection learns on the host.

    A relay is a set of rectified-linear rate neurons of gain 1 and bias 0 on the host, one
    for each neuron on the chip. What comes in, unfiltered, is a neuron's spikes, of height
    amplitude / dt, and what goes out is the same: ``pre.neurons → post`` becomes
    ``pre.neurons → relay.neurons → post``, one step later, and from the relay on the rule is
    Nengo core's own. A connection of what an ensemble represents keeps the decoders that Nengo
    core solves for, from the relay.
    """
    network = draft.network
    relays: Relays = {}
    for conn in network.all_connections:
        reason = off_chip_learning(conn, draft.chip)
        if reason is None or not on_chip(network, conn.pre):
            continue
        name, pre = name_of(conn), base_of(conn.pre)
        if pre not in relays:
            relays[pre] = _relay(draft, pre)
        _from_relay(conn, relays[pre], draft.dt)
        draft.change(
            name,
            "learning off the chip",
            "from the chip",
            "from a relay on the host that repeats the chip's spikes, in Nengo core",
            reason,
        )


def _from_relay(conn: nengo.Connection, relay: nengo.Ensemble, dt: float) -> None:
    if isinstance(conn.pre_obj, Neurons):
        reconnect(conn, pre=relay.neurons[conn.pre_slice])
        return
    if isinstance(conn.solver, GivenWeights):
        reconnect(conn, pre=relay)
        return
    values, size = decoders_of(conn, dt), conn.size_mid
    conn.eval_points = Default
    reconnect(conn, pre=relay)
    conn.function = lambda x: np.zeros(size)  # of the right size; the decoders are given
    conn.solver = NoSolver(values, weights=conn.solver.weights)


def _relay(draft: Draft, pre: nengo.Ensemble) -> nengo.Ensemble:
    n = pre.n_neurons
    with draft.network:
        relay = nengo.Ensemble(
            n,
            1,
            neuron_type=nengo.RectifiedLinear(),
            gain=np.ones(n),
            bias=np.zeros(n),
            encoders=np.ones((n, 1)),
            label=f"relay of {name_of(pre)}",
            seed=0,
        )
        draft.network.config[relay].on_chip = False
        nengo.Connection(pre.neurons, relay.neurons, synapse=None, seed=0)
    return relay
