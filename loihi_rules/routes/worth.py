"""What a spike of the host's is to be worth so that weights of faint neurons have steps.

A neuron that is never far from its threshold, as of maximum rates of 5 Hz, has a gain of 1e-4 to
1e-3 beside a bias of 1. A spike of a quarter of a radius is less than a step of its weights then:
it is worth a step or nothing, and most neurons are given nothing.
"""

from __future__ import annotations

from typing import Any, Optional

import nengo
import numpy as np

from loihi_rules.chip.levels import MOST_ROUNDING, STEP, decays_of, largest_unit
from loihi_rules.chip.tuning import first_current, is_leaky
from loihi_rules.routes.from_host import HOST_NOISE, LEAST_SPIKE, SPIKE, Given

USUAL_REACH = 4.0  # radii, 16 of the usual spikes in a step


def worth_for_weights(ens: nengo.Ensemble, built: Any, tau: float, dt: float) -> float:
    """What a spike is best worth by the weights that it has, in radii.

    With u the worth of a spike, a weight g |e| u of the gain g and an encoder e of D dimensions is
    rounded to steps of s, which puts what a neuron is given off by

        A / u,    A = s √D / (√12 |g|),

    while the spikes of the host are noise of c u (`loihi_rules.routes.from_host.HOST_NOISE`). The
    sum of both, of the neuron in the middle, is least at u = √(A / c). That is taken where the
    usual spike leaves more than `MOST_ROUNDING` of rounding; elsewhere errors of many neurons
    average out, and single spikes do not.

    Parameters
    ----------
    ens : nengo.Ensemble
        With its gains and biases on the chip.
    built : nengo.builder.ensemble.BuiltEnsemble
        As on the CPU, whose gains count where it has none of its own.
    tau : float
        Of its compartments' filter, seconds.
    dt : float
        Step in seconds.

    Returns
    -------
    float
        0 where the usual spike does, or another that follows from the values.
    """
    known = isinstance(ens.gain, np.ndarray) and isinstance(ens.bias, np.ndarray)
    gain, bias = (ens.gain, ens.bias) if known else (built.gain, built.bias)
    driven = np.asarray(gain) != 0
    if not driven.any():
        return 0.0
    step = weight_step_of(ens.neuron_type, np.asarray(bias)[driven], tau, dt)
    rounding = step * np.sqrt(ens.dimensions / 12) / np.abs(np.asarray(gain)[driven])
    middle = float(np.median(rounding))
    if middle <= MOST_ROUNDING * SPIKE:
        return 0.0
    noise = HOST_NOISE / SPIKE / (1 + tau / dt)
    return max(SPIKE, float(np.sqrt(middle / noise)))


def worth_for_values(ens: nengo.Ensemble, tau: float, dt: float) -> float:
    """What a spike is best worth where neurons begin to fire near the end of the radius, in radii.

    Of the intercept c, a neuron has values from c to 1 to itself, and of these the noise of the
    usual spikes is a part, `loihi_rules.routes.from_host.HOST_NOISE` / (1 − c). Where it is more
    than `MOST_ROUNDING` to the neuron in the middle, as with intercepts of 0.96, spikes are worth
    as little as makes four radii of what is sent in a step.

    Parameters
    ----------
    ens : nengo.Ensemble
        With its gains and biases on the chip.
    tau : float
        Of its compartments' filter, seconds.
    dt : float
        Step in seconds.

    Returns
    -------
    float
        0 where the usual spike does.
    """
    if not (isinstance(ens.gain, np.ndarray) and isinstance(ens.bias, np.ndarray)):
        return 0.0
    gain, bias = ens.gain[ens.gain > 0], ens.bias[ens.gain > 0]
    if not len(gain):
        return 0.0
    room = 1 - (first_current(ens.neuron_type) - bias) / gain
    noise = HOST_NOISE / (1 + tau / dt)
    return LEAST_SPIKE if 0 < np.median(room) < noise / MOST_ROUNDING else 0.0


def farthest(given: Optional[Given] = None) -> float:
    """How many radii a target may be given, by what is known of a node's values."""
    largest = 0.0 if given is None else float(np.abs(given.values).max(initial=0.0))
    return max(USUAL_REACH, largest)


def weight_step_of(neuron_type: Any, bias: np.ndarray, tau: float, dt: float) -> np.ndarray:
    """The finest step of neurons' weights, as a normalised current of a spike a step.

    Behind what a block has for its threshold and biases alone (`loihi_rules.chip.levels`); larger
    weights of other sources make it coarser.

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
    bias : (n,) ndarray
        Normalised currents.
    tau : float
        Of the compartments' filter, seconds.
    dt : float
        Step in seconds.

    Returns
    -------
    (n,) ndarray
    """
    leaky = is_leaky(neuron_type)
    tau_rc = float(getattr(getattr(neuron_type, "base_type", neuron_type), "tau_rc", 0.0))
    decay_u = -np.expm1(-dt / tau) if tau else 1.0
    decay_v = (-np.expm1(-dt / tau_rc) if tau_rc else 1.0) if leaky else 0.0
    decays = decays_of(float(decay_u), float(decay_v), scale_v=leaky)
    threshold = np.full(len(bias), 1.0 if leaky else 1 / dt)
    unit = largest_unit(decays, threshold, bias, np.zeros(len(bias)))
    return np.asarray(STEP / (decays.weight * unit))
