"""Rows of weights as one table, where nengo-loihi has an array a row.

nengo-loihi (``block.py``, ``Synapse``) makes a list of arrays of a dense matrix, one a source
neuron, and whoever splits, rounds or checks the weights puts them together again or takes them
singly. Here a dense matrix stays one, and is a sequence of rows to all who want them so.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from functools import lru_cache
from typing import Any, Dict, Iterator, Sequence

import numpy as np


class RowTable(Sequence[np.ndarray]):
    """Rows of one length, each a view of shape (1, length).

    Parameters
    ----------
    table : (n_rows, length) ndarray
    """

    def __init__(self, table: np.ndarray):
        self.table = table

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, which: Any) -> Any:
        if isinstance(which, slice):
            return RowTable(self.table[which])
        return self.table[which][np.newaxis]

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(self.table[:, np.newaxis])


def flat(rows: Sequence[np.ndarray]) -> np.ndarray:
    """All rows one after the other; a view if they are in one array."""
    if isinstance(rows, RowTable):
        return rows.table.reshape(-1)
    return rows[0].reshape(-1) if len(rows) == 1 else np.concatenate([row.ravel() for row in rows])


def lengths_of(rows: Sequence[np.ndarray]) -> np.ndarray:
    """(n_rows,) the lengths of rows."""
    if isinstance(rows, RowTable):
        return np.full(len(rows), rows.table.shape[1])
    return np.array([row.shape[1] for row in rows], int)


@lru_cache(maxsize=64)
def _run(length: int) -> np.ndarray:
    return np.arange(length)


def in_order(places: np.ndarray) -> bool:
    """Whether places are 0, 1, 2, …"""
    return bool((places == _run(len(places))).all())


def give_table(synapse: Any, weights: np.ndarray, places: np.ndarray, compression: int) -> None:
    """Give a synapse group a row of weights for each axon, all to the same compartments.

    Parameters
    ----------
    synapse : nengo_loihi.block.Synapse
    weights : (n_rows, n) ndarray
    places : (n,) ndarray of int
    compression : int
        See ``SynapseConfig``.
    """
    places = np.asarray(places, np.int32)
    assert weights.dtype.name in ("float32", "int32")
    synapse.weights = RowTable(np.ascontiguousarray(weights))
    synapse.indices = RowTable(np.broadcast_to(places, weights.shape))
    synapse.format(  # as in ``_set_weights_indices``, which looks at every row
        compression=compression,
        idx_bits=_idx_bits(synapse, int(places.max())),
        fanout_type=1,
        n_synapses=63,
        weight_bits=7,
    )


_KNOWN_BITS: Dict[int, int] = {}  # of the last place to ``idx_bits``


def _idx_bits(synapse: Any, last: int) -> int:
    """nengo-loihi's ``Synapse.idx_bits``, which looks for the last place in every row."""
    if last not in _KNOWN_BITS:
        rows, synapse.indices = synapse.indices, [np.array([[last]])]
        _KNOWN_BITS[last] = synapse.idx_bits()
        synapse.indices = rows
    return _KNOWN_BITS[last]


@contextlib.contextmanager
def row_tables(nengo_loihi: Any) -> Iterator[None]:
    """While this lasts, dense weights of nengo-loihi's synapse groups are tables.

    Not for its own rounding (``discretize_synapse``), which makes each row integers in place.
    """
    Synapse: Any = nengo_loihi.block.Synapse
    validating: Any = nengo_loihi.builder.validate
    originals = Synapse.set_weights, Synapse.bits
    checks = validating.validate_axon, validating.validate_synapse

    def set_weights(synapse: Any, weights: Any) -> None:
        if not isinstance(weights, np.ndarray) or weights.ndim != 2 or not weights.size:
            originals[0](synapse, weights)
            return
        assert len(weights) == synapse.n_axons, "Must have different weights for each axon"
        own = np.array(weights, np.float32, order="C")
        give_table(synapse, own, np.arange(own.shape[1]), compression=3)

    Synapse.set_weights, Synapse.bits = set_weights, _bits

    def validate_synapse(synapse: Any) -> None:
        bases = synapse.axon_compartment_bases
        if bases is None or np.any(bases):
            checks[1](synapse)
        else:  # all of them are 0, which it looks at one by one
            validating.validate_synapse_cfg(synapse.synapse_cfg)

    validating.validate_axon, validating.validate_synapse = _validate_axon, validate_synapse
    try:
        yield
    finally:
        Synapse.set_weights, Synapse.bits = originals
        validating.validate_axon, validating.validate_synapse = checks


def _bits(synapse: Any) -> int:
    """``Synapse.bits``, that counts what rows of one length take once."""
    rows = synapse.weights
    if isinstance(rows, RowTable):
        return int(len(rows) * synapse.synapse_cfg.bits_per_axon(rows.table.shape[1]))
    each = synapse.synapse_cfg.bits_per_axon
    return int(sum(n * each(size) for size, n in Counter(row.size for row in rows).items()))


def _validate_axon(axon: Any) -> None:
    """``validate_axon``, of all atoms at once: all rows of a group have as many populations."""
    populations = getattr(axon.target, "weights", None)
    if populations is not None and axon.compartment_atoms is not None:
        atoms = np.asarray(axon.compartment_atoms)
        assert np.all((atoms >= 0) & (atoms < populations[0].shape[0]))
