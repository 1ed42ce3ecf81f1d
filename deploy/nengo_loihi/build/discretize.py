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
    Union,
)

import numpy as np

from deploy.nengo_loihi.build.reach import (
    LEAST_WEIGHT,
    Reach,
    Reaches,
    sums_of,
)
from deploy.nengo_loihi.build.resources import name_of_block
from deploy.nengo_loihi.build.rounded_together import (
    DecodedGroup,
    Errors,
    Target,
    ValuedGroup,
    content_of_groups,
    ratio,
    round_sources,
    round_targets,
    steps_of,
    targets,
)
from deploy.nengo_loihi.build.row_table import RowTable, flat
from deploy.nengo_loihi.build.scaling import (
    least_weight,
    scale_block,
)
from deploy.nengo_loihi.build.source_activity import Source, decoded_sources
from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules.change import ChipWarning, warn_of_all
from loihi_rules.chip.levels import (
    MOST_ROUNDING,
    STEP,
    bits_left,
    rounding_error,
)
from loihi_rules.chip.limits import LOIHI
from loihi_rules.solutions import SOLVED_ANEW, Solution, Solutions

STRONG = 16.0  # times as large, so that at most four of the weights' eight bits are left beside it
VALUES = "values into "
ENCODERS = ("node_encoders", "decode_neuron_encoders")
DECODERS = ("decoders", "probe_decoders")
PIECE = re.compile(r"\[[\d:]+\]$")
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


def discretize_model(
    model: Any, ensembles: Sequence[Any], solutions: Solutions = SOLVED_ANEW
) -> Dict[Any, Units]:
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
    solutions : Solutions
        Where weights may be that were rounded before.

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
        reaches = Reaches(block, side_by_side=True)
        with _in_one_row(block), warnings.catch_warnings():
            furthest = model.furthest.get(block, 0.0)
            reference, factor = scale_block(block, spikes, reaches, sources, pulses, furthest)
            least = least_weight(block)
            info = theirs.discretize_compartment(block.compartment, reference)
            groups = _of_few_exponents(_groups(reaches, reference, info, least), info)
            strongest = sorted(groups, key=lambda group: -group.size)
            target = represent.get(block)
            rounded = _rounded(groups, sources, target, factor, info["w_exp"], solutions)
            # `_warn_of_lost_bits` says which
            warnings.filterwarnings("ignore", "Lost .* extra bits")
            unknown = {
                group.synapse: group.synapse.weights[0] * group.mantissa
                for group in groups
                if group.synapse not in rounded
            }
            _make_integers(theirs, groups, reaches, info)
            largest = reaches.largest()
            for group in groups:
                if not group.weighs or not group.n_weights.any():
                    continue
                name = _name(holder, group.synapse)
                errors = rounded.get(group.synapse) or _expected(group, unknown[group.synapse])
                together = group.synapse in sources or name.startswith(VALUES)
                beside = strongest[0].size / group.size, _name(holder, strongest[0].synapse)
                kept.setdefault(name, []).append(
                    _kept(group, largest[group.synapse], errors, together, beside)
                )
        unit[block] = info["v_scale"] * factor
        of_weights = info["w_scale"] * 2.0 ** (LOIHI.threshold_shift + info["w_exp"])
        units[block] = Units(of_weights * factor, info["b_scale"] * factor)
    model.kept = {name: _joined(parts) for name, parts in kept.items()}
    alone = {name: own for name, own in model.kept.items() if name not in model.parts}
    _warn_of_lost_bits(alone, model.shares)
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


def _groups(
    reaches: Reaches, reference: float, info: Mapping[str, Any], least: float
) -> List[_Group]:
    """What groups' integers are to be, beside their block's; see ``discretize_compartment``."""
    spare = max(0, info["w_exp"] - LOIHI.weight_exponents[0])
    mantissa = float(np.max(info["w_scale"]))
    sizes, numbers = reaches.most(), reaches.numbers(least)
    found = []
    for synapse, reach in reaches.items():
        size, scale, down = sizes[synapse], reference, 0
        weighs = bool(not synapse.learning and size > least)
        if weighs:
            scale = min(reference, size * 2.0**spare)
            down = int(np.floor(np.log2(scale / size)))
        own = mantissa * 2.0**down
        found.append(_Group(synapse, reach, size, numbers[synapse], weighs, scale, down, own))
    return found


def _of_few_exponents(groups: Sequence[_Group], info: Mapping[str, Any]) -> List[_Group]:
    """No more exponents than a core has formats of weights for: the least are as the next of them.

    One format stands for none (nengo-loihi ``hardware/nxsdk_objects.py``).
    """
    downs = sorted({group.down for group in groups if group.weighs})
    least = downs[: LOIHI.synapse_formats_a_core - 1][-1:] or [0]
    found = []
    for group in groups:
        if group.weighs and group.down > least[0]:
            mantissa = float(np.max(info["w_scale"])) * 2.0 ** least[0]
            scale = group.size * 2.0 ** least[0]
            group = group._replace(scale=scale, down=least[0], mantissa=mantissa)
        found.append(group)
    return found


