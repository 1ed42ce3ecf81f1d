"""Over how many cores each population is split, so that every piece of it fits onto its core."""

from __future__ import annotations

import copy
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from deploy.nengo_loihi.build.build_errors import CannotBuild
from deploy.nengo_loihi.build.resources import name_of_block
from deploy.nengo_loihi.build.row_table import RowTable, lengths_of
from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules.change import Problem
from loihi_rules.chip.limits import KINDS, Chip

COMPARTMENTS, IN_AXONS, OUT_AXONS, SYNAPSES = range(len(KINDS))
WAYS_OUT = {
    IN_AXONS: "have it listen to fewer neurons, or to what an ensemble represents",
    OUT_AXONS: "connect it to fewer targets, or by way of an ensemble between",
    SYNAPSES: "have each neuron listen to fewer neurons",
}


# of each synapse of a group, its axon and its compartment; None where each axon leads to all
Targets = Optional[Tuple[np.ndarray, np.ndarray]]


class DoesNotFit(CannotBuild):
    """A population of which not even a single neuron fits onto a core."""


class Reach(NamedTuple):
    """Which pieces of a split block the axons of a synapse group go to.

    Attributes
    ----------
    in_axons : (n_pieces,) ndarray
        How many go to each piece.
    bits : (n_pieces,) ndarray
        What their weights take there.
    pieces : (n_axons,) ndarray
        To how many pieces each axon goes: what it costs where it starts.
    """

    in_axons: np.ndarray
    bits: np.ndarray
    pieces: np.ndarray


def choose_block_shapes(model: Any, chip: Chip) -> None:
    """Split each block of a built model into as few pieces as fit, where its user has not.

    nengo-loihi (1.1.0, ``builder/split_blocks.py``, ``split_block``) divides what the undivided
    block uses, one block after the other. But weights are padded in each piece, and an axon to
    a target that is itself split becomes one axon for each piece that it reaches. So the number
    of pieces of every block is raised until compartments, in-axons, out-axons and bits of all
    pieces are within the limits together; a step for one block may ask for one of another.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Built, not split yet; its ``block_shapes`` are set.
    chip : Chip
        What its cores hold.

    Raises
    ------
    DoesNotFit
        If no split fits.
    """
    shape_of: Any = load_nengo_loihi().config.BlockShape
    given = {block: shape for block, shape in model.block_shapes.items() if shape is not None}
    layout = _Layout(list(model.blocks), given, np.array(chip.core_limits))
    for block, size in layout.fitting().items():
        model.block_shapes[block] = shape_of((size,), (block.n_neurons,))


