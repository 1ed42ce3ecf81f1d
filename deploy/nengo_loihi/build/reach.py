"""Which compartments the weights of a synapse group go to."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

import numpy as np
import scipy.sparse

from deploy.nengo_loihi.build.row_table import RowTable, flat, lengths_of

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
    """

    def __init__(
        self,
        n_neurons: int,
        lengths: np.ndarray,
        axons: np.ndarray,
        places: Optional[np.ndarray],
        chosen: Optional[np.ndarray],
    ):
        self.n_neurons, self.lengths, self.axons, self.chosen = n_neurons, lengths, axons, chosen
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
    if isinstance(indices, RowTable) and np.array_equal(indices.table[0], every):
        return Reach(n_neurons, lengths, n_axons, None, None)
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
    return Reach(n_neurons, lengths, n_axons, None if dense else places, chosen)


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
