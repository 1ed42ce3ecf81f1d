"""Chip neurons are tuned to fire at the rates of their twins on the CPU."""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np

from loihi_rules.built import built_ensemble
from loihi_rules.change import name_of
from loihi_rules.neuron_inputs import NeuronInputs
from loihi_rules.rewrite import Draft
from loihi_rules.settings import declare
from loihi_rules.tuning import (
    chip_rates,
    fit_currents,
    fit_rates,
    give_gains,
    is_chips_own,
    mean_chip_rates,
    represented,
    steady_rates,
)
from loihi_rules.wiring import on_chip

INTERCEPT_LIMIT = 0.95  # nengo-loihi's Model.intercept_limit
MOST_POINTS = 500  # at which rates are fitted
BALLS = (nengo.dists.UniformHypersphere, nengo.dists.ScatteredHypersphere)
SETTING = "rates_are_fitted"


def rates(draft: Draft) -> None:
    """Choose gain and bias of chip neurons so that their rates are those on the CPU.

    The chip's intervals are whole steps, and rounded up, which costs 5 to 10 % of the rate
    (`loihi_rules.tuning.mean_chip_rates`). `loihi_rules.tuning.fit_rates` finds the gain and
    bias that give it back. Intercepts above 0.95 become 0.95, as their gains would leave
    the other neurons of the block no bits (nengo-loihi ``builder/ensemble.py``,
    ``get_gain_bias``; it draws all intercepts anew, here only those above are moved).

    Where neurons get their currents from other neurons alone, they are fitted to the currents
    that those give (`loihi_rules.tuning.fit_currents`); their gain multiplies
    those.

    What nengo-loihi's own neuron types say (LoihiLIF, LoihiSpikingRectifiedLinear) is the
    chip's arithmetic already; they are left alone.
    """
    network = draft.network
    declare(network, nengo.Ensemble, SETTING)
    inputs = NeuronInputs(network)
    for ens in network.all_ensembles:
        if not on_chip(network, ens) or network.config[ens].rates_are_fitted:
            continue
        built = built_ensemble(ens, draft.dt)
        draft.tuning[ens] = built
        gain, bias = _limited(draft, ens, built)
        network.config[ens].rates_are_fitted = True
        if is_chips_own(ens.neuron_type):
            give_gains(ens, gain, bias)
            continue
        one_gain = inputs.shares_kernel(ens)
        if not one_gain and _steady(draft, ens, built, gain, bias):
            continue
        currents = inputs.currents(ens, gain, bias, draft.tuning, draft.dt)
        if currents is None:
            fitted = fit_rates(
                ens.neuron_type,
                gain,
                bias,
                draft.dt,
                ens.dimensions,
                None if one_gain else _drive(ens, built),
            )
            give_gains(ens, *fitted)
            _tell(draft, ens, built)
        else:
            factor, offset = fit_currents(
                ens.neuron_type, currents.mean, draft.dt, currents.variance
            )
            give_gains(ens, factor * gain, factor * bias + offset)
            _tell_currents(draft, ens, currents.mean, factor, offset)


def _steady(draft: Draft, ens: nengo.Ensemble, built: Any, gain: Any, bias: Any) -> bool:
    """Fit neurons that see one input or none, held; False if these are others.

    Where the evaluation points are a few single ones, as of a one-hot vector, each neuron fires
    at one input s or not at all. It keeps its intercept, and its rate at s becomes that of
    `loihi_rules.tuning.steady_rates`.
    """
    if not isinstance(ens.eval_points, np.ndarray) or ens.gain is not None or ens.bias is not None:
        return False
    drive = built.eval_points @ built.encoders.T / ens.radius
    active = gain * drive + bias > _threshold(ens.neuron_type)
    top = drive.max(axis=0)
    if not np.all((drive == top) | ~active):
        return False
    rates = ens.neuron_type.rates(top[None, :], gain, bias)[0]
    aimed = steady_rates(ens.neuron_type, rates, draft.dt)
    fires = rates > 0
    rest = (_threshold(ens.neuron_type) - bias) / gain  # the input at which a neuron begins
    current = _current_at(ens.neuron_type, np.where(fires, aimed, 1.0), draft.dt)
    new_gain = (current - _threshold(ens.neuron_type)) / np.where(fires, top - rest, 1.0)
    new_bias = np.where(fires, _threshold(ens.neuron_type) - new_gain * rest, bias)
    give_gains(ens, np.where(fires, new_gain, gain), new_bias)
    got = chip_rates(ens.neuron_type, ens.gain * top + ens.bias, draft.dt)
    off = 100 * (got[fires] / rates[fires] - 1) if fires.any() else np.zeros(1)
    before = 100 * (
        chip_rates(ens.neuron_type, gain * top + bias, draft.dt)[fires] / rates[fires] - 1
    )
    draft.change(
        name_of(ens),
        "spikes at whole steps",
        f"rates {before.mean():+.1f} % of the CPU's" if fires.any() else "silent",
        f"{off.mean():+.1f} % (at most {np.abs(off).max():.1f} %), aimed at the middle of a step",
        "the chip's intervals are whole steps, and on the edge of one the least rounding tips a "
        "neuron over",
    )
    return True


