"""Weights that are rounded to what the chip has so that their errors cancel.

nengo-loihi then rounds what is whole already. Its steps are ``2^max(s, −e)`` of a mantissa, of the
s bits that are shifted away, for a mantissa of 8 bits with a sign, and of the exponent e
(``builder/discretize.py``, ``discretize_weights``).
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
import scipy.sparse

from deploy.nengo_loihi.build.reach import Reach
from deploy.nengo_loihi.build.rounding_kernel import ROUND_ROWS
from deploy.nengo_loihi.build.source_activity import POINTS, Source
from loihi_rules.chip.neurons import some_of
from loihi_rules.chip.rounding import (
    Asked,
    Together,
    round_along,
    round_table,
    round_tables,
    together,
)
from loihi_rules.chip.tuning import mean_chip_rates

BESIDE = 2**20  # of what some points give each neuron, of tables that are looked at side by side


class Steps(NamedTuple):
    """What weights of a group can be.

    Attributes
    ----------
    mantissa : float
        What a weight is multiplied by to be a mantissa.
    size : float
        Between two mantissas.
    most : float
        The largest.
    """

    mantissa: float
    size: float
    most: float


class Target(NamedTuple):
    """The neurons of one block, and what each does for what their ensemble represents.

    Attributes
    ----------
    ens : nengo.Ensemble
    built : nengo.builder.ensemble.BuiltEnsemble
        As on the chip.
    neurons : (n,) ndarray of int
        Those of the block.
    dt : float
        Step in seconds.
    """

    ens: Any
    built: Any
    neurons: np.ndarray
    dt: float

    def effects(self, unit: np.ndarray) -> Effects:
        """What a step of each neuron's current does.

        Of a rate r_i(x) that changes by c_i(x), an encoder makes the value c_i(x) e_i, up to a
        factor that all neurons have in common; the products of two neurons' are
        (e_i · e_j) Σ_x c_i(x) c_j(x).

        Parameters
        ----------
        unit : (n,) ndarray
            The step, of normalised current.
        """
        ens, built, neurons, dt = self
        encoders = built.encoders[neurons]
        drive = built.eval_points[:POINTS] @ encoders.T / ens.radius
        currents = drive * built.gain[neurons] + built.bias[neurons]
        own = some_of(ens.neuron_type, neurons)
        above, below = (mean_chip_rates(own, currents + side * unit / 2, dt) for side in (1, -1))
        change = above - below
        products = (encoders @ encoders.T) * (change.T @ change)
        return Effects(products, together(products, len(change), float(change.max())))

    def is_of_signs(self, n_rows: int) -> bool:
        """Whether rows are those of a host's values: above 0 by dimension, then below 0."""
        return bool(n_rows == 2 * self.built.encoders.shape[1])

    def errors(self, asked: np.ndarray, beside: np.ndarray, factor: np.ndarray) -> Errors:
        """What is left of values, by the rates that neurons have with weights as they are now.

        A weight that is a step or nothing bends the tuning curve of its neuron. In products of
        small changes that is not to be seen, and counts as if it averaged out over neurons, which
        it does not: what all of them represent is too small, or too large.

        Parameters
        ----------
        asked, beside : (n, n_rows) ndarray
            Mantissas, and what they are off by.
        factor : (n,) ndarray
            What each neuron's weights have been multiplied with.
        """
        ens, built, neurons, dt = self
        encoders, gain = built.encoders[neurons], built.gain[neurons]
        exact = encoders * (gain * factor)[:, np.newaxis]  # a mantissa, up to a factor of all
        exact = np.concatenate([exact, -exact], axis=1)
        unit = float(ratio(np.sum(exact * exact), np.sum(exact * asked), 0.0))
        points = built.eval_points[:POINTS] / ens.radius
        values = np.concatenate([np.maximum(points, 0), np.maximum(-points, 0)], axis=1)
        currents = gain * (points @ encoders.T) + built.bias[neurons]
        off = values @ (beside * (unit / factor)[:, np.newaxis]).T
        own = some_of(ens.neuron_type, neurons)
        before, after = (
            mean_chip_rates(own, of, dt) @ encoders for of in (currents, currents + off)
        )
        wanted, apart = before - before.mean(axis=0), after - before
        size = np.sum(wanted**2)
        change = float(ratio(np.sum(wanted * apart), size, 0.0))
        left = float(ratio(np.sum((apart - change * wanted) ** 2), size, 0.0))
        n = len(neurons)
        return Errors(np.full(n, np.sqrt(n * left)), np.full(n, 1 + change))

    def content(self) -> Tuple[Any, ...]:
        """What its effects depend on, besides the step."""
        ens, built, neurons, dt = self
        points, encoders = built.eval_points[:POINTS], built.encoders[neurons]
        tuning = built.gain[neurons], built.bias[neurons]
        return (some_of(ens.neuron_type, neurons), ens.radius, points, encoders, *tuning, dt)


