"""Intercepts that are as high as the chip has gains for.

nengo-loihi moves all above 0.95 (``Model.intercept_limit``), as all neurons of its blocks have one
scale, and such gains would leave the others no bits. With thresholds of their own
(`loihi_rules.chip.levels.levels`) what limits a neuron are its own weights alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from loihi_rules.chip.levels import WEIGHT_MAX, decays_of, least_unit
from loihi_rules.chip.tuning import is_leaky

FIRST = 0.95  # up to which gains are small enough at any rate
SPIKE = 0.25  # radii, that a spike of the host's is worth


class Tuning(NamedTuple):
    """Gains and biases, (n,) each.

    Attributes
    ----------
    moved : ndarray of bool
        Which have lower intercepts than they were to have.
    highest : float
        The highest intercept of these.
    """

    gain: np.ndarray
    bias: np.ndarray
    moved: np.ndarray
    highest: float


def within_reach(neuron_type: Any, built: Any, dt: float) -> Tuning:
    """Gains and biases with no intercept for which the chip has no gain.

    The gain of a maximum rate goes with 1 / (1 − c) of the intercept c. With it a usual spike's
    weight, where no filter spreads it, is the largest beside the least threshold at the most,

        g ≤ WEIGHT_MAX / (u δ_v · least g of `loihi_rules.chip.levels.least_unit`),

    and above it weights would be cut, but not the bias.

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
    built : nengo.builder.ensemble.BuiltEnsemble
        As drawn, with intercepts and maximum rates.
    dt : float
        Step in seconds.
    """
    gain, bias, wanted = np.array(built.gain), np.array(built.bias), built.intercepts
    moved = np.zeros(len(gain), bool)
    beyond = np.flatnonzero(wanted > FIRST)
    if not len(beyond):
        return Tuning(gain, bias, moved, 0.0)
    rates = built.max_rates[beyond]
    first, _ = neuron_type.gain_bias(rates, np.full(len(beyond), FIRST))
    most = np.maximum(1 - (1 - FIRST) * first / most_gain(neuron_type, dt), FIRST)
    kept = np.minimum(wanted[beyond], most)
    moved[beyond] = kept < wanted[beyond]
    some = moved[beyond]
    gain[moved], bias[moved] = neuron_type.gain_bias(rates[some], kept[some])
    return Tuning(gain, bias, moved, float(kept[some].max(initial=0.0)))


def most_gain(neuron_type: Any, dt: float) -> float:
    """The largest gain at which a usual spike's weight is not cut, see `within_reach`."""
    leaky = is_leaky(neuron_type)
    tau_rc = float(getattr(getattr(neuron_type, "base_type", neuron_type), "tau_rc", 0.0))
    decay = float(-np.expm1(-dt / tau_rc)) if leaky and tau_rc else float(leaky)
    decays = decays_of(1.0, decay, scale_u=False, scale_v=leaky)
    threshold = np.array(1.0 if leaky else 1 / dt)
    return float(WEIGHT_MAX / (SPIKE * decays.voltage * least_unit(threshold)))
