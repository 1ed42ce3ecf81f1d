"""Learned decoders, read out of the chip's learning synapses."""

from __future__ import annotations

from typing import Any, Callable

import nengo
import numpy as np

from deploy.targets.chip_builder import learning_synapse
from loihi_rules import Learned
from loihi_rules.learned import adapts, rule_names
from loihi_rules.wiring import base_of


def decoders(
    model: Any, conn: nengo.Connection, dt: float, learned: Callable[[Any], np.ndarray]
) -> np.ndarray:
    """The decoders of a learning connection, in Nengo's units.

    nengo-loihi decodes a value with two compartments a dimension, whose
    voltages add to ``r · (v_on − v_off) / s`` (``builder/probe.py``,
    ``conn_probe``), where r is the radius of the ensemble and s the factor from
    voltage to the chip's integers. PES changes both halves, each with its own
    rounding, so the decoder is

        d = dt · r · (w_on − w_off) / (2 · s · A),

    with A the amplitude of the neurons' spikes, which have no height on the chip.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    conn : nengo.Connection
        A connection that learns on the chip.
    dt : float
        Step in seconds.
    learned : callable
        Gives the (n_axons, width) weights of a synapse group as they are now.

    Returns
    -------
    (size_out, n_neurons) ndarray
        As ``Probe(conn, "weights")`` on the CPU.
    """
    synapse = learning_synapse(model, conn)
    block = next(block for block in model.blocks if synapse in block.synapses)
    info = block.discretize_info
    scale = 1.0 if info is None else float(info["v_scale"])
    weights = learned(synapse).astype(float)
    half = weights.shape[1] // 2
    difference = weights[:, :half] - weights[:, half:]
    amplitude = float(getattr(conn.pre_obj.neuron_type, "amplitude", 1.0))
    return (dt * float(conn.pre_obj.radius) / (2 * scale * amplitude)) * difference.T


def learned_in_core(simulator: nengo.Simulator, name: str, conn: nengo.Connection) -> Learned:
    """What a connection that Nengo core runs has learnt so far.

    Parameters
    ----------
    simulator : nengo.Simulator
    name : str
        See `loihi_rules.learned.learning`.
    conn : nengo.Connection
    """
    sig, signals = simulator.model.sig, simulator.signals
    kind = adapts(conn)
    values = sig[base_of(conn.post)]["encoders"] if kind == "encoders" else sig[conn]["weights"]
    rule = conn.learning_rule if isinstance(conn.learning_rule_type, nengo.BCM) else None
    theta = None if rule is None else np.array(signals[sig[rule]["theta"]])
    return Learned(name, rule_names(conn), kind, np.array(signals[values]), theta)