class Effects(NamedTuple):
    """Of one step in each neuron's current: products of what two do, and how they cancel."""

    products: np.ndarray
    together: Tuple[Together, ...]


def targets(model: Any, ensembles: Any) -> Dict[Any, Target]:
    """The blocks of ensembles on the chip, each with its `Target`."""
    found = {}
    for ens in ensembles:
        blocks = model.objs[ens]["in"]
        for block in blocks if isinstance(blocks, list) else [blocks]:
            neurons = np.asarray(model.block_comp_map.get(block, range(block.n_neurons)))
            found[block] = Target(ens, model.params[ens], neurons, model.dt)
    return found


def steps_of(synapse: Any, mantissa: float, exponent: int) -> Steps:
    """What weights of a group are rounded to, for a mantissa of a weight of 1 and an exponent."""
    shift = synapse.synapse_cfg.shift_bits
    size = 2.0 ** max(shift, -exponent)
    return Steps(mantissa, size, np.floor((2.0 ** (8 - shift) - 1) * 2.0**shift / size) * size)


class Errors(NamedTuple):
    """How far off rounding has put what the neurons of a block get, (n_neurons,) each.

    Attributes
    ----------
    off : ndarray
        By so much, over what each gets.
    gains : ndarray
        What each gets of what it is to get; over what is represented.
    """

    off: np.ndarray
    gains: np.ndarray


class DecodedGroup(NamedTuple):
    """Weights of a decoded connection, which are to be rounded.

    Attributes
    ----------
    synapse : nengo_loihi.block.Synapse
        In floating point, all its rows in one; is changed.
    reach : Reach
    source : deploy.nengo_loihi.build.source_activity.Source
    steps : Steps
    """

    synapse: Any
    reach: Reach
    source: Source
    steps: Steps


def content_of_groups(groups: Sequence[DecodedGroup]) -> Tuple[Any, ...]:
    """What the weights of all of them are rounded to depends on this."""
    return (
        [_weights(group.synapse, group.reach) for group in groups],
        " ".join(group.source.content for group in groups),
        np.array([group.steps for group in groups], float),
    )


class ValuedGroup(NamedTuple):
    """Weights of values, which are to be rounded; see `round_targets`."""

    synapse: Any
    reach: Reach
    target: Target
    factor: np.ndarray
    steps: Steps

    def content(self) -> Tuple[Any, ...]:
        """What they are rounded to depends on this."""
        weights = _weights(self.synapse, self.reach)
        return (weights, self.target.content(), self.factor, *self.steps)


def _weights(synapse: Any, reach: Reach) -> Tuple[Any, ...]:
    """A group's weights, and which neurons they go to."""
    rows = None if reach.dense else (reach.places, reach.lengths)
    return (synapse.weights[0], reach.n_neurons, rows)