class _Layout:
    """Sizes of the pieces of every block, and what they use."""

    def __init__(self, blocks: List[Any], given: Dict[Any, Any], limits: np.ndarray):
        self.blocks, self.limits = blocks, limits
        self.block_of = {s: block for block in blocks for s in block.synapses}
        self.free = [block for block in blocks if block not in given]
        self.piece_of: Dict[Any, np.ndarray] = {}  # of each compartment
        self.reaches: Dict[Any, Reach] = {}
        self.targets: Dict[Any, Targets] = {}
        for block in blocks:
            if block in given:
                self._set(block, _given_pieces(given[block]))
            else:
                self._set(block, np.zeros(block.n_neurons, np.int64))

    def _set(self, block: Any, piece_of: np.ndarray) -> None:
        self.piece_of[block] = piece_of
        alike: Dict[Any, Reach] = {}  # of groups in which each axon leads to all
        for synapse in block.synapses:
            if synapse not in self.targets:
                self.targets[synapse] = _targets(synapse, len(piece_of))
            targets = self.targets[synapse]
            kind = synapse if targets is not None else _kind(synapse)
            if kind not in alike:
                alike[kind] = _reach(synapse, targets, piece_of)
            self.reaches[synapse] = alike[kind]

    def fitting(self) -> Dict[Any, int]:
        """The size of a piece of each block that is free."""
        sizes = {block: block.n_neurons for block in self.free}
        grown = True
        while grown:
            grown = False
            for block in self.free:
                share = self._share(block)
                while share.max() > 1:
                    if sizes[block] == 1:
                        raise _refusal(block, share, self.limits)
                    n_pieces = -(-block.n_neurons // sizes[block])
                    wanted = max(n_pieces + 1, int(np.ceil(n_pieces * min(share.max(), 2))))
                    sizes[block] = min(sizes[block] - 1, -(-block.n_neurons // wanted))
                    sizes[block] = max(sizes[block], 1)
                    self._set(block, np.arange(block.n_neurons) // sizes[block])
                    grown = True
                    share = self._share(block)
        return sizes

    def _share(self, block: Any) -> np.ndarray:
        """Of the limits, by `KINDS`, what the fullest piece uses."""
        piece_of = self.piece_of[block]
        n = int(piece_of.max(initial=0)) + 1
        used = np.zeros((len(KINDS), n))
        used[COMPARTMENTS] = np.bincount(piece_of, minlength=n)
        for synapse in block.synapses:
            used[IN_AXONS] += self.reaches[synapse].in_axons
            used[SYNAPSES] += self.reaches[synapse].bits
        for axon in block.axons:
            reached = self.reaches[axon.target].pieces
            if axon.compartment_map is None and self.targets[axon.target] is None:
                # each neuron has an axon of its own, to every piece
                used[OUT_AXONS] += axon.slots_per_axon * reached[0] * used[COMPARTMENTS]
                continue
            sent = np.asarray(axon.map_axon(np.arange(block.n_neurons)))
            # neurons of one piece that have one axon share it
            pairs = np.unique((piece_of * len(reached) + sent)[sent >= 0])
            piece, axon_of = np.divmod(pairs, len(reached))
            slots = axon.slots_per_axon * reached[axon_of]
            used[OUT_AXONS] += np.bincount(piece, slots, minlength=n)
        share: np.ndarray = used.max(axis=1) / self.limits
        return share


def _given_pieces(shape: Any) -> np.ndarray:
    """Which piece each compartment is in, by a user's ``BlockShape``."""
    places = np.indices(shape.ensemble_shape)
    piece = np.zeros(shape.ensemble_shape, np.int64)
    for place, (whole, part) in zip(places, shape.zip_dimensions()):
        piece = piece * -(-whole // part) + place // part
    return piece.ravel()


def _targets(synapse: Any, n_compartments: int) -> Targets:
    """What a synapse group's axons lead to; nothing of one in which each leads to all."""
    rows, shared = synapse.indices, synapse.axon_to_weight_map
    if shared is None and isinstance(rows, RowTable) and rows.table.shape[1] == n_compartments:
        return None
    lengths = lengths_of(rows)
    if shared is None and np.all(lengths == n_compartments):
        return None
    bases = synapse.axon_compartment_bases
    base = np.zeros(synapse.n_axons, np.int32) if bases is None else np.asarray(bases, np.int32)
    row = np.arange(synapse.n_axons) if shared is None else np.asarray(shared, np.int64)
    (used,) = np.nonzero(base >= 0)  # the others lead nowhere
    many = lengths[row[used]]
    rows = [np.asarray(indices[0], np.int32) for indices in synapse.indices]
    compartments = np.repeat(base[used], many)
    if len(used):
        compartments += np.concatenate([rows[k] for k in row[used]])
    return np.repeat(used.astype(np.int32), many), compartments


def _kind(synapse: Any) -> Tuple[int, ...]:
    """What the reach of a group depends on in which each axon leads to all."""
    cfg = synapse.synapse_cfg
    bits = cfg.weight_bits, cfg.delay_bits, cfg.tag_bits, cfg.idx_bits
    return (synapse.n_axons, cfg.compression, cfg.n_synapses, *bits)


def _reach(synapse: Any, targets: Targets, piece_of: np.ndarray) -> Reach:
    n_pieces = int(piece_of.max(initial=0)) + 1
    n_axons = synapse.n_axons
    sizes = np.bincount(piece_of, minlength=n_pieces)
    cfg = copy.copy(synapse.synapse_cfg)
    cfg.idx_bits = next(
        (k for k, bits in enumerate(cfg.INDEX_BITS_MAP) if 2**bits >= sizes.max()), cfg.idx_bits
    )
    if targets is None:
        bits = n_axons * np.array([cfg.bits_per_axon(int(size)) for size in sizes])
        return Reach(np.full(n_pieces, n_axons), bits, np.full(n_axons, n_pieces))
    axons, compartments = targets
    keys, counts = np.unique(
        axons * np.int64(n_pieces) + piece_of[compartments], return_counts=True
    )
    reached = np.divmod(keys, n_pieces)
    if synapse.axon_to_weight_map is None:
        each = {count: cfg.bits_per_axon(int(count)) for count in np.unique(counts)}
        each_bits = [each[count] for count in counts]
        bits = np.bincount(reached[1], each_bits, minlength=n_pieces)
    else:  # kernels, which axons share; as nengo-loihi counts them
        bits = np.full(n_pieces, synapse.bits() / n_pieces)
    return Reach(
        np.bincount(reached[1], minlength=n_pieces),
        bits,
        np.bincount(reached[0], minlength=n_axons),
    )


def _refusal(block: Any, share: np.ndarray, limits: np.ndarray) -> DoesNotFit:
    kind = int(share.argmax())
    return DoesNotFit(
        Problem(
            name_of_block(block),
            f"{KINDS[kind]} of a core",
            f"a single neuron of it needs {share[kind] * limits[kind]:,.0f} {KINDS[kind]}, "
            f"a core has {limits[kind]:,}",
            WAYS_OUT[kind],
        )
    )
