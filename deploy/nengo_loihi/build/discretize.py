"""Floating-point blocks to the chip's integers, by nengo-loihi, with what each is worth chosen."""

from __future__ import annotations

import contextlib
import re
import warnings
from typing import (
    Any,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import numpy as np

from deploy.nengo_loihi.build.headroom import finer
from deploy.nengo_loihi.build.input_units import INPUT_MAX
from deploy.nengo_loihi.build.reach import (
    LEAST_WEIGHT,
    Reach,
    has_bases,
    largest_of,
    magnitudes,
    positive,
    reach_of,
    sums_of,
)
from deploy.nengo_loihi.build.resources import name_of_block
from deploy.nengo_loihi.build.rounded_together import (
    DecodedGroup,
    Errors,
    Target,
    ratio,
    round_sources,
    round_targets,
    steps_of,
    targets,
)
from deploy.nengo_loihi.build.row_table import RowTable, flat
from deploy.nengo_loihi.build.source_activity import Source, decoded_sources
from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules.change import ChipWarning, warn, warn_of_all
from loihi_rules.chip.levels import (
    FINE_WEIGHT_MAX,
    STEP,
    WEIGHT_MAX,
    Decays,
    bits_left,
    decays_of,
    largest_unit,
    least_unit,
    levels,
    rounding_error,
    weight_step,
    whole_thresholds,
)
from loihi_rules.chip.limits import LOIHI
from loihi_rules.chip.parts import parts_of, whole_parts

MOST_ROUNDING = 0.05  # of what a neuron gets, in most neurons of a connection, or all together
STRONG = 16.0  # times as large, so that at most four of the weights' eight bits are left beside it
HARMLESS = 10.0  # times as strong, that a weight may have been before it was cut
VALUES = "values into "
ENCODERS = ("node_encoders", "decode_neuron_encoders")
DECODERS = ("decoders", "probe_decoders")
PIECE = re.compile(r"\[[\d:]+\]$")
LEAST_SHARE = 1e-12  # of a threshold: what a million spikes in a step cannot make matter
NOTHING = 1e-8  # nengo-loihi takes no weights that are all smaller into account
SUM_MAX = 2**LOIHI.input_bits * 15 / 16  # of what synapses add in a step; the rest is for rounding
HOST_SPIKES = 16  # a step, of an input neuron: four radii of its target


class Kept(NamedTuple):
    """What is left of the weights of a connection, by neuron.

    Attributes
    ----------
    bits : (n,) ndarray
        See `loihi_rules.chip.levels.bits_left`.
    errors : (n,) ndarray
        By how much what each neuron gets is off, over what it gets.
    gains : (n,) ndarray
        What each gets of what it is to get; 1 where it is not known.
    together : bool
        Whether the neurons represent what they are given.
    beside : (float, str)
        How many times as large the largest weight into the block is, and of which connection.
    """

    bits: np.ndarray
    errors: np.ndarray
    gains: np.ndarray
    together: bool
    beside: Tuple[float, str]

    @property
    def off(self) -> float:
        """By how much what is given is off, over what is given: to the neuron in the middle.

        Or to all together: errors of n neurons count as independent, beside the gain that they
        have in common; a tenth in each, one way or the other, is 1 % of what 100 represent.
        """
        if not self.together:
            return float(np.median(self.errors))
        alone = np.mean(np.minimum(self.errors, 1.0) ** 2) / len(self.errors)
        return float(np.hypot(np.mean(self.gains) - 1, np.sqrt(alone)))


class Units(NamedTuple):
    """The integers that stand for 1 in each compartment of a block, (n,) each.

    Attributes
    ----------
    weight, bias : ndarray
        Of what each spike adds to a compartment's current, and of its bias.
    """

    weight: np.ndarray
    bias: np.ndarray


def discretize_model(model: Any, ensembles: Sequence[Any]) -> Dict[Any, Units]:
    """Make a built model's compartments, weights and probes integers, in place.

    nengo-loihi's ``discretize_model`` (1.1.0, ``builder/discretize.py``) with four things of our
    own. Weights of decoded connections are rounded so that their errors cancel over sources, and
    those of values so that they cancel over targets (`loihi_rules.chip.rounding`). nengo-loihi
    gives all neurons of a block one scale, a power of two, that the neuron with the largest weight,
    bias or threshold fits into; here each neuron has one of eight, as `loihi_rules.chip.levels`
    says. And a synapse group with the largest weight w
    has the exponent ``e − ⌊log2(w_max / w)⌋``, e being the block's. Where that is below −6,
    ``discretize_synapse`` writes −6 but scales the mantissas for the lower one, so that the weights
    come out 2, 4, 8 … times too large. Here they get mantissas for −6: fewer bits, the right size.
    And where weights are faint beside others of their block, these have exponents above 0, which
    nengo-loihi does without (`deploy.nengo_loihi.build.headroom`).

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Is given ``kept``: connections' names to what their weights `Kept`.
    ensembles : sequence of nengo.Ensemble
        Those on the chip.

    Returns
    -------
    dict of nengo_loihi.block.LoihiBlock to Units
    """
    theirs: Any = load_nengo_loihi().builder.discretize
    spikes, pulses = _most_spikes(model), _pulses(model)
    sources, represent = decoded_sources(model), targets(model, ensembles)
    unit, units = {}, {}
    kept: Dict[str, List[Kept]] = {}
    for block in model.blocks:
        holder = PIECE.sub("", name_of_block(block))
        reaches = {synapse: reach_of(synapse, block.n_neurons) for synapse in block.synapses}
        with _in_one_row(block), warnings.catch_warnings():
            reference, factor = _prepare(block, spikes, reaches, sources, pulses)
            least = _least(block)
            info = theirs.discretize_compartment(block.compartment, reference)
            groups = [_group(*own, reference, info, least) for own in reaches.items()]
            strongest = sorted(groups, key=lambda group: -group.size)
            rounded = _rounded(groups, sources, represent.get(block), factor, info["w_exp"])
            # `_warn_of_lost_bits` says which
            warnings.filterwarnings("ignore", "Lost .* extra bits")
            for group in groups:
                asked = group.synapse.weights[0] * group.mantissa
                _make_integers(theirs, group, info)
                if not group.weighs or not group.n_weights.any():
                    continue
                name = _name(holder, group.synapse)
                errors = rounded.get(group.synapse) or _expected(group, asked)
                together = group.synapse in sources or name.startswith(VALUES)
                beside = strongest[0].size / group.size, _name(holder, strongest[0].synapse)
                kept.setdefault(name, []).append(_kept(group, errors, together, beside))
        unit[block] = info["v_scale"] * factor
        of_weights = info["w_scale"] * 2.0 ** (LOIHI.threshold_shift + info["w_exp"])
        units[block] = Units(of_weights * factor, info["b_scale"] * factor)
    model.kept = {name: _joined(parts) for name, parts in kept.items()}
    _warn_of_lost_bits(model.kept)
    for probe in model.probes:
        for i, block in enumerate(probe.target):
            if probe.key == "voltage" and probe.weights[i] is not None:  # a decoded value
                of_slice = unit[block][probe.slice[i]]
                probe.weights[i] = probe.weights[i] / of_slice[:, np.newaxis]
    return units


class _Group(NamedTuple):
    """A synapse group in floating point, and what its integers are to be.

    Attributes
    ----------
    synapse : nengo_loihi.block.Synapse
    reach : Reach
    size : float
        Of its largest weight.
    n_weights : (n_neurons,) ndarray
        How many into each are not nothing.
    weighs : bool
        Whether any are, which do not learn.
    scale : float
        The weight that nengo-loihi is to take for the largest of the block.
    down : int
        By how much its exponent is below that of the block.
    mantissa : float
        Of a weight of 1.
    """

    synapse: Any
    reach: Reach
    size: float
    n_weights: np.ndarray
    weighs: bool
    scale: float
    down: int
    mantissa: float


def _group(
    synapse: Any, reach: Reach, reference: float, info: Mapping[str, Any], least: float
) -> _Group:
    """What a group's integers are to be, beside its block's; see ``discretize_compartment``."""
    size, scale, down = synapse.max_abs_weight(), reference, 0
    weighs = bool(not synapse.learning and size > least)
    if weighs:
        spare = max(0, info["w_exp"] - LOIHI.weight_exponents[0])
        scale = min(reference, size * 2.0**spare)
        down = int(np.floor(np.log2(scale / size)))
    mantissa = float(np.max(info["w_scale"])) * 2.0**down
    n_weights = reach.added(magnitudes(synapse, reach) > least)
    return _Group(synapse, reach, size, n_weights, weighs, scale, down, mantissa)


def _rounded(
    groups: Sequence[_Group],
    sources: Mapping[Any, Source],
    target: Optional[Target],
    factor: np.ndarray,
    w_exp: int,
) -> Dict[Any, Errors]:
    """Round weights of a block whose errors can cancel; gives what is left of these.

    Parameters
    ----------
    groups : sequence of _Group
        Their weights are changed.
    sources : mapping of nengo_loihi.block.Synapse to Source
    target : Target or None
        The block, where it is of an ensemble.
    factor : (n_neurons,) ndarray
        What each neuron's weights have been multiplied with.
    w_exp : int
        The block's exponent.
    """
    decoded: List[DecodedGroup] = []
    found: Dict[Any, Errors] = {}
    for group in groups:
        synapse, reach = group[:2]
        if not group.weighs or _rows_are_fixed(synapse):
            continue
        steps = steps_of(synapse, group.mantissa, w_exp - group.down)
        if synapse in sources:
            decoded.append(DecodedGroup(synapse, reach, sources[synapse], steps))
        elif target is not None and reach.dense and of_values(synapse):
            found[synapse] = round_targets(synapse, reach, target, factor, steps)
    return {**found, **round_sources(decoded)}


def _make_integers(theirs: Any, group: _Group, info: Mapping[str, Any]) -> None:
    """Make a group's weights integers, by nengo-loihi."""
    synapse, scale = group.synapse, group.scale
    if group.weighs and not _rows_are_fixed(synapse):  # rounding may have made them larger
        scale = synapse.max_abs_weight() * 2.0**group.down
    if np.ndim(info["w_scale"]):  # which they look up by compartment
        synapse.indices = [flat(synapse.indices)]
    up = max(0, -group.down)  # beyond the exponent that their reference has
    theirs.discretize_synapse(
        synapse, scale * 2.0**up, info["w_scale"] / 2.0**up, info["w_exp"] + up
    )


def _expected(group: _Group, asked: np.ndarray) -> Errors:
    """The errors to be expected, and gains, of sources of which nothing is known.

    ``asked`` are mantissas before they were rounded.
    """
    synapse, reach, n_weights = group.synapse, group.reach, group.n_weights
    total = sums_of(synapse, reach).total
    errors = np.zeros(len(n_weights))
    some = n_weights > 0
    errors[some] = rounding_error(n_weights[some], total[some], _step(synapse))
    if reach.chosen is not None:
        return Errors(errors, np.ones(len(errors)))
    now = synapse.weights[0] / 2.0 ** (LOIHI.threshold_shift + synapse.synapse_cfg.weight_exp)
    products, squares = (
        np.bincount(reach.places, asked * other, reach.n_neurons) for other in (now, asked)
    )
    return Errors(errors, ratio(products, squares, 1.0))


def of_values(synapse: Any) -> bool:
    """Whether it is the group that all values into an ensemble share."""
    return PIECE.sub("", synapse.label or "") in ENCODERS


@contextlib.contextmanager
def _in_one_row(block: Any) -> Iterator[None]:
    """All rows of each synapse group as one while this lasts: nengo-loihi takes them singly."""
    own = [(synapse, synapse.weights, synapse.indices) for synapse in block.synapses]
    for synapse, weights, indices in own:
        synapse.weights = [flat(weights)]
        if not isinstance(indices, RowTable):
            places = [
                place if place.shape == row.shape else np.broadcast_to(place, row.shape)
                for place, row in zip(indices, weights)
            ]
            synapse.indices = [flat(places)]
    yield
    for synapse, weights, indices in own:
        row, synapse.indices = synapse.weights[0], indices
        if isinstance(weights, RowTable):
            synapse.weights = RowTable(row.reshape(weights.table.shape))
            continue
        stops = np.cumsum([own.size for own in weights]).tolist()
        synapse.weights = [
            row[stop - own.size : stop].reshape(own.shape) for own, stop in zip(weights, stops)
        ]


def _prepare(
    block: Any,
    spikes: Dict[Any, float],
    reaches: Mapping[Any, Reach],
    sources: Mapping[Any, Source],
    pulses: Mapping[Any, int],
) -> Tuple[float, np.ndarray]:
    """Scale a block's neurons, so that with exponent 0 each is what it is to be.

    Gives the weight that the largest mantissa then stands for, and each neuron's factor.
    """
    compartment = block.compartment
    if any(synapse.learning for synapse in block.synapses):
        largest = max(s.max_abs_weight() for s in block.synapses)
        return largest, np.ones(block.n_neurons)  # by `loihi_rules.passes.chip.learning_scale`
    even = np.ones(block.n_neurons)
    if is_stepped(compartment):
        even = even_thresholds(block, reaches)
    largest = max((s.max_abs_weight() for s in block.synapses), default=0.0)
    decays = decays_of(
        float(compartment.decay_u[0]),
        float(compartment.decay_v[0]),
        bool(compartment.scale_u),
        bool(compartment.scale_v),
    )
    if is_stepped(compartment):
        _decay_exactly(compartment)
    saturate(block, decays)
    if largest <= NOTHING:
        _drop_faint_biases(compartment, decays)
        return largest, even
    factor, unit = level(block, decays, spikes, reaches, pulses)
    rates = {**spikes, **pulses}
    unit *= 2.0 ** finer(block, decays, unit, reaches, rates, sources, _least(block))
    return LOIHI.weight_max * STEP / (decays.weight * unit), even * factor


def is_stepped(compartment: Any) -> bool:
    """Whether neurons are defined by what they do in a step, whose integrals nobody makes up for.

    See `deploy.nengo_loihi.build.stepped`; nengo-loihi makes up for currents of all others.
    """
    return not (compartment.scale_u or compartment.scale_v)


def even_thresholds(block: Any, reaches: Mapping[Any, Reach]) -> np.ndarray:
    """Give each compartment the threshold 1, and the weights and bias that go with it.

    A weight is small or large by its own neuron's threshold, whatever units both are in, and a core
    has no more than eight thresholds, which `level` is to choose. All neurons have the scale of the
    one with the lowest threshold where rows of weights are shared.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point; is changed.
    reaches : mapping of nengo_loihi.block.Synapse to Reach

    Returns
    -------
    (n,) ndarray
        What all numbers of each compartment have been multiplied by.
    """
    compartment = block.compartment
    threshold = compartment.vth.astype(float)
    if compartment.enable_noise.any():  # which a core has but one strength of
        return np.ones(block.n_neurons)
    fixed = any(_rows_are_fixed(synapse) for synapse in block.synapses)
    factor = np.full(block.n_neurons, 1 / threshold.min()) if fixed else 1 / threshold
    if np.any(factor != 1):
        _multiply(block, factor, reaches)
        if not fixed:
            compartment.vth[:] = 1  # which 32 bits may be a little off
    return factor


def _multiply(block: Any, factor: np.ndarray, reaches: Mapping[Any, Reach]) -> None:
    """All numbers of each compartment by a factor of its own, as which it spikes the same."""
    compartment = block.compartment
    compartment.vth *= factor
    compartment.bias *= factor
    compartment.vmin *= float(np.median(factor))  # a core has one, for all its neurons
    for synapse in block.synapses:
        for weights in synapse.weights:
            if _rows_are_fixed(synapse):  # then they have one factor
                weights *= factor[0]
            else:
                reaches[synapse].scale(weights, factor)


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


def _least(block: Any) -> float:
    """What a weight into a block has to exceed to matter."""
    return max(LEAST_WEIGHT, LEAST_SHARE * float(np.min(block.compartment.vth)))


def level(
    block: Any,
    decays: Decays,
    spikes: Dict[Any, float],
    reaches: Optional[Mapping[Any, Reach]] = None,
    pulses: Optional[Mapping[Any, int]] = None,
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
    reaches : mapping of nengo_loihi.block.Synapse to Reach, optional
        What each group reaches, where it is known.
    pulses : mapping of nengo_loihi.block.Synapse to int, optional
        Spikes of one axon in a step, of the groups that have to take that many.

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
        reaches = {synapse: reach_of(synapse, block.n_neurons) for synapse in block.synapses}
    weight, current = _largest_inputs(reaches, block.n_neurons, spikes)
    at_once = weight
    for synapse, n_spikes in (pulses or {}).items():
        if synapse in reaches:
            own = sums_of(synapse, reaches[synapse]).largest * n_spikes
            at_once = np.maximum(at_once, own * (WEIGHT_MAX / INPUT_MAX))
    if is_stepped(compartment):  # all that a layer fires together, wrapped around, is the opposite
        sums = _largest_sums(reaches, block.n_neurons)
        at_once = np.maximum(at_once, sums * (FINE_WEIGHT_MAX / SUM_MAX))
    most = largest_unit(decays, threshold, bias, at_once, np.abs(bias) + current)
    driven = weight > 0
    most[~driven] = np.minimum(
        most[~driven], most[driven].min()
    )  # what has no weights needs no bits
    weight[~driven] = weight[driven].max()
    one = (
        any(_rows_are_fixed(synapse) for synapse in block.synapses)
        or np.ptp(threshold) > 0
        or compartment.enable_noise.any()
    )
    whole = is_stepped(compartment) and not one
    unit = _whole_parts(block, reaches, most, weight) if whole else None
    if unit is None:
        unit = whole_thresholds(
            np.full_like(most, most.min()) if one else levels(most, weight), threshold
        )
    factor = unit / unit.max()
    if np.any(factor < 1):
        _multiply(block, factor, reaches)
    return factor, float(unit.max())


def _whole_parts(
    block: Any, reaches: Mapping[Any, Reach], most: np.ndarray, weight: np.ndarray
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


def _rows_are_fixed(synapse: Any) -> bool:
    """Whether a weight of a synapse group may belong to several compartments, or learns.

    Populations and convolutions (nengo-loihi ``builder/connection.py``) share a row of
    weights between axons that reach different compartments, by a base for each axon. The
    groups that splitting a block leaves share rows as well (``axon_to_weight_map``), but
    only those of axons that reach the same compartments: all their bases are 0.
    """
    return bool(synapse.learning or synapse.pop_type != 0 or has_bases(synapse))


def _largest_inputs(
    reaches: Mapping[Any, Reach], n_neurons: int, spikes: Dict[Any, float]
) -> Tuple[np.ndarray, np.ndarray]:
    """(n,) each compartment's largest weight, and more current than it ever gets by spikes.

    For the current, half of the magnitudes of its weights, as of a neuron for a value and one
    for its opposite one is silent, times the most spikes that their sources fire in a step.
    """
    largest, current = np.zeros(n_neurons), np.zeros(n_neurons)
    for synapse, reach in reaches.items():
        own = sums_of(synapse, reach)
        largest = np.maximum(largest, own.largest)
        current += spikes.get(synapse, 1.0) / 2 * own.total
    return largest, current


def _largest_sums(reaches: Mapping[Any, Reach], n_neurons: int) -> np.ndarray:
    """(n,) what a spike of each source in one step adds up to, of one sign."""
    signs = []
    for sign in (1.0, -1.0):
        total = np.zeros(n_neurons)
        for synapse, reach in reaches.items():
            total += reach.added(positive(synapse, reach, sign))
        signs.append(total)
    return np.maximum(*signs)


def _kept(group: _Group, errors: Errors, together: bool, beside: Tuple[float, str]) -> Kept:
    """What is left of the weights of each neuron that has some, in a group of integers."""
    some = group.n_weights > 0
    largest = largest_of(magnitudes(group.synapse, group.reach), group.reach)[some]
    bits = bits_left(largest, _step(group.synapse))
    return Kept(bits, errors.off[some], errors.gains[some], together, beside)


def _joined(parts: Sequence[Kept]) -> Kept:
    """Of all blocks that neurons of one connection's target are on."""
    bits, errors, gains = (np.concatenate(arrays) for arrays in list(zip(*parts))[:3])
    together = all(part.together for part in parts)
    return Kept(bits, errors, gains, together, max(part.beside for part in parts))


def _step(synapse: Any) -> int:
    """Between two weights of a group of integers."""
    return int(STEP * 2 ** max(0, 1 + synapse.synapse_cfg.weight_exp))


def _name(holder: str, synapse: Any) -> str:
    """The connection that a synapse group is of, or what its values go into."""
    kind = PIECE.sub("", synapse.label or "")
    if of_values(synapse):
        return f"{VALUES}{holder}"
    return holder if kind in DECODERS or not kind else kind


def _warn_of_lost_bits(kept: Mapping[str, Kept]) -> None:
    """Warn of each connection whose weights lost so much that what it gives is off."""
    warn_of_all([_lost(name, own) for name, own in kept.items() if own.off > MOST_ROUNDING])


def _lost(name: str, own: Kept) -> ChipWarning:
    times, strong = own.beside
    by = first = ""
    if times > STRONG:
        by = f" (those of {strong} are {times:.3g} times as large)"
        first = f"weaken {strong}, "
    return ChipWarning(
        name,
        "weights of 8 bits",
        f"{np.median(own.bits):.1f} bits are left of its weights in the middle of its "
        f"neurons ({own.bits.min():.1f} to {own.bits.max():.1f} of 8), so that what these "
        f"get is off by {100 * min(own.off, 1.0):.0f} %: they are small beside the biases "
        f"of their neurons, or beside other weights into them{by}",
        f"{first}use a shorter synapse, fewer neurons before it, intercepts nearer to 0, "
        "or ensembles of their own for what is large and what is small",
    )


def _most_spikes(model: Any) -> Dict[Any, float]:
    """For each synapse group of a built model, the most spikes a step of one of its axons."""
    most: Dict[Any, float] = {}
    for holder in [*model.inputs, *model.blocks]:
        compartment = getattr(holder, "compartment", None)
        own = HOST_SPIKES if compartment is None else 1 / max(1, compartment.refract_delay.min())
        for axon in holder.axons:
            most[axon.target] = max(own, most.get(axon.target, 0.0))
    return most


def _pulses(model: Any) -> Dict[Any, int]:
    """For each synapse group that has to take many spikes of one neuron at once, how many."""
    units = {model.spike_targets[r]: unit for r, unit in model.input_units.items()}
    return {
        axon.target: unit.at_once
        for holder, unit in units.items()
        for axon in holder.axons
        if unit.at_once
    }


def _drop_faint_biases(compartment: Any, decays: Decays) -> None:
    """Of neurons without weights, those that are nothing beside the largest threshold are 0.

    nengo-loihi finds no scale where all are.
    """
    unit = LOIHI.threshold_max / compartment.vth
    compartment.bias[np.abs(compartment.bias) * decays.voltage * unit < 1] = 0


def saturate(block: Any, decays: Decays) -> None:
    """Cut weights and biases beside which a threshold would be nothing.

    The threshold's mantissa must be 8 at least; with it, the largest weight is 32 times the
    threshold, and the largest bias 1023 times, in one step. A spike of 32 thresholds holds a neuron
    back, or drives it, as far as one of k times as many, for ln k time constants less; up to a k of
    ten nothing is said of it.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point; is changed.
    decays : Decays
    """
    compartment = block.compartment
    unit = float(least_unit(compartment.vth).max())
    most, most_bias = WEIGHT_MAX / (decays.weight * unit), LOIHI.bias_max / (decays.voltage * unit)
    for synapse in block.synapses:
        if not synapse.learning and synapse.max_abs_weight() > most:
            if synapse.max_abs_weight() > HARMLESS * most:
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
