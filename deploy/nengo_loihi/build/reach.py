"""Which compartments the weights of a synapse group go to."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple

import numpy as np
import scipy.sparse

from deploy.nengo_loihi.build.row_table import RowTable, flat, in_order, lengths_of

LEAST_WEIGHT = 1e-16  # that nengo-loihi does not take for 0


def has_bases(synapse: Any) -> bool:
    bases = synapse.axon_compartment_bases
    return bases is not None and bool(np.any(np.asarray(bases) != 0))


class Sums(NamedTuple):
    """Of the weights of one group into each compartment, (n,) each."""

    largest: np.ndarray
    total: np.ndarray
    number: np.ndarray


class Reach:
    """Which compartments the weights of one group go to, by axon after axon.

    Parameters
    ----------
    n_neurons : int
    lengths : (n_rows,) ndarray
        To how many each row goes.
    axons : (n_rows,) ndarray
        How many axons have the same row.
    places : (n,) ndarray or None
        Compartments; None if each row goes to all of them in their order.
    chosen : (n_populations, n) ndarray or None
        Where the weights are, with all rows in one; None if they are these, in this order.
    fixed : bool
        Whether a weight may belong to several compartments, or learns.

    Populations and convolutions (nengo-loihi ``builder/connection.py``) share a row of
    weights between axons that reach different compartments, by a base for each axon. The
    groups that splitting a block leaves share rows as well (``axon_to_weight_map``), but
    only those of axons that reach the same compartments: all their bases are 0.
    """

    def __init__(
        self,
        n_neurons: int,
        lengths: np.ndarray,
        axons: np.ndarray,
        places: Optional[np.ndarray],
        chosen: Optional[np.ndarray],
        fixed: bool,
    ):
        self.n_neurons, self.lengths, self.axons, self.chosen = n_neurons, lengths, axons, chosen
        self.fixed = fixed
        self.dense, self._places = places is None, places

    @property
    def places(self) -> np.ndarray:
        if self._places is None:
            self._places = np.tile(np.arange(self.n_neurons), len(self.lengths))
        return self._places

    def added(self, values: np.ndarray) -> np.ndarray:
        """(n_neurons,) sums of values of weights, over the axons of each."""
        if self.dense and self.n_neurons > 1:  # one after the other too, as in `np.bincount`
            values = values.reshape(-1, self.n_neurons)
            sums: np.ndarray = np.add.reduce(
                self.axons[:, np.newaxis] * values, axis=0, dtype=float
            )
            return sums
        return np.bincount(
            self.places, np.repeat(self.axons, self.lengths) * values, self.n_neurons
        )

    def scale(self, weights: np.ndarray, factor: np.ndarray) -> None:
        """Multiply each weight, in place, by its compartment's factor."""
        if self.dense:
            table = weights.reshape(-1, self.n_neurons)
            table *= factor
        else:
            weights *= factor[self.places]


def reach_of(synapse: Any, n_neurons: int) -> Reach:
    shared = synapse.axon_to_weight_map
    n_axons: np.ndarray
    n_rows = len(synapse.weights)
    based = has_bases(synapse)
    fixed = bool(synapse.learning or synapse.pop_type != 0 or based)
    if not based and isinstance(synapse.indices, RowTable):
        table = synapse.indices.table
        if table.shape[1] == n_neurons and in_order(table[0]):
            n_axons = np.ones(n_rows) if shared is None else np.bincount(shared, None, n_rows)
            return Reach(n_neurons, lengths_of(synapse.indices), n_axons, None, None, fixed)
    if based:
        bases = np.asarray(synapse.axon_compartment_bases)
        axons = np.flatnonzero(bases >= 0)
        bases, rows = bases[axons], [synapse.axon_weight_idx(axon) for axon in axons]
        n_axons = np.ones(len(rows))
        indices = [synapse.indices[row] for row in rows]
    else:
        rows, bases, indices = list(range(n_rows)), np.zeros(n_rows, int), synapse.indices
        n_axons = np.ones(n_rows) if shared is None else np.bincount(shared, None, n_rows)
    lengths = lengths_of(indices)
    every = np.arange(n_neurons)
    places = np.concatenate([row[0] for row in indices]) + np.repeat(bases, lengths)
    chosen = None
    if based or synapse.weights[0].shape[0] > 1:
        ends = np.cumsum([row.size for row in synapse.weights])
        at = [
            np.arange(end - row.size, end).reshape(row.shape)
            for row, end in zip(synapse.weights, ends)
        ]
        chosen = np.concatenate([at[row] for row in rows], axis=1)
    dense = chosen is None and np.array_equal(places, np.tile(every, len(rows)))
    return Reach(n_neurons, lengths, n_axons, None if dense else places, chosen, fixed)


def table_of(synapse: Any, reach: Reach) -> Any:
    """(n_rows, n_neurons) weights of a group, sparse where rows go to some neurons each."""
    weights = flat(synapse.weights)
    if reach.dense:
        return weights.reshape(-1, reach.n_neurons)
    rows = np.repeat(np.arange(len(reach.lengths)), reach.lengths)
    shape = (len(reach.lengths), reach.n_neurons)
    return scipy.sparse.csr_matrix((weights, (rows, reach.places)), shape)


def sums_of(synapse: Any, reach: Reach) -> Sums:
    """Magnitudes of weights, over all axons; of populations, those of the largest."""
    weights = magnitudes(synapse, reach)
    return Sums(
        largest_of(weights, reach), reach.added(weights), reach.added(weights > LEAST_WEIGHT)
    )


