"""What a block's neurons can get at the most, and how fine its integers may be beside it."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

import numpy as np

from deploy.nengo_loihi.build.reach import Reach, largest_of, magnitudes, positive, table_of
from deploy.nengo_loihi.build.source_activity import Source
from loihi_rules.chip.levels import Decays, doublings
from loihi_rules.chip.limits import LOIHI


class Extremes(NamedTuple):
    """The most that what a block's synapse groups send comes to, of one sign, (n,) each.

    Attributes
    ----------
    step : ndarray
        The sum of the weights whose sources can spike in one step.
    current : ndarray
        What a current filtered from the spikes comes to.
    """

    step: np.ndarray
    current: np.ndarray


def finer(
    block: Any,
    decays: Decays,
    unit: float,
    reaches: Mapping[Any, Reach],
    spikes: Mapping[Any, float],
    sources: Mapping[Any, Source],
    least: float,
) -> int:
    """How often a block's scale may be doubled for the sake of its faintest weights.

    Connections into one block share 64 as their finest step. Behind strong inhibition the weights
    of what excites were less than one, and the block was silent for good.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point, with what `loihi_rules.chip.levels.levels` gave its neurons.
    decays : Decays
    unit : float
        The integers that stand for a voltage of 1.
    reaches : mapping of nengo_loihi.block.Synapse to Reach
    spikes : mapping of nengo_loihi.block.Synapse to float
        The most spikes a step of one source, over time.
    sources : mapping of nengo_loihi.block.Synapse to Source
        Of decoded connections.
    least : float
        What a weight has to exceed to count.
    """
    compartment, n = block.compartment, block.n_neurons
    weight, faintest = np.zeros(n), np.inf
    for synapse, reach in reaches.items():
        own = largest_of(magnitudes(synapse, reach), reach)
        weight = np.maximum(weight, own)
        if own.max() > least:
            faintest = min(faintest, float(own.max()))
    units = np.full(n, unit)
    threshold, bias = compartment.vth.astype(float), compartment.bias.astype(float)
    same = decays, units, threshold, bias, weight, unit * faintest
    nothing = np.zeros(n)
    if not doublings(*same, nothing, nothing):
        return 0
    most = _extremes(reaches, decays, spikes, sources)
    return doublings(*same, most.step, np.abs(bias) + most.current)


def _extremes(
    reaches: Mapping[Any, Reach],
    decays: Decays,
    spikes: Mapping[Any, float],
    sources: Mapping[Any, Source],
) -> Extremes:
    """The most that all groups of a block come to together, of one sign or the other.

    Of a decoded connection the current is that at any value in the directions that its ensemble
    represents, however large, and one spike of each neuron at once besides: neurons that fire in
    time are above their mean by one spike at the most. It is half of all weights' magnitudes at
    least, as where some of the ensemble's neurons are silenced by themselves. Of other connections
    all sources of one sign fire as fast as they can.
    """
    step = current = np.zeros((2, next(iter(reaches.values())).n_neurons))
    for synapse, reach in reaches.items():
        total = np.array([reach.added(positive(synapse, reach, sign)) for sign in (1.0, -1.0)])
        rate = spikes.get(synapse, 1.0)
        step = step + max(rate, LOIHI.spikes_a_step) * total
        own = rate * total
        if synapse in sources:
            rates = np.minimum(sources[synapse].driven, rate)
            net = np.asarray(rates @ table_of(synapse, reach))
            mean = np.array([net.max(axis=0), -net.min(axis=0)])
            half = rate / 2 * reach.added(magnitudes(synapse, reach))
            own = np.minimum(own, np.maximum(mean + decays.current * total, half))
        current = current + own
    return Extremes(step.max(axis=0), current.max(axis=0))
