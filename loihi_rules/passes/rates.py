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
from loihi_rules.tuning import fit_currents, fit_rates, mean_chip_rates
from loihi_rules.wiring import on_chip

INTERCEPT_LIMIT = 0.95  # nengo-loihi's Model.intercept_limit
MOST_POINTS = 500  # at which rates are fitted
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
        currents = inputs.currents(ens, gain, bias, draft.tuning, draft.dt)
        if currents is None:
            ens.gain, ens.bias = fit_rates(
                ens.neuron_type, gain, bias, draft.dt, ens.dimensions, _drive(ens, built)
            )
            _tell(draft, ens, built)
        else:
            factor, offset = fit_currents(
                ens.neuron_type, currents.mean, draft.dt, currents.variance
            )
            ens.gain, ens.bias = factor * gain, factor * bias + offset
            _tell_currents(draft, ens, currents.mean, factor, offset)


def _drive(ens: nengo.Ensemble, built: Any) -> Any:
    """Inputs along the encoders, in radii, where the user said which there are."""
    if isinstance(ens.eval_points, nengo.dists.UniformHypersphere):
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