def magnitudes(synapse: Any, reach: Reach) -> np.ndarray:
    return _of_populations(np.abs(flat(synapse.weights)), reach)


def positive(synapse: Any, reach: Reach, sign: float = 1.0) -> np.ndarray:
    """What is above 0 of the weights, or with a sign of −1 the size of what is below."""
    return _of_populations(np.maximum(sign * flat(synapse.weights), 0), reach)


def _of_populations(weights: np.ndarray, reach: Reach) -> np.ndarray:
    return weights if reach.chosen is None else weights[reach.chosen].max(axis=0)


def largest_of(weights: np.ndarray, reach: Reach) -> np.ndarray:
    """(n_neurons,) of the magnitudes into each."""
    if reach.dense:
        most: np.ndarray = weights.reshape(-1, reach.n_neurons).max(axis=0).astype(float)
        return most
    largest = np.zeros(reach.n_neurons)
    np.maximum.at(largest, reach.places, weights)
    return largest


class Stack(NamedTuple):
    """Groups of one shape of which each row goes to all neurons, side by side.

    Attributes
    ----------
    synapses : list of nengo_loihi.block.Synapse
        Whose weights are views of the table.
    table : (n_groups, n_rows, n_neurons) ndarray
    axons : (n_groups, n_rows) ndarray
        How many have the same row.
    """

    synapses: List[Any]
    table: np.ndarray
    axons: np.ndarray

    @property
    def magnitudes(self) -> np.ndarray:
        return np.asarray(np.abs(self.table))

    def added(self, values: np.ndarray) -> np.ndarray:
        """(n_groups, n_neurons), as `Reach.added` has it of each."""
        sums: np.ndarray = np.add.reduce(self.axons[:, :, np.newaxis] * values, axis=1, dtype=float)
        return sums


class Reaches(Dict[Any, Reach]):
    """Which compartments each synapse group of a block goes to, and what is known of its weights.

    What is asked of groups in a `Stack` is reckoned for all of them at once.

    Parameters
    ----------
    block : nengo_loihi.block.LoihiBlock
    side_by_side : bool
        Whether groups of one shape are put into one array.
    """

    def __init__(self, block: Any, side_by_side: bool = False):
        super().__init__(
            (synapse, reach_of(synapse, block.n_neurons)) for synapse in block.synapses
        )
        self.stacks: List[Stack] = []
        alike: Dict[int, List[Any]] = {}
        for synapse, reach in self.items() if side_by_side and block.n_neurons > 1 else ():
            if reach.dense and isinstance(synapse.weights, RowTable) and not reach.fixed:
                alike.setdefault(len(synapse.weights), []).append(synapse)
        for own in alike.values():
            if len(own) > 1:
                self._put_side_by_side(own)

    def _put_side_by_side(self, synapses: List[Any]) -> None:
        axons = np.array([self[synapse].axons for synapse in synapses], float)
        stack = Stack(synapses, np.array([s.weights.table for s in synapses]), axons)
        self.stacks.append(stack)
        for synapse, table in zip(synapses, stack.table):
            synapse.weights = RowTable(table)

    def alone(self) -> List[Tuple[Any, Reach]]:
        """The groups that are not in a stack."""
        stacked = {synapse for stack in self.stacks for synapse in stack.synapses}
        return [(synapse, reach) for synapse, reach in self.items() if synapse not in stacked]

    def each(
        self,
        of_stack: Callable[[Stack], Iterable[Any]],
        of_one: Callable[[Any, Reach], Any],
    ) -> Dict[Any, Any]:
        """Something of each group, in the order of these."""
        found: Dict[Any, Any] = {}
        for stack in self.stacks:
            found.update(zip(stack.synapses, of_stack(stack)))
        return {
            synapse: found[synapse] if synapse in found else of_one(synapse, reach)
            for synapse, reach in self.items()
        }

    def most(self) -> Dict[Any, Any]:
        """The largest magnitude of each group."""
        return self.each(
            lambda stack: stack.magnitudes.max(axis=(1, 2)),
            lambda synapse, _: synapse.max_abs_weight(),
        )

    def largest(self) -> Dict[Any, np.ndarray]:
        """(n_neurons,) of the magnitudes of each group into each neuron."""
        return self.each(
            lambda stack: stack.magnitudes.max(axis=1).astype(float),
            lambda synapse, reach: largest_of(magnitudes(synapse, reach), reach),
        )

    def totals(self) -> Dict[Any, np.ndarray]:
        """(n_neurons,) sums of magnitudes, over all axons of each group."""
        return self.each(
            lambda stack: stack.added(stack.magnitudes),
            lambda synapse, reach: reach.added(magnitudes(synapse, reach)),
        )

    def signed(self) -> Dict[Any, np.ndarray]:
        """(2, n_neurons) sums of what is above 0, and of the size of what is below."""

        def of_stack(stack: Stack) -> np.ndarray:
            both = [stack.added(np.maximum(sign * stack.table, 0)) for sign in (1.0, -1.0)]
            return np.stack(both, axis=1)

        def of_one(synapse: Any, reach: Reach) -> np.ndarray:
            both = [reach.added(positive(synapse, reach, sign)) for sign in (1.0, -1.0)]
            return np.array(both)

        return self.each(of_stack, of_one)

    def numbers(self, least: float) -> Dict[Any, np.ndarray]:
        """(n_neurons,) how many weights of each group are larger, over all its axons."""
        return self.each(
            lambda stack: stack.added(stack.magnitudes > least),
            lambda synapse, reach: reach.added(magnitudes(synapse, reach) > least),
        )
