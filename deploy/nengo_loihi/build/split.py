"""Splitting a large population over cores, without nengo-loihi's quadratic search.

nengo-loihi (``builder/split_blocks.py``) intersects the targets of every axon with the
neurons of every core, and looks up every axon of every core in a dictionary. Here each
weight is sorted to its core once. The blocks, synapses and axons that come out are the
same, in the same order.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from deploy.nengo_loihi.build.row_table import RowTable, flat, give_table, in_order, lengths_of


@contextlib.contextmanager
def linear_splitting(nengo_loihi: Any) -> Iterator[None]:
    """While this lasts, nengo-loihi's builder splits with the functions below."""
    module = nengo_loihi.builder.split_blocks
    originals = {name: getattr(module, name) for name in ("split_synapse", "split_axon")}
    splitting = _Splitting(nengo_loihi.block, originals)
    module.split_synapse, module.split_axon = splitting.split_synapse, splitting.split_axon
    try:
        yield
    finally:
        for name, function in originals.items():
            setattr(module, name, function)


class _Splitting:
    """The two functions, and what the second can reuse of the first."""

    def __init__(self, block_module: Any, originals: Dict[str, Any]):
        self._block = block_module
        self._originals = originals
        self._lookups: Dict[int, Tuple[Any, np.ndarray]] = {}
        self._cores: Optional[_Cores] = None  # of the block that is being split

    def split_synapse(
        self, old_block: Any, old_synapse: Any, new_blocks: Any, validate: Any = None
    ) -> Any:
        """New synapse groups, one a core, each with the axons of the old that it needs."""
        if old_synapse.axon_to_weight_map is not None:
            arguments = (old_block, old_synapse, new_blocks)
            return self._originals["split_synapse"](*arguments, validate=validate)
        if self._cores is None or self._cores.of is not new_blocks:
            self._cores = _Cores.made_of(old_block.n_neurons, new_blocks)
        dense = _is_dense(old_synapse, old_block.n_neurons)
        parts = (_parts_of_table if dense else _parts_of_rows)(old_synapse, self._cores)
        blocks = list(new_blocks)
        new_synapses: Any = OrderedDict()
        for part in parts:
            synapse = self._block.Synapse(len(part.axons))
            if old_synapse.label is not None:
                synapse.label = f"{old_synapse.label}[{part.core}]"
            blocks[part.core].add_synapse(synapse)
            new_synapses[synapse] = part.axons
            _set_weights(old_synapse.synapse_cfg.compression, synapse, part)
            synapse.axon_compartment_bases = np.zeros(len(part.axons), np.int64)
            synapse.pop_type = old_synapse.pop_type
        old_synapse.parts = new_synapses  # where to find its weights from now on
        return new_synapses

    def split_axon(
        self, old_axon: Any, old_axon_idxs: Any, old_atoms: Any, new_synapses: Any
    ) -> List[Any]:
        """New axon groups, one for each new synapse group that some of the axons reach."""
        if new_synapses is None:
            whole: List[Any] = self._originals["split_axon"](
                old_axon, old_axon_idxs, old_atoms, None
            )
            return whole
        old, atoms = np.asarray(old_axon_idxs), np.asarray(old_atoms)
        new_axons = []
        for k, (synapse, axon_ids) in enumerate(new_synapses.items()):
            mapped = self._lookup(synapse, axon_ids, old_axon.target.n_axons)[old]
            n_axons = int(np.count_nonzero(np.bincount(mapped[mapped >= 0])))
            if n_axons == 0:
                continue
            axon = self._block.Axon(n_axons)
            if old_axon.label is not None:
                axon.label = f"{old_axon.label}[{k}]"
            axon.target = synapse
            axon.compartment_map = mapped
            axon.compartment_atoms = atoms
            new_axons.append(axon)
        return new_axons

    def _lookup(self, synapse: Any, axon_ids: Any, n_axons: int) -> np.ndarray:
        """From axon of the old group to axon of the new, −1 for none and for −1."""
        if id(synapse) not in self._lookups:
            lookup = np.full(n_axons + 1, -1, np.int64)
            lookup[axon_ids] = np.arange(len(axon_ids))
            self._lookups[id(synapse)] = (synapse, lookup)
        return self._lookups[id(synapse)][1]


class _Cores(NamedTuple):
    """Where the neurons of a block are, once it is split.

    Attributes
    ----------
    of : mapping
        New blocks to neurons of the old.
    core_of, place_of : (n,) ndarray of int
        Each neuron's core, and its place there.
    neurons : list of ndarray
        Of each core.
    """

    of: Any
    core_of: np.ndarray
    place_of: np.ndarray
    neurons: List[np.ndarray]

    @classmethod
    def made_of(cls, n_neurons: int, new_blocks: Any) -> _Cores:
        core_of, place_of = np.zeros(n_neurons, np.int32), np.zeros(n_neurons, np.int32)
        for k, neurons in enumerate(new_blocks.values()):
            own = np.fromiter(neurons, np.int64)
            core_of[own] = k
            place_of[own] = np.arange(len(own))
        n_cores = int(core_of.max()) + 1
        neurons = [np.flatnonzero(core_of == k) for k in range(n_cores)]
        return cls(new_blocks, core_of, place_of, neurons)