def round_sources(groups: Sequence[DecodedGroup]) -> Dict[Any, Errors]:
    """Round decoded connections' weights, errors cancelling over the sources of each.

    Gives the `Errors` of each group.
    """
    dense = [group for group in groups if group.reach.dense]
    tables = [group.synapse.weights[0].reshape(-1, group.reach.n_neurons) for group in dense]
    asked = [
        Asked(table * steps.mantissa, steps.size, steps.most, source.together)
        for table, (_, _, source, steps) in zip(tables, dense)
    ]
    found: Dict[Any, Errors] = {}
    alike: Dict[Any, List[Any]] = {}  # rates, and weights before and after, by their shapes
    for group, table, own, whole in zip(dense, tables, asked, round_tables(asked, ROUND_ROWS)):
        table[:] = whole / group.steps.mantissa
        shapes = group.source.rates.shape, whole.shape
        alike.setdefault(shapes, []).append((group, own.weights, whole))
    for (points, _), each in alike.items():
        n = max(BESIDE // (points[0] * each[0][2].shape[1]), 1)
        for start in range(0, len(each), n):
            some, before, after = zip(*each[start : start + n])
            errors = _errors([group.source for group in some], before, after)
            found.update(zip((group.synapse for group in some), errors))
    for group in groups:
        if not group.reach.dense:
            before, after = _round_rows(group)
            (found[group.synapse],) = _errors([group.source], [before], [after])
    return found


def _errors(sources: Sequence[Source], before: Sequence[Any], after: Sequence[Any]) -> List[Errors]:
    """Of tables of weights of one shape, before and after they were rounded."""
    # as ``rates``, which are turned: the last bits of products go by that
    rates = np.array([source.rates.T for source in sources]).swapaxes(1, 2)
    asked = np.array(before)
    wanted = rates @ asked
    beside = rates @ (np.array(after) - asked).astype(np.float32)
    size, off, product = (
        np.einsum("gxi,gxi->gi", *pair).astype(float)
        for pair in ((wanted, wanted), (beside, beside), (wanted, beside))
    )
    offs, gains = np.sqrt(ratio(off, size, 0.0)), 1 + ratio(product, size, 0.0)
    return [Errors(*each) for each in zip(offs, gains)]


def _round_rows(group: DecodedGroup) -> List[Any]:
    """Round rows that go to some neurons each; gives tables, before and after."""
    synapse, reach, source, steps = group
    weights = synapse.weights[0]
    lengths = reach.lengths[source.order]
    ends = np.cumsum(lengths)
    starts = (np.cumsum(reach.lengths) - reach.lengths)[source.order]
    ordered = np.repeat(starts - ends + lengths, lengths) + np.arange(ends[-1])
    places = reach.places[ordered]
    asked = weights[ordered] * steps.mantissa
    whole = round_along(asked, places, steps.size).clip(-steps.most, steps.most)
    weights[ordered] = whole / steps.mantissa
    shape = (len(lengths), reach.n_neurons)
    cells = np.repeat(source.order, lengths), places
    return [scipy.sparse.coo_matrix((of, cells), shape).toarray() for of in (asked, whole)]


def round_targets(
    synapse: Any, reach: Reach, target: Target, factor: np.ndarray, steps: Steps
) -> Errors:
    """Round the weights of values, errors cancelling over the neurons that they go to.

    Two rows for each dimension cannot make up for one another, but what the target represents is
    made of all its neurons.

    Parameters
    ----------
    synapse : nengo_loihi.block.Synapse
        In floating point, all its rows in one; is changed.
    reach : Reach
        Dense.
    target : Target
    factor : (n_neurons,) ndarray
        What each neuron's weights have been multiplied with.
    steps : Steps

    Returns
    -------
    Errors
        The same for each: of what they represent together.
    """
    table = synapse.weights[0].reshape(-1, reach.n_neurons)
    effects = target.effects(steps.size / (steps.mantissa * factor))
    asked = (table * steps.mantissa).T
    whole = round_table(asked, steps.size, steps.most, effects.together, ROUND_ROWS)
    table[:] = whole.T / steps.mantissa
    wanted, beside = asked, whole - asked
    if target.is_of_signs(len(table)):
        return target.errors(asked, beside, factor)
    size = np.sum(wanted * (effects.products @ wanted))
    gain = float(ratio(np.sum(wanted * (effects.products @ beside)), size, 0.0))
    left = beside - gain * wanted
    squares = np.sum(left * (effects.products @ left))
    off = float(np.sqrt(max(float(ratio(squares, size, 0.0)), 0.0)))  # a hair below 0 by rounding
    n = reach.n_neurons
    return Errors(np.full(n, np.sqrt(n) * off), np.full(n, 1 + gain))


def ratio(over: Any, under: Any, otherwise: float) -> np.ndarray:
    """A ratio, and what it is where there is nothing to divide by."""
    over, under = np.broadcast_arrays(np.asarray(over, float), np.asarray(under, float))
    found: np.ndarray = np.divide(over, under, out=np.full(over.shape, otherwise), where=under > 0)
    return found
