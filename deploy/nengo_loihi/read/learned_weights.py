"""Learned decoders, read out of the chip's learning synapses."""

from __future__ import annotations

from typing import Any, Callable, Optional, Tuple

import nengo
import numpy as np

from deploy.nengo_loihi.build.chip_builder import learning_synapse
from loihi_rules import Learned
from loihi_rules.learned.record import adapts, rule_names
from loihi_rules.nengo_parts.wiring import base_of


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
    return decoders_of_weights(learned(synapse), decoder_of_a_weight(model, conn, dt))


def weights_for(
    model: Any,
    conn: nengo.Connection,
    dt: float,
    learned: Callable[[Any], np.ndarray],
    values: np.ndarray,
) -> Tuple[np.ndarray, np.ndarray]:
    """The weights that give a learning connection other decoders; see `decoders`.

    Each half takes half of the change, so that decoders which were read and are set again
    change nothing. Integers go to the nearest that the chip has, multiples of
    ``2^(exponent + lost bits)``, in such a way that their difference is right; where that is
    more than both halves hold, it is cut.

    Parameters
    ----------
    model, conn, dt, learned
        As for `decoders`.
    values : (size_out, n_neurons) ndarray

    Returns
    -------
    weights : (n_axons, width) ndarray
        For the synapse group, in its unit.
    filled : (n_axons, size_out) ndarray
        How much of the chip's range each decoder takes; what is above 1 is cut.
    """
    synapse = learning_synapse(model, conn)
    weights = learned(synapse)
    on, off = np.split(weights.astype(float), 2, axis=1)
    change = values.T / decoder_of_a_weight(model, conn, dt) - (on - off)
    if np.issubdtype(weights.dtype, np.integer):
        config = synapse.synapse_cfg
        lost = config.shift_bits
        step, most = 2.0 ** (config.real_weight_exp + lost), 2 ** (8 - lost) - 1
        on, off, change = on / step, off / step, np.rint(change / step)
        half = np.trunc(change / 2)
        wanted = on - off + change
        filled = np.abs(wanted) / (2 * most)
        on = (on + half).clip(-most, most)
        off = (on - wanted).clip(-most, most)
        on = step * (off + wanted).clip(-most, most)  # where one has no room, the other may
        off = step * off
    else:
        on, off, filled = on + change / 2, off - change / 2, np.zeros_like(change)
    return np.concatenate([on, off], axis=1).astype(weights.dtype), filled


def decoder_of_a_weight(model: Any, conn: nengo.Connection, dt: float) -> float:
    """What a difference of 1 between the halves of the chip's weights comes to."""
    synapse = learning_synapse(model, conn)
    block = next(block for block in model.blocks if synapse in block.synapses)
    info = block.discretize_info
    scale = 1.0 if info is None else float(info["v_scale"])
    amplitude = float(getattr(conn.pre_obj.neuron_type, "amplitude", 1.0))
    return dt * float(conn.pre_obj.radius) / (2 * scale * amplitude)


def decoders_of_weights(weights: np.ndarray, decoder: float) -> np.ndarray:
    """(size_out, n_axons) decoders of a synapse group's weights; see `decoders`.

    Parameters
    ----------
    weights : (n_axons, width) ndarray
    decoder : float
        Of `decoder_of_a_weight`.
    """
    on, off = np.split(weights.astype(float), 2, axis=1)
    return np.asarray(decoder * (on - off).T)


def learned_in_core(simulator: nengo.Simulator, name: str, conn: nengo.Connection) -> Learned:
    """What a connection that Nengo core runs has learnt so far.

    Parameters
    ----------
    simulator : nengo.Simulator
    name : str
        See `loihi_rules.learned.record.learning`.
    conn : nengo.Connection
    """
    values, theta = learned_signals(simulator, conn)
    own = None if theta is None else np.array(theta)
    return Learned(name, rule_names(conn), adapts(conn), np.array(values), own)


def learned_signals(
    simulator: nengo.Simulator, conn: nengo.Connection
) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """What of a simulator's a connection changes, and BCM's thresholds."""
    sig, signals = simulator.model.sig, simulator.signals
    of_encoders = adapts(conn) == "encoders"
    values = sig[base_of(conn.post)]["encoders"] if of_encoders else sig[conn]["weights"]
    rule = conn.learning_rule if isinstance(conn.learning_rule_type, nengo.BCM) else None
    theta = None if rule is None else signals[sig[rule]["theta"]]
    return signals[values], theta
