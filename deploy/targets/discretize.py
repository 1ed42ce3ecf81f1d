"""Floating-point blocks to the chip's integers, by nengo-loihi, with one thing mended."""

from __future__ import annotations

import copy
import functools
from typing import Any, Callable

import numpy as np
from nengo.exceptions import BuildError

from deploy.compat import load_nengo_loihi
from loihi_rules.change import warn
from loihi_rules.chip import LOIHI

LEAST_MANTISSA = 8  # of a threshold
MOST_SPARED = 7  # of a weight's 8 bits
MOST_DOUBLINGS = 6  # of a threshold; with none, seven of a core's eight thresholds


def discretize_model(model: Any) -> None:
    """Make a built model's compartments, weights and probes integers, in place.

    nengo-loihi's ``discretize_model``, but for weights much smaller than the largest of
    their block. A synapse group with the largest weight w has the exponent
    ``e − ⌊log2(w_max / w)⌋``, e being the block's. Where that is below −6 nengo-loihi
    (1.1.0, ``builder/discretize.py``, ``discretize_synapse``) writes −6 but scales the
    mantissas for the lower one, so that the weights come out 2, 4, 8 … times too large.
    Here they get mantissas for −6: fewer bits, the right size.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    """
    theirs: Any = load_nengo_loihi().builder.discretize
    scale = {}
    for block in model.blocks:
        saturate(block)
        largest = max((s.max_abs_weight() for s in block.synapses), default=0)
        threshold = block.compartment.vth.copy()
        level_rows(block, functools.partial(_thresholds_fit, theirs, largest))
        factor = block.compartment.vth / threshold
        largest = _scale_by(theirs, block)
        info = theirs.discretize_compartment(block.compartment, largest)
        for synapse in block.synapses:
            reference = largest
            own = synapse.max_abs_weight()
            if not synapse.learning and own > 1e-16:
                spare = max(0, info["w_exp"] - LOIHI.weight_exponents[0])
                reference = min(largest, own * 2.0**spare)
            theirs.discretize_synapse(synapse, reference, info["w_scale"], info["w_exp"])
        scale[block] = info["v_scale"] * factor
    for probe in model.probes:
        for i, block in enumerate(probe.target):
            if probe.key == "voltage" and probe.weights[i] is not None:  # a decoded value
                units = scale[block][probe.slice[i]]
                probe.weights[i] = probe.weights[i] / units[:, np.newaxis]


def _in_integers(theirs: Any, largest: float, compartment: Any) -> Any:
    """A compartment as the chip would have it, or None if it has no exponent for it."""
    tried = copy.deepcopy(compartment)
    try:
        info = theirs.discretize_compartment(tried, largest)
    except BuildError:  # no exponent leaves room for thresholds and biases
        return None
    return tried if info["w_exp"] >= LOIHI.weight_exponents[0] else None


def _thresholds_fit(theirs: Any, largest: float, compartment: Any) -> bool:
    """Whether thresholds and biases have an exponent that leaves the least threshold its steps."""
    tried = _in_integers(theirs, largest, compartment)
    steps = LEAST_MANTISSA * 2**LOIHI.threshold_shift
    return tried is not None and bool(tried.vth.min() >= steps)


def _scale_by(theirs: Any, block: Any) -> float:
    """The weight that the largest mantissa stands for.

    The block's largest; beside weights so small that no exponent leaves room for thresholds
    and biases, a larger one, so that the weights have fewer bits.
    """
    largest = max((s.max_abs_weight() for s in block.synapses), default=0)
    for spared in range(MOST_SPARED + 1):
        if _in_integers(theirs, largest * 2.0**spared, block.compartment) is not None:
            return largest * 2.0**spared
    return largest


def level_rows(block: Any, fits: Callable[[Any], bool]) -> None:
    """Give each compartment a threshold by which its weights use all their bits.

    All weights into a block share a scale, while the gains of its neurons differ by up to a
    hundred, so that the weights of most neurons would be left a few bits or none. A
    compartment with threshold v, bias b and weights w spikes as one with 2^k v, 2^k b and
    2^k w; k is chosen, from 0 to 6 or as far as the threshold fits, such that each neuron's
    largest weight is within a factor of two of the block's largest. The chip has eight
    thresholds a core.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point; is changed.
    fits : callable
        Takes a compartment; says whether its thresholds are within the chip's range, and the
        least of them not too coarse.
    """
    compartment = block.compartment
    fixed = any(_rows_are_fixed(synapse) for synapse in block.synapses)
    if fixed or not block.synapses or compartment.vmin != 0 or compartment.enable_noise.any():
        return
    largest = np.zeros(block.n_neurons)
    for synapse in block.synapses:
        for weights, indices in zip(synapse.weights, synapse.indices):
            np.maximum.at(largest, indices.ravel(), np.abs(weights).ravel())
    top = largest.max()
    if not top:
        return
    with np.errstate(divide="ignore"):
        wanted = np.where(largest > 0, np.floor(np.log2(top / largest)), 0)
    for most in range(MOST_DOUBLINGS, -1, -1):
        factor = 2.0 ** np.clip(wanted, 0, most)
        tried = copy.deepcopy(compartment)
        tried.vth *= factor
        tried.bias *= factor
        if fits(tried):
            break
    compartment.vth *= factor
    compartment.bias *= factor
    for synapse in block.synapses:
        for weights, indices in zip(synapse.weights, synapse.indices):
            weights *= factor[indices]


def _rows_are_fixed(synapse: Any) -> bool:
    """Whether a weight of a synapse group may belong to several compartments, or learns.

    Populations and convolutions (nengo-loihi ``builder/connection.py``) share a row of
    weights between axons that reach different compartments, by a base for each axon. The
    groups that splitting a block leaves share rows as well (``axon_to_weight_map``), but
    only those of axons that reach the same compartments: all their bases are 0.
    """
    bases = synapse.axon_compartment_bases
    return bool(
        synapse.learning
        or synapse.pop_type != 0
        or (bases is not None and np.any(np.asarray(bases) != 0))
    )


def saturate(block: Any) -> None:
    """Cut weights beside which the threshold would be nothing.

    To be called before `level_rows`, which makes the weights of neurons with a larger
    threshold larger with it.

    The block's scale comes from its largest weight w: the threshold's mantissa is
    ``255 v / (w δ_u δ_v)``, δ being the decays of current and voltage, and must be 8 at
    least. At the cut, one spike drives a neuron some thirty times over its threshold.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point; is changed.
    """
    compartment = block.compartment
    decay_u = compartment.decay_u if compartment.scale_u else np.ones(1)
    decay_v = compartment.decay_v if compartment.scale_v else np.ones(1)
    own = float(compartment.vth.min() / (decay_u.max() * decay_v.max()))
    most = LOIHI.weight_max * own / LEAST_MANTISSA
    for synapse in block.synapses:
        if not synapse.learning and synapse.max_abs_weight() > most:
            warn(
                str(block.label),
                "weights of 8 bits",
                f"weights above {most / own:.0f} times the threshold are cut",
                "use smaller weights or gains there",
            )
            for weights in synapse.weights:
                np.clip(weights, -most, most, out=weights)
