"""A layout in parts: blocks that are stepped together, by one thread, of all samples."""

from __future__ import annotations

from typing import Dict, Mapping, NamedTuple, Tuple

import numpy as np

from deploy.emulator.layout import Groups, Layout
from deploy.emulator.runs import joined

FEWEST = 2000  # compartments of a part: 6 µs a step, of which 1 is of the part
SHARES = 2  # parts a thread, so that one that is done first has some of another's
TILE = 2**16  # bytes of weights that one sample after the other is given


class Parts(NamedTuple):
    """Where each part begins, (n_parts + 1,) each, and how groups are read.

    Attributes
    ----------
    block, compartment, group : ndarray of int64
        Its first block, compartment, and axon group that leads to it.
    spiked, current, voltage : ndarray of int64
        Its first in the order of what is probed of these.
    tile, tiles : (n_groups,) ndarray of int64
        Of how many sources a group is read for all samples at once, and how often that is.
    together, run : (n_groups,) ndarray of int64
        How many groups are added as one with each, and how long their rows are; see `joined`.
    """

    block: np.ndarray
    compartment: np.ndarray
    group: np.ndarray
    spiked: np.ndarray
    current: np.ndarray
    voltage: np.ndarray
    tile: np.ndarray
    tiles: np.ndarray
    together: np.ndarray
    run: np.ndarray


def parts_of(
    layout: Layout, probed: Mapping[str, np.ndarray], n_samples: int, n_threads: int
) -> Tuple[Parts, Dict[str, np.ndarray]]:
    """Divide a layout; of one thread alone all is one part, which takes least.

    Parameters
    ----------
    layout : Layout
    probed : mapping of str to (k,) ndarray
        Compartments that are recorded, by what of them is.
    n_samples, n_threads : int

    Returns
    -------
    parts : Parts
    order : dict of str to (k,) ndarray
        Places in ``probed``, part by part.
    """
    targets = _targets(layout)
    fewest = max(FEWEST, layout.n_compartments // (SHARES * n_threads))
    if n_threads == 1 or np.any(np.diff(targets) < 0):
        fewest = layout.n_compartments
    block = _first_blocks(layout.block_start, fewest)
    compartment = layout.block_start[block]
    order, first = {}, {}
    for key, of in probed.items():
        part = np.searchsorted(compartment, of, side="right") - 1
        order[key] = np.argsort(part, kind="stable")
        first[key] = np.searchsorted(part[order[key]], np.arange(len(block)))
    group = np.searchsorted(targets, block)
    together, run = joined(layout, group)
    tile, tiles = _tiles(layout, n_samples, run)
    found = Parts(
        block, compartment, group, **first, tile=tile, tiles=tiles, together=together, run=run
    )
    return found, order


def _first_blocks(block_start: np.ndarray, fewest: int) -> np.ndarray:
    """Of each part that has so many compartments, or what is left."""
    n_blocks = len(block_start) - 1
    starts, begun = [0], 0
    for block in range(1, n_blocks):
        if block_start[block] - begun >= fewest:
            starts.append(block)
            begun = int(block_start[block])
    return np.array([*starts, n_blocks], np.int64)


def _targets(layout: Layout) -> np.ndarray:
    """(n_groups,) the block that each leads to; of one that leads nowhere, that before it."""
    groups = layout.groups
    found = np.zeros(len(groups.source), np.int64)
    sizes = _sizes(groups)
    there = np.where(groups.row >= 0, groups.base, -1)
    some = sizes > 0
    if np.any(some):
        farthest = np.maximum.reduceat(there, groups.table[some])
        found[some] = np.searchsorted(layout.block_start, farthest, side="right") - 1
    found[found < 0] = 0
    leads = np.zeros(len(found), bool)
    leads[some] = farthest >= 0 if np.any(some) else False
    last = np.maximum.accumulate(np.where(leads, np.arange(len(found)), 0))
    return np.asarray(found[last], np.int64)


def _sizes(groups: Groups) -> np.ndarray:
    return np.diff(np.append(groups.table, len(groups.row)))


def _tiles(layout: Layout, n_samples: int, run: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """How many sources' weights a core's nearest cache holds, of each group."""
    groups, rows = layout.groups, layout.rows
    sizes = np.maximum(_sizes(groups), 1)
    if n_samples == 1:
        return sizes, np.ones(len(sizes), np.int64)
    length = np.where(groups.row >= 0, rows.length[np.maximum(groups.row, 0)], 0)
    length = np.where(groups.run_start >= 0, np.repeat(run, _sizes(groups)), length)
    total = np.add.reduceat(length, groups.table) if len(sizes) else sizes
    a_source = np.maximum(total * rows.weights.itemsize // sizes, 1)
    tile = np.clip(TILE // a_source, 1, sizes)
    return tile, -(-sizes // tile)
