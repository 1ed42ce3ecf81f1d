"""Weights and biases of the chip's bits, where all else is floating point."""

from __future__ import annotations

import copy
from typing import Any, Dict, List, NamedTuple, Sequence

import numpy as np

from deploy.nengo_loihi.build.discretize import Units, discretize_model
from loihi_rules.solutions import Solutions


class _Float(NamedTuple):
    """A block as it was before its numbers became integers."""

    block: Any
    compartment: Dict[str, Any]
    synapses: List[Dict[str, Any]]


def round_model(model: Any, ensembles: Sequence[Any], solutions: Solutions) -> None:
    """Give a built model, in place, the weights and biases that its integers stand for.

    The integers are `deploy.nengo_loihi.build.discretize.discretize_model`'s, whatever it does to
    keep bits. Thresholds, decays and probes stay as they are; so do weights that learn.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        In floating point.
    ensembles : sequence of nengo.Ensemble
        Those on the chip.
    solutions : Solutions
        As for `discretize_model`.
    """
    blocks = [
        _Float(b, _copied(b.compartment), [_copied(s) for s in b.synapses]) for b in model.blocks
    ]
    probes = [(probe, list(probe.weights)) for probe in model.probes]
    units = discretize_model(model, ensembles, solutions)
    for own in blocks:
        _back(own, units[own.block])
    for probe, weights in probes:
        probe.weights = weights


def _copied(obj: Any) -> Dict[str, Any]:
    return {name: copy.deepcopy(value) for name, value in vars(obj).items()}


def _back(own: _Float, units: Units) -> None:
    """Floating point again, but for what has been rounded."""
    block = own.block
    weight, bias = (np.broadcast_to(unit, block.n_neurons) for unit in units)
    rounded = block.compartment.bias / bias
    vars(block.compartment).update(own.compartment)
    block.compartment.bias[:] = rounded
    for synapse, before in zip(block.synapses, own.synapses):
        integers = list(synapse.weights)
        vars(synapse).update(before)
        if synapse.learning:
            continue
        for row, now, places in zip(synapse.weights, integers, synapse.indices):
            # where rows are shared, by bases, all compartments have one unit
            row[...] = now / weight[np.broadcast_to(places, row.shape)]