def _threshold(neuron_type: nengo.neurons.NeuronType) -> float:
    """The normalised current above which a neuron fires."""
    base = getattr(neuron_type, "base_type", neuron_type)
    return 1.0 if isinstance(base, nengo.LIFRate) else 0.0  # nengo.LIF is one


def _current_at(neuron_type: nengo.neurons.NeuronType, rates: Any, dt: float) -> Any:
    """The current at which a neuron, with the chip's time constants, fires at a rate."""
    chip = represented(neuron_type, dt)
    gain, bias = chip.gain_bias(rates, np.zeros_like(rates))
    return gain + bias


def _drive(ens: nengo.Ensemble, built: Any) -> Any:
    """Inputs along the encoders, in radii, where the user said which there are."""
    if isinstance(ens.eval_points, BALLS):
        return None
    points = built.eval_points[:MOST_POINTS]
    return points @ built.encoders.T / ens.radius


def _limited(draft: Draft, ens: nengo.Ensemble, built: Any) -> Any:
    """Gain and bias with no intercept above the limit."""
    gain, bias = np.array(built.gain), np.array(built.bias)
    intercepts = built.intercepts
    if ens.gain is not None or ens.bias is not None or intercepts is None:
        return gain, bias  # the user's own, at any intercept
    high = intercepts > INTERCEPT_LIMIT
    if high.any():
        gain[high], bias[high] = ens.neuron_type.gain_bias(
            built.max_rates[high], np.full(int(high.sum()), INTERCEPT_LIMIT)
        )
        draft.change(
            name_of(ens),
            "intercepts",
            f"up to {intercepts.max():.3g}",
            f"{INTERCEPT_LIMIT} for {int(high.sum())} neurons above it",
            "so high a gain would leave the weights of all other neurons few bits",
        )
    return gain, bias


def _tell(draft: Draft, ens: nengo.Ensemble, built: Any) -> None:
    drive = np.linspace(-1, 1, 41)[:, None]
    cpu = ens.neuron_type.rates(drive * np.ones(ens.n_neurons), built.gain, built.bias)
    total = float(cpu.sum())
    if not total:
        return

    def off(gain: Any, bias: Any) -> float:
        chip = mean_chip_rates(ens.neuron_type, gain * drive + bias, draft.dt)
        return 100 * (float(chip.sum()) / total - 1)

    draft.change(
        name_of(ens),
        "spikes at whole steps",
        f"rates {off(built.gain, built.bias):+.1f} % of the CPU's",
        f"{off(ens.gain, ens.bias):+.1f} %, by other gains and biases",
        "the chip's neurons fire once a step at most, and intervals are rounded up to steps",
    )


def _tell_currents(
    draft: Draft, ens: nengo.Ensemble, currents: Any, factor: Any, offset: Any
) -> None:
    n = currents.shape[1]
    total = float(ens.neuron_type.rates(currents, np.ones(n), np.zeros(n)).sum())
    if not total:
        return
    before, after = (
        100 * (float(mean_chip_rates(ens.neuron_type, j, draft.dt).sum()) / total - 1)
        for j in (currents, factor * currents + offset)
    )
    draft.change(
        name_of(ens),
        "spikes at whole steps",
        f"rates {before:+.1f} % of the CPU's",
        f"{after:+.1f} %, by other gains and biases",
        "the chip's neurons fire once a step at most, and intervals are rounded up to steps",
    )