class Part(NamedTuple):
    """Of a synapse group, what goes to one core.

    Attributes
    ----------
    core : int
    axons : (n_axons,) ndarray
        Of the group.
    weights, places : ndarray
        A row an axon, and where all go to; or all rows one after the other.
    starts : list of int or None
        Where each row starts; None if they are a table.
    """

    core: int
    axons: np.ndarray
    weights: np.ndarray
    places: np.ndarray
    starts: Optional[List[int]]


def _is_dense(synapse: Any, n_neurons: int) -> bool:
    """Whether all axons of a group go to all neurons in their order."""
    if not isinstance(synapse.weights, RowTable) or not isinstance(synapse.indices, RowTable):
        return False
    return synapse.indices.table.shape[1] == n_neurons and in_order(synapse.indices.table[0])


def _parts_of_table(old: Any, cores: _Cores) -> Iterator[Part]:
    """Of dense weights, the columns of each core."""
    table, every = old.weights.table, np.arange(len(old.weights.table))
    for k, own in enumerate(cores.neurons):
        in_a_row = own[-1] - own[0] + 1 == len(own)
        weights = table[:, own[0] : own[-1] + 1] if in_a_row else table[:, own]
        yield Part(k, every, np.ascontiguousarray(weights), cores.place_of[own], None)


def _parts_of_rows(old: Any, cores: _Cores) -> Iterator[Part]:
    """Of rows that go to some neurons each, what goes to each core."""
    _, core_of, place_of, _ = cores
    targets, weights = flat(old.indices), flat(old.weights)
    axon = np.repeat(np.arange(old.n_axons), lengths_of(old.weights))
    # stable: within a core, by axon, and within an axon as before
    by_core = np.argsort(core_of[targets], kind="stable")
    ends = np.cumsum(np.bincount(core_of[targets], minlength=int(core_of.max()) + 1))
    for k, end in enumerate(ends):
        own = by_core[ends[k - 1] if k else 0 : end]
        if len(own):
            axons, first = np.unique(axon[own], return_index=True)
            yield Part(k, axons, weights[own], place_of[targets[own]], first.tolist())


def _set_weights(compression: int, new: Any, part: Part) -> None:
    """Axons with the same weights to the same neurons share them, as in nengo-loihi."""
    if part.starts is None:
        kept, new.axon_to_weight_map = _shared(part.weights)
        every = len(kept) == len(part.weights)
        weights = part.weights if every else part.weights[kept]
        give_table(new, weights, part.places, compression)
    else:
        _set_rows(compression, new, part.weights, part.places, part.starts)


def _shared(table: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Rows that no row before them is the same as, and for each row which of those it is.

    Only rows that begin alike are looked at.
    """
    begins = np.ascontiguousarray(table[:, 0]).view(np.uint32)
    ordered = np.sort(begins)
    if np.all(ordered[1:] != ordered[:-1]):
        return np.arange(len(table)), np.arange(len(table))
    group, counts = np.unique(begins, return_inverse=True, return_counts=True)[1:]
    alone = counts[group.reshape(-1)] == 1
    first: Dict[Any, int] = {}
    keys = [k if alone[k] else table[k].tobytes() for k in range(len(table))]
    weight_map = np.array([first.setdefault(key, len(first)) for key in keys], np.int64)
    return np.unique(weight_map, return_index=True)[1], weight_map


def _set_rows(
    compression: int, new: Any, weights: np.ndarray, places: np.ndarray, starts: List[int]
) -> None:
    size, place_size = weights.dtype.itemsize, places.dtype.itemsize
    as_bytes, places_as_bytes = weights.tobytes(), places.tobytes()
    shared: Dict[Tuple[bytes, bytes], int] = {}
    kept: List[Tuple[int, int]] = []
    weight_map = np.zeros(len(starts), np.int64)
    for n, (start, end) in enumerate(zip(starts, [*starts[1:], len(weights)])):
        key = (
            as_bytes[start * size : end * size],
            places_as_bytes[start * place_size : end * place_size],
        )
        if key not in shared:
            shared[key] = len(kept)
            kept.append((start, end))
        weight_map[n] = shared[key]
    # checked as one row, which is what all are; nengo-loihi takes them singly
    new._set_weights_indices(
        [np.concatenate([weights[start:end] for start, end in kept])],
        [np.concatenate([places[start:end] for start, end in kept])],
        weight_dtype=weights.dtype,
        compression=compression,
    )
    stops = np.cumsum([end - start for start, end in kept]).tolist()
    rows = [slice(start, stop) for start, stop in zip([0, *stops], stops)]
    new.weights = [new.weights[0][:, row] for row in rows]
    new.indices = [new.indices[0][:, row] for row in rows]
    new.axon_to_weight_map = weight_map
