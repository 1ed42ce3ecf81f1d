"""How fast a connection learns on the chip, by the integers that its synapses were given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple

import nengo
import numpy as np

from deploy.emulator.layout import trace_decay
from deploy.emulator.silicon import AS_EMULATED, Silicon
from deploy.nengo_loihi.build.chip_builder import learning_synapse
from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.nengo_loihi.read.learned_weights import decoder_of_a_weight
from loihi_rules.learning_rules.pes import LearningScale
from loihi_rules.nengo_parts.names import name_of


@dataclass(frozen=True)
class LearningRate:
    """A learning rate's way, from the user's rule to the chip's integers and back.

    Attributes
    ----------
    connection : str
    asked : float
        κ of `nengo.PES`.
    factor : float
        What it is multiplied by for the chip's rates and traces.
    error_scale : float
        s: an error E is sent as the integer s · E.
    exponent : int
        e of the weights.
    increment : float
        What a spike adds to the trace; its fraction by chance.
    shift : int
        The microcode's: a weight changes by trace · error · 2^−shift.
    decoder_step : float
        What the least change of a weight changes a decoder by.
    effective : float
        κ as all of these come to; see `effective_rate`.
    """

    connection: str
    asked: float
    factor: float
    error_scale: float
    exponent: int
    increment: float
    shift: int
    decoder_step: float
    effective: float


def learning_rates(
    model: Any,
    scales: Mapping[nengo.Connection, LearningScale],
    dt: float,
    silicon: Silicon = AS_EMULATED,
) -> List[Dict[str, Any]]:
    """The learning rate of every connection that learns on the chip, in terms of JSON.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Discretised.
    scales : mapping of nengo.Connection to LearningScale
    dt : float
        Step in seconds.
    silicon : Silicon
        How the chip learns otherwise.
    """
    return [vars(learning_rate(model, conn, scale, dt, silicon)) for conn, scale in scales.items()]


def learning_rate(
    model: Any, conn: nengo.Connection, scale: LearningScale, dt: float, silicon: Silicon
) -> LearningRate:
    """One connection's; parameters as of `learning_rates`."""
    synapse = learning_synapse(model, conn)
    config, bits = synapse.synapse_cfg, load_nengo_loihi().builder.discretize
    overflow = bits.learn_overflow_bits(n_factors=2)
    # one unit of trace times error, in the unit of the weights that `decoders` reads
    exponent = synapse._lr_exp + int(silicon.learning_shift) - overflow
    change = synapse._lr_int * 2.0 ** (exponent + config.real_weight_exp)
    decoder = decoder_of_a_weight(model, conn, dt)
    every, keep = trace_decay(
        float(synapse.tracing_tau), int(synapse.train_epoch), silicon.trace_decay
    )
    neurons = conn.pre_obj.n_neurons if scale.sources is None else len(scale.sources)
    effective = effective_rate(
        neurons,
        2 * decoder * change * scale.error_scale,
        float(synapse.tracing_mag),
        (every, int(synapse.learn_epoch)),
        -every / np.log(keep) if keep > 0 else 0.0,
    )
    return LearningRate(
        name_of(conn),
        float(conn.learning_rule_type.learning_rate),
        scale.rate_factor,
        scale.error_scale,
        scale.weight_exponent,
        float(synapse.tracing_mag),
        int(-exponent),
        decoder * 2.0 ** (config.real_weight_exp + config.shift_bits),
        effective,
    )


def effective_rate(
    neurons: int, change: float, increment: float, epochs: Tuple[int, int], tau: float
) -> float:
    r"""κ of the equation Δd / Δt = −κ E a / n, from the chip's numbers.

    A neuron of 1 Hz adds m · dt to its trace in each step, and every p steps the trace decays by
    e^(−p / τ), so that its mean is p m dt / (1 − e^(−p / τ)). Every l steps a decoder changes by
    c · trace · E, so that

        κ = n · c · m · p / (l · (1 − e^(−p / τ))),

    in which the step has cancelled, as there are 1 / dt of them a second.

    For a slow trace that is the user's κ times `loihi_rules.learning_rules.pes.rate_factor`, times
    `trace_gain` by which the trace is larger than the filter for which it stands.

    Parameters
    ----------
    neurons : int
        n.
    change : float
        c: of a decoder, by a trace of 1 and an error of 1.
    increment : float
        m.
    epochs : tuple of int
        p and l, steps between two decays of the trace and between two changes of weights.
    tau : float
        τ, in steps.
    """
    decay, learn = epochs
    return float(neurons * change * increment * decay / (learn * -np.expm1(-decay / tau)))
