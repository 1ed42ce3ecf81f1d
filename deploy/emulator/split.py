"""Splitting a large population over cores, without nengo-loihi's quadratic search.

nengo-loihi (``builder/split_blocks.py``) intersects the targets of every axon with the
neurons of every core, and looks up every axon of every core in a dictionary. Here each
weight is sorted to its core once. The blocks, synapses and axons that come out are the
same, in the same order.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np


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

    def split_synapse(
        self, old_block: Any, old_synapse: Any, new_blocks: Any, validate: Any = None
    ) -> Any:
        """New synapse groups, one a core, each with the axons of the old that it needs."""
        if old_synapse.axon_to_weight_map is not None:
            arguments = (old_block, old_synapse, new_blocks)
            return self._originals["split_synapse"](*arguments, validate=validate)
        core_of, place_of = _cores(old_block.n_neurons, list(new_blocks.values()))
        lengths = np.array([w.shape[1] for w in old_synapse.weights])
        targets = np.concatenate([i.ravel() for i in old_synapse.indices])
        weights = np.concatenate([w.ravel() for w in old_synapse.weights])
        axon = np.repeat(np.arange(old_synapse.n_axons), lengths)
        # stable: within a core, by axon, and within an axon as before
        by_core = np.argsort(core_of[targets], kind="stable")
        core_start = np.searchsorted(core_of[targets][by_core], np.arange(len(new_blocks) + 1))

        new_synapses: Any = OrderedDict()
        for k, block in enumerate(new_blocks):
            own = by_core[core_start[k] : core_start[k + 1]]
            if not len(own):
                continue
            axon_ids, first = np.unique(axon[own], return_index=True)
            first = first.tolist()
            ends = [*first[1:], len(own)]
            own_weights, own_places = weights[own], place_of[targets[own]]
            synapse = self._block.Synapse(len(axon_ids))
            if old_synapse.label is not None:
                synapse.label = f"{old_synapse.label}[{k}]"
            block.add_synapse(synapse)
            new_synapses[synapse] = axon_ids.tolist()
            self._set_weights(old_synapse, synapse, own_weights, own_places, first, ends)
        old_synapse.parts = new_synapses  # where to find its weights from now on
        return new_synapses

    @staticmethod
    def _set_weights(
        old: Any, new: Any, weights: np.ndarray, places: np.ndarray, first: Any, ends: Any
    ) -> None:
        """Axons with the same weights to the same neurons share them, as in nengo-loihi."""
        size, place_size = weights.dtype.itemsize, places.dtype.itemsize
        as_bytes, places_as_bytes = weights.tobytes(), places.tobytes()
        shared: Dict[Tuple[bytes, bytes], int] = {}
        kept: List[Tuple[int, int]] = []
        weight_map = np.zeros(len(ends), np.int64)
        for n, (start, end) in enumerate(zip(first, ends)):
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
            compression=old.synapse_cfg.compression,
        )
        stops = np.cumsum([end - start for start, end in kept]).tolist()
        rows = [slice(start, stop) for start, stop in zip([0, *stops], stops)]
        new.weights = [new.weights[0][:, row] for row in rows]
        new.indices = [new.indices[0][:, row] for row in rows]
        new.axon_to_weight_map = weight_map
        new.axon_compartment_bases = np.zeros(len(ends), np.int64)
        new.pop_type = old.pop_type

    def split_axon(
        self, old_axon: Any, old_axon_idxs: Any, old_atoms: Any, new_synapses: Any
    ) -> List[Any]:
        """New axon groups, one for each new synapse group that some of the axons reach."""
        if new_synapses is None:
            return self._originals["split_axon"](old_axon, old_axon_idxs, old_atoms, None)
        old, atoms = np.asarray(old_axon_idxs), np.asarray(old_atoms)
        new_axons = []
        for k, (synapse, axon_ids) in enumerate(new_synapses.items()):
            mapped = self._lookup(synapse, axon_ids, old_axon.target.n_axons)[old]
            n_axons = len(np.unique(mapped[mapped >= 0]))
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
            lookup[np.asarray(axon_ids)] = np.arange(len(axon_ids))
            self._lookups[id(synapse)] = (synapse, lookup)
        return self._lookups[id(synapse)][1]


def _cores(n_neurons: int, cores: List[Any]) -> Tuple[np.ndarray, np.ndarray]:
    """For each neuron of the old block: its core, and its place there."""
    core_of, place_of = np.zeros(n_neurons, np.int32), np.zeros(n_neurons, np.int32)
    for k, neurons in enumerate(cores):
        own = np.fromiter(neurons, np.int64)
        core_of[own] = k
        place_of[own] = np.arange(len(own))
    return core_of, place_of
