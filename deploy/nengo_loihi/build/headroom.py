"""What a block's neurons can get at the most, and how fine its integers may be beside it."""

from __future__ import annotations

from functools import reduce
from typing import Any, Iterable, Mapping, NamedTuple

import numpy as np

from deploy.nengo_loihi.build.reach import Reaches, table_of
from deploy.nengo_loihi.build.source_activity import Source
from loihi_rules.chip.levels import Decays, doublings
from loihi_rules.chip.limits import LOIHI


class _Signed(NamedTuple):
    """What a synapse group sends, for weights above 0 and below, (2, n) each.

    Attributes
    ----------
    total : ndarray
        Magnitudes, over all axons.
    rate : float
        The most spikes a step of one source, over time.
    half : ndarray
        Half of the current where all sources fire so fast, by magnitudes of both signs.
    """

    total: np.ndarray
    rate: float
    half: np.ndarray


def finer(
    block: Any,
    decays: Decays,
    unit: float,
    reaches: Reaches,
    spikes: Mapping[Any, float],
    sources: Mapping[Any, Source],
    least: float,
    furthest: float = 0.0,
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
    reaches : Reaches
    spikes : mapping of nengo_loihi.block.Synapse to float
        The most spikes a step of one source, over time.
    sources : mapping of nengo_loihi.block.Synapse to Source
        Of decoded connections.
    least : float
        What a weight has to exceed to count.
    furthest : float
        In thresholds, to where a current comes that keeps what enters.
    """
    compartment, n = block.compartment, block.n_neurons
    weight, faintest = np.zeros(n), np.inf
    for own in reaches.largest().values():
        weight = np.maximum(weight, own)
        if own.max() > least:
            faintest = min(faintest, float(own.max()))
    units = np.full(n, unit)
    threshold, bias = compartment.vth.astype(float), compartment.bias.astype(float)
    same = decays, units, threshold, bias, weight, unit * faintest
    nothing = np.zeros(n)
    if not doublings(*same, nothing, furthest * threshold):
        return 0
    totals = reaches.totals()
    signed = {
        synapse: _signed(both, totals[synapse], spikes.get(synapse, 1.0))
        for synapse, both in reaches.signed().items()
    }
    step = _added(max(own.rate, LOIHI.spikes_a_step) * own.total for own in signed.values())

    def room(current: Iterable[np.ndarray]) -> int:
        reached = np.maximum(np.abs(bias) + _added(current), furthest * threshold)
        return doublings(*same, step, reached)

    # the most that there may be of each decoded connection, and the least
    bounds = [
        room(bound(own) if synapse in sources else _fastest(own) for synapse, own in signed.items())
        for bound in (_fastest, _half)
    ]
    if bounds[0] == bounds[1]:
        return bounds[0]
    return room(
        _driven(own, table_of(synapse, reaches[synapse]), sources[synapse], decays)
        if synapse in sources
        else _fastest(own)
        for synapse, own in signed.items()
    )


def _added(parts: Iterable[np.ndarray]) -> np.ndarray:
    """(n,) the larger of the sums for weights above 0 and below."""
    return np.asarray(reduce(np.add, parts).max(axis=0))


def _signed(both: np.ndarray, total: np.ndarray, rate: float) -> _Signed:
    return _Signed(both, rate, np.broadcast_to(rate / 2 * total, both.shape))


def _fastest(own: _Signed) -> np.ndarray:
    """(2, n) current where all sources of one sign fire as fast as they can."""
    return np.asarray(own.rate * own.total)


def _half(own: _Signed) -> np.ndarray:
    """(2, n), which `_driven` is not below."""
    return np.asarray(np.minimum(_fastest(own), own.half))


def _driven(own: _Signed, table: Any, source: Source, decays: Decays) -> np.ndarray:
    """(2, n) the most that a decoded connection's current comes to.

    It is that at any value in the directions that its ensemble represents, however large, and one
    spike of each neuron at once besides: neurons that fire in time are above their mean by one
    spike at the most. It is half of all weights' magnitudes at least, as where some of the
    ensemble's neurons are silenced by themselves, and never above `_fastest`.
    """
    net = np.asarray(np.minimum(source.driven, own.rate) @ table)
    mean = np.array([net.max(axis=0), -net.min(axis=0)])
    driven = np.maximum(mean + decays.current * own.total, own.half)
    return np.asarray(np.minimum(_fastest(own), driven))
