"""What the chip's integers are worth in each block: scales, thresholds, and what is cut."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

import numpy as np

from deploy.nengo_loihi.build.headroom import finer
from deploy.nengo_loihi.build.input_units import INPUT_MAX
from deploy.nengo_loihi.build.reach import (
    LEAST_WEIGHT,
    Reaches,
    magnitudes,
)
from deploy.nengo_loihi.build.resources import name_of_block
from deploy.nengo_loihi.build.source_activity import Source
from loihi_rules.change import warn
from loihi_rules.chip.levels import (
    FINE_WEIGHT_MAX,
    STEP,
    WEIGHT_MAX,
    Decays,
    biases_matter,
    decays_of,
    largest_unit,
    least_unit,
    levels,
    steady_bias,
    suited_to_biases,
    weight_step,
    whole_thresholds,
)
from loihi_rules.chip.limits import LOIHI
from loihi_rules.chip.parts import parts_of, whole_parts

HARMLESS = 10.0  # times as strong, that a weight may have been before it was cut
LEAST_SHARE = 1e-12  # of a threshold: what a million spikes in a step cannot make matter
NOTHING = 1e-8  # nengo-loihi takes no weights that are all smaller into account
SUM_MAX = 2**LOIHI.input_bits * 15 / 16  # of what synapses add in a step; the rest is for rounding


def scale_block(
    block: Any,
    spikes: Dict[Any, float],
    reaches: Reaches,
    sources: Mapping[Any, Source],
    pulses: Mapping[Any, int],
    furthest: float = 0.0,
) -> Tuple[float, np.ndarray]:
    """Scale a block's neurons, so that with exponent 0 each is what it is to be.

    ``furthest`` is to where its currents come, in thresholds, if that is known. Gives the weight
    that the largest mantissa then stands for, and each neuron's factor.
    """
    compartment = block.compartment
    if any(synapse.learning for synapse in block.synapses):
        largest = max(s.max_abs_weight() for s in block.synapses)
        return largest, np.ones(block.n_neurons)  # by `loihi_rules.passes.chip.learning_scale`
    even = np.ones(block.n_neurons)
    if is_unscaled(compartment):
        even = even_thresholds(block, reaches)
    largest = max(reaches.most().values(), default=0.0)
    decays = decays_of(
        float(compartment.decay_u[0]),
        float(compartment.decay_v[0]),
        bool(compartment.scale_u),
        bool(compartment.scale_v),
    )
    if is_unscaled(compartment):
        _decay_exactly(compartment)
    saturate(block, decays, reaches)
    if largest <= NOTHING:
        _drop_faint_biases(compartment, decays)
        return largest, even
    factor, unit = level(block, decays, spikes, reaches, pulses, furthest)
    rates = {**spikes, **pulses}
    least = least_weight(block)
    unit *= 2.0 ** finer(block, decays, unit, reaches, rates, sources, least, furthest)
    return LOIHI.weight_max * STEP / (decays.weight * unit), even * factor


def least_weight(block: Any) -> float:
    """What a weight into a block has to exceed to matter."""
    return max(LEAST_WEIGHT, LEAST_SHARE * float(np.min(block.compartment.vth)))


def is_unscaled(compartment: Any) -> bool:
    """Whether neurons are defined by what they do in a step, whose integrals nobody makes up for.

    See `deploy.nengo_loihi.build.stepped`; nengo-loihi makes up for currents of all others.
    """
    return not (compartment.scale_u or compartment.scale_v)


def even_thresholds(block: Any, reaches: Reaches) -> np.ndarray:
    """Give each compartment the threshold 1, and the weights and bias that go with it.

    A weight is small or large by its own neuron's threshold, whatever units both are in, and a core
    has no more than eight thresholds, which `level` is to choose. All neurons have the scale of the
    one with the lowest threshold where rows of weights are shared.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point; is changed.
    reaches : Reaches

    Returns
    -------
    (n,) ndarray
        What all numbers of each compartment have been multiplied by.
    """
    compartment = block.compartment
    threshold = compartment.vth.astype(float)
    if compartment.enable_noise.any():  # which a core has but one strength of
        return np.ones(block.n_neurons)
    fixed = any(reach.fixed for reach in reaches.values())
    factor = np.full(block.n_neurons, 1 / threshold.min()) if fixed else 1 / threshold
    if np.any(factor != 1):
        _multiply(block, factor, reaches)
        if not fixed:
            compartment.vth[:] = 1  # which 32 bits may be a little off
    return factor


def _multiply(block: Any, factor: np.ndarray, reaches: Reaches) -> None:
    """All numbers of each compartment by a factor of its own, as which it spikes the same."""
    compartment = block.compartment
    compartment.vth *= factor
    compartment.bias *= factor
    compartment.vmin *= float(np.median(factor))  # a core has one, for all its neurons
    for stack in reaches.stacks:
        table = stack.table
        table *= factor
    for synapse, reach in reaches.alone():
        for weights in synapse.weights:
            if reach.fixed:  # then they have one factor
                weights *= factor[0]
            else:
                reach.scale(weights, factor)


def _decay_exactly(compartment: Any) -> None:
    """Have nengo-loihi round decays to the nearest that the chip has, of 4,096ths.

    It rounds 4,095 δ and the chip takes 4,096ths (``discretize_compartment``, ``decay_int``), which
    is as near where integrals are made up for (``scale_u``); where they are not, it is 1/4,095 off.
    A current may decay as a whole, as the chip adds 1 to what it has for that; else 1/4,096 of each
    spike comes a step later, by which neurons exceed a threshold that they have just reached.
    """
    most = 2**LOIHI.decay_bits
    compartment.decay_u *= most / (most - 1)
    compartment.decay_v[:] = np.minimum(compartment.decay_v * (most / (most - 1)), 1.0)


def level(
    block: Any,
    decays: Decays,
    spikes: Dict[Any, float],
    reaches: Optional[Reaches] = None,
    pulses: Optional[Mapping[Any, int]] = None,
    furthest: float = 0.0,
) -> Tuple[np.ndarray, float]:
    """Give each compartment a threshold by which its weights use as many bits as it can.

    All of a block has one scale, while the gains of its neurons differ by up to a hundred, so
    that the weights of most neurons would be left a few bits or none. A compartment with
    threshold v, bias b and weights w spikes as one with f v, f b and f w.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point; is changed.
    decays : Decays
    spikes : mapping of nengo_loihi.block.Synapse to float
        The most spikes in a step of what feeds each group.
    reaches : Reaches, optional
        Of the block, where they are known.
    pulses : mapping of nengo_loihi.block.Synapse to int, optional
        Spikes of one axon in a step, of the groups that have to take that many.
    furthest : float
        In thresholds, to where currents come; 0 where that is not known.

    Returns
    -------
    factor : (n,) ndarray
        f, 1 at most.
    unit : float
        The integers that stand for a voltage of 1 where f is 1.
    """
    compartment = block.compartment
    threshold = compartment.vth.astype(float)
    bias = compartment.bias.astype(float)
    if reaches is None:
        reaches = Reaches(block)
    largest, totals = reaches.largest(), reaches.totals()
    weight, current = _largest_inputs(largest, totals, block.n_neurons, spikes)
    at_once = weight
    for synapse, n_spikes in (pulses or {}).items():
        if synapse in reaches:
            own = largest[synapse] * n_spikes
            at_once = np.maximum(at_once, own * (WEIGHT_MAX / INPUT_MAX))
    if is_unscaled(compartment):  # all that a layer fires together, wrapped around, is the opposite
        sums = _largest_sums(reaches, block.n_neurons)
        at_once = np.maximum(at_once, sums * (FINE_WEIGHT_MAX / SUM_MAX))
    current = np.maximum(np.abs(bias) + current, furthest * threshold)
    most = largest_unit(decays, threshold, bias, at_once, current)
    driven = weight > 0
    most[~driven] = np.minimum(
        most[~driven], most[driven].min()
    )  # what has no weights needs no bits
    weight[~driven] = weight[driven].max()
    one = (
        any(reach.fixed for reach in reaches.values())
        or np.ptp(threshold) > 0
        or compartment.enable_noise.any()
    )
    whole = is_unscaled(compartment) and not one
    unit = _whole_parts(block, reaches, most, weight) if whole else None
    if unit is None:
        unit = whole_thresholds(
            np.full_like(most, most.min()) if one else levels(most, weight), threshold
        )
        given = current - np.abs(bias)
        if not one and biases_matter(unit, bias, given, decays):
            if compartment.scale_v:
                bias = steady_bias(unit, bias, float(compartment.decay_v[0]), decays)
                compartment.bias[:] = bias
            unit = suited_to_biases(unit, threshold, bias, given, decays)
    factor = unit / unit.max()
    if np.any(factor < 1):
        _multiply(block, factor, reaches)
    return factor, float(unit.max())


def _whole_parts(
    block: Any, reaches: Reaches, most: np.ndarray, weight: np.ndarray
) -> Optional[np.ndarray]:
    """The g of neurons of which some have weights that are whole parts of their threshold."""
    threshold = block.compartment.vth.astype(float)
    every = np.arange(block.n_neurons)
    places = [every, *(reaches[synapse].places for synapse in block.synapses)]
    sizes = [np.abs(block.compartment.bias)]
    sizes += [magnitudes(synapse, reaches[synapse]) for synapse in block.synapses]
    at = np.concatenate(places)
    parts = parts_of(np.concatenate(sizes) / threshold[at], at, block.n_neurons)
    step = weight_step(float((most * weight).max()))
    found = whole_parts(most * threshold, weight / threshold, parts, step)
    return None if found is None else found / threshold


def _largest_inputs(
    largest: Mapping[Any, np.ndarray],
    totals: Mapping[Any, np.ndarray],
    n_neurons: int,
    spikes: Dict[Any, float],
) -> Tuple[np.ndarray, np.ndarray]:
    """(n,) each compartment's largest weight, and more current than it ever gets by spikes.

    For the current, half of the magnitudes of its weights, as of a neuron for a value and one
    for its opposite one is silent, times the most spikes that their sources fire in a step.
    ``largest`` and ``totals`` are those of `Reaches`.
    """
    most, current = np.zeros(n_neurons), np.zeros(n_neurons)
    for synapse, total in totals.items():
        most = np.maximum(most, largest[synapse])
        current += spikes.get(synapse, 1.0) / 2 * total
    return most, current


def _largest_sums(reaches: Reaches, n_neurons: int) -> np.ndarray:
    """(n,) what a spike of each source in one step adds up to, of one sign."""
    total = np.zeros((2, n_neurons))
    for signed in reaches.signed().values():
        total += signed
    return np.asarray(total.max(axis=0))


def saturate(block: Any, decays: Decays, reaches: Optional[Reaches] = None) -> None:
    """Cut weights and biases beside which a threshold would be nothing.

    The threshold's mantissa must be 8 at least; with it, the largest weight is 32 times the
    threshold, and the largest bias 1023 times, in one step. A spike of 32 thresholds holds a neuron
    back, or drives it, as far as one of k times as many, for ln k time constants less; up to a k of
    ten nothing is said of it. Neurons that forget nothing, and may go below all of these
    thresholds, are held back for as many spikes as are cut off, which is always said.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point; is changed.
    decays : Decays
    reaches : Reaches, optional
        Of the block, where they are known.
    """
    compartment = block.compartment
    unit = float(least_unit(compartment.vth).max())
    most, most_bias = WEIGHT_MAX / (decays.weight * unit), LOIHI.bias_max / (decays.voltage * unit)
    for synapse, largest in (Reaches(block) if reaches is None else reaches).most().items():
        if not synapse.learning and largest > most:
            kept = compartment.vth.min() / decays.weight
            if _adds_up(compartment, most):
                warn(
                    name_of_block(block),
                    "weights of 8 bits",
                    f"weights of up to {largest / kept:.0f} times the threshold are cut at "
                    f"{most / kept:.0f}, and its neurons forget nothing, so that what is cut off "
                    "adds up; their rates may be others",
                    "use smaller weights there, or neurons that leak",
                )
            elif largest > HARMLESS * most:
                warn(
                    name_of_block(block),
                    "weights of 8 bits",
                    f"weights above {most * decays.weight / compartment.vth.min():.0f} times the "
                    "threshold are cut",
                    "use smaller weights or gains there",
                )
            for weights in synapse.weights:
                np.clip(weights, -most, most, out=weights)
    if np.abs(compartment.bias).max() > most_bias:
        warn(
            name_of_block(block),
            "biases of 12 bits",
            f"biases above {most_bias:,.0f} are cut, at which neurons fire as often as they can",
            "use smaller biases there",
        )
        np.clip(compartment.bias, -most_bias, most_bias, out=compartment.bias)


def _adds_up(compartment: Any, most: float) -> bool:
    """Whether voltages keep all that takes them down, beyond what one spike of ``most`` does."""
    forgets = float(np.max(compartment.decay_v)) > 0
    return not forgets and float(np.min(compartment.vmin)) < -most


def _drop_faint_biases(compartment: Any, decays: Decays) -> None:
    """Of neurons without weights, those that are nothing beside the largest threshold are 0.

    nengo-loihi finds no scale where all are.
    """
    unit = LOIHI.threshold_max / compartment.vth
    compartment.bias[np.abs(compartment.bias) * decays.voltage * unit < 1] = 0
