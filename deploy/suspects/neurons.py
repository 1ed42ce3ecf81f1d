"""Neurons that are too few, silent, or to fire faster than the chip's can."""

from __future__ import annotations

import math
from typing import Any, List

import nengo
import numpy as np
from nengo.dists import Distribution, Uniform

from deploy.suspects.suspect import Copies, Suspect, Symptoms, free_to_vary, names

ENOUGH = 200  # neurons a dimension, of which more are not tried
MORE = 4  # times as many: half the noise
SILENT = 0.95  # of an ensemble's neurons, from which on it is dead
COARSE = 0.25  # of a rate, by which intervals of whole steps are off
SAMPLES = 1000


def too_few(symptoms: Symptoms) -> List[Suspect]:
    """Ensembles that could have more neurons, as far as nothing is given for each of these."""
    few = [
        ens
        for ens in free_to_vary(symptoms.network)
        if ens.n_neurons < ENOUGH * ens.dimensions and _drawn(ens)
    ]
    if not few:
        return []

    def apply(copies: Copies) -> None:
        for ens in few:
            size: Any = vars(nengo.Ensemble)["n_neurons"]  # Nengo lets it be set once
            size.__delete__(copies[ens])
            size.__set__(copies[ens], MORE * ens.n_neurons)

    least = min(few, key=lambda ens: ens.n_neurons / ens.dimensions)
    figure = f"{least.n_neurons} neurons for {least.dimensions} dimensions in {names([least])}"
    edits = "; ".join(f"{names([ens])}: n_neurons={MORE * ens.n_neurons}" for ens in few[:8])
    # noise goes with the root of their number, whatever it is that makes it too large
    return [Suspect("too few neurons", names(few), figure, edits, apply, math.sqrt(MORE))]


def dead(symptoms: Symptoms) -> List[Suspect]:
    """Ensembles of which hardly a neuron fires, though they are given something."""
    found = [
        ens
        for ens, rates in symptoms.rates.items()
        if np.mean(rates == 0) >= SILENT and symptoms.reach.get(ens, 1.0) > 0
    ]
    if not found:
        return []

    def apply(copies: Copies) -> None:
        for ens in found:
            copies[ens].gain = copies[ens].bias = None
            copies[ens].intercepts = Uniform(-1.0, 0.9)

    share = max(float(np.mean(symptoms.rates[ens] == 0)) for ens in found)
    figure = f"{100 * share:.0f} % of its neurons do not fire on the CPU"
    edit = "intercepts=nengo.dists.Uniform(-1, 0.9), and no gain and bias"
    return [Suspect("a dead population", names(found), figure, edit, apply)]


def too_fast(symptoms: Symptoms) -> List[Suspect]:
    """Ensembles whose highest rates are of so few steps that whole ones are far off."""
    fast = {ens: _highest(ens) for ens in symptoms.network.all_ensembles}
    found = [ens for ens, rate in fast.items() if 0.5 * symptoms.dt * rate > COARSE]
    if not found:
        return []

    def apply(copies: Copies) -> None:
        for ens in found:
            copies[ens].max_rates = Uniform(100, 200)

    worst = max(fast[ens] for ens in found)
    figure = (
        f"neurons are to reach {worst:.0f} Hz, an interval of {1 / worst / symptoms.dt:.1f} steps"
    )
    edit = "max_rates=nengo.dists.Uniform(100, 200)"
    return [Suspect("rates beyond the chip's", names(found), figure, edit, apply)]


def _drawn(ens: nengo.Ensemble) -> bool:
    """Whether all that its neurons differ by is drawn, and so can be drawn for more of them."""
    values = (ens.max_rates, ens.intercepts, ens.encoders, ens.gain, ens.bias)
    return all(value is None or isinstance(value, Distribution) for value in values)


def _highest(ens: nengo.Ensemble) -> float:
    """Median of its neurons' highest rates, in Hz; 0 where gains say it."""
    if ens.gain is not None or ens.bias is not None:
        return 0.0
    rates = ens.max_rates
    if isinstance(rates, Distribution):
        rates = rates.sample(SAMPLES, rng=np.random.RandomState(0))
    return float(np.median(rates))