def _rounded(
    groups: Sequence[_Group],
    sources: Mapping[Any, Source],
    target: Optional[Target],
    factor: np.ndarray,
    w_exp: int,
    solutions: Solutions,
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
    solutions : Solutions
    """
    decoded: List[DecodedGroup] = []
    valued: List[ValuedGroup] = []
    for group in groups:
        synapse, reach = group[:2]
        if not group.weighs or reach.fixed:
            continue
        steps = steps_of(synapse, group.mantissa, w_exp - group.down)
        if synapse in sources:
            decoded.append(DecodedGroup(synapse, reach, sources[synapse], steps))
        elif target is not None and reach.dense and of_values(synapse):
            valued.append(ValuedGroup(synapse, reach, target, factor, steps))
    every: List[Union[ValuedGroup, DecodedGroup]] = [*valued, *decoded]
    if not every:
        return {}

    def solve() -> Solution:
        errors = {own.synapse: round_targets(*own) for own in valued}
        errors.update(round_sources(decoded))
        weights = np.concatenate([own.synapse.weights[0] for own in every])
        off, gains = (np.array(of) for of in zip(*(errors[own.synapse] for own in every)))
        return weights, off, gains

    problem = "rounded weights", content_of_groups(decoded), [own.content() for own in valued]
    weights, off, gains = solutions.of(problem, solve)
    found: Dict[Any, Errors] = {}
    start = 0
    for own, *errors in zip(every, off, gains):
        table = own.synapse.weights[0]
        table[...] = weights[start : start + len(table)]
        start += len(table)
        found[own.synapse] = Errors(*errors)
    return found


def _make_integers(
    theirs: Any, groups: Sequence[_Group], reaches: Reaches, info: Mapping[str, Any]
) -> None:
    """Make groups' weights integers, by nengo-loihi: those of one exponent at once."""
    sizes, own = reaches.most(), {group.synapse: group for group in groups}
    done = set()
    for stack in reaches.stacks:
        integers = stack.table.view(np.int32)
        alike: Dict[Tuple[int, int], List[int]] = {}
        for k, synapse in enumerate(stack.synapses):
            if own[synapse].weighs and not np.ndim(info["w_scale"]):
                exponents = _exponents(own[synapse], sizes[synapse], info["w_exp"])
                alike.setdefault(exponents, []).append(k)
        for (up, down), places in alike.items():
            scaled = stack.table[places] * (info["w_scale"] / 2.0**up) * 2**down
            config = stack.synapses[places[0]].synapse_cfg
            integers[places] = theirs.discretize_weights(config, scaled)
            for k in places:
                done.add(stack.synapses[k])
                stack.synapses[k].weights = [integers[k].reshape(-1)]
    for group in groups:
        if group.synapse not in done:
            _make_integers_alone(theirs, group, sizes[group.synapse], info)
    reaches.stacks = [stack._replace(table=stack.table.view(np.int32)) for stack in reaches.stacks]


def _exponents(group: _Group, size: Any, w_exp: int) -> Tuple[int, int]:
    """By which powers of two a group's weights are beside their block's; it is given its exponent.

    That of the reference is raised so often, and a weight is larger by so many more; see
    ``discretize_synapse``. ``size`` is that of the largest weight.
    """
    up = max(0, -group.down)  # beyond the exponent that their reference has
    if size > LEAST_WEIGHT:
        down = int(np.floor(np.log2(size * 2.0**group.down * 2.0**up / size)))
    else:  # rounded to nothing
        down = w_exp + up - LOIHI.weight_exponents[0]
    group.synapse.format(weight_exp=max(w_exp + up - down, LOIHI.weight_exponents[0]))
    return up, down


def _make_integers_alone(theirs: Any, group: _Group, size: float, info: Mapping[str, Any]) -> None:
    """Make the integers of one group's weights, the largest of which is of a size."""
    synapse, scale = group.synapse, group.scale
    if group.weighs and not group.reach.fixed:  # rounding may have made them larger
        scale = size * 2.0**group.down
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


def _kept(
    group: _Group,
    largest: np.ndarray,
    errors: Errors,
    together: bool,
    beside: Tuple[float, str],
) -> Kept:
    """What is left of the weights of each neuron that has some, in a group of integers.

    ``largest`` is the magnitude of the largest into each.
    """
    some = group.n_weights > 0
    bits = bits_left(largest[some], _step(group.synapse))
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


def _warn_of_lost_bits(kept: Mapping[str, Kept], shares: Mapping[str, float]) -> None:
    """Warn of each connection whose weights lost so much that what it gives is off.

    What is off by itself, of a term that is small beside others of one sum, is next to nothing of
    that: of a circular convolution, handed on by a matrix, some terms cancel to 1e-4 of others.
    """
    warn_of_all(
        [
            _lost(name, own)
            for name, own in kept.items()
            if min(own.off, 1.0) * shares.get(name, 1.0) > MOST_ROUNDING
        ]
    )


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
        "ensembles of their own for what is large and what is small, or where an ensemble gives "
        'values network.config[connection].way = "host" (loihi_rules.declare_settings)',
    )


def _most_spikes(model: Any) -> Dict[Any, float]:
    """For each synapse group of a built model, the most spikes a step of one of its axons."""
    most: Dict[Any, float] = {}
    for holder in [*model.inputs, *model.blocks]:
        compartment = getattr(holder, "compartment", None)
        for axon in holder.axons:
            if compartment is None:
                own = model.few_spikes.get(axon.target, HOST_SPIKES)
            else:
                own = 1 / max(1, compartment.refract_delay.min())
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
