"""Which block goes onto which core: by nengo-loihi's allocators, where their tables are mended.

nengo-loihi 1.1.0 (``hardware/nxsdk_objects.py``, ``Core.add_synapse``) numbers a synapse group's
entries of the synapse map from one beyond the last entry of the group before. Where that learns,
the entry beyond is the trace of its last axon, which the next group overwrites; where the last axon
leads nowhere, it has no number, and ``None + 1`` is a TypeError.

Its ``hardware/allocators.py`` (``compute_cfgs``) makes an object of each compartment and compares
it with each profile of the core, which takes longer than the rest of `deploy.check`.

``hardware/builder.py`` takes fewer than 32 compartment profiles and fewer than 8 thresholds, and
the registers that choose among them have 5 and 3 bits: all of 32 and 8 can be used.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from deploy.nengo_loihi.build.row_table import lengths_of, row_tables
from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules.chip.limits import Chip

Tables = Tuple[List[Any], Dict[Any, np.ndarray]]  # configurations, and which each compartment has


@contextlib.contextmanager
def mended_tables(chip: Chip) -> Iterator[Any]:
    """nengo-loihi's ``hardware`` package, as long as its tables are needed."""
    hardware: Any = load_nengo_loihi().hardware
    core, builder = hardware.nxsdk_objects.Core, hardware.builder
    allocators = hardware.allocators
    before = core.add_synapse, builder.MAX_COMPARTMENT_CFGS, builder.MAX_VTH_CFGS
    tables = allocators.core_compartment_cfgs, allocators.core_vth_cfgs
    core.add_synapse = _add_synapse
    allocators.core_compartment_cfgs = partial(_profiles, allocators)
    allocators.core_vth_cfgs = partial(_thresholds, allocators)
    builder.MAX_COMPARTMENT_CFGS = chip.profiles_a_core + 1  # of which it takes fewer
    builder.MAX_VTH_CFGS = chip.thresholds_a_core + 1
    try:
        yield hardware
    finally:
        core.add_synapse, builder.MAX_COMPARTMENT_CFGS, builder.MAX_VTH_CFGS = before
        allocators.core_compartment_cfgs, allocators.core_vth_cfgs = tables


def place(model: Any, chip: Chip) -> Any:
    """nengo-loihi's board of a built model, without any SDK.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Discretised.
    chip : Chip
        How many cores it has.

    Returns
    -------
    nengo_loihi.hardware.nxsdk_objects.Board
    """
    n_chips = -(-len(model.blocks) // chip.cores_a_chip)
    with mended_tables(chip) as hardware, row_tables(load_nengo_loihi()):
        allocators = hardware.allocators
        if n_chips > 1:
            try:  # keeps together what talks to each other
                return allocators.GreedyInterchip(chip.cores_a_chip)(model, n_chips)
            except (AssertionError, LookupError, ValueError):  # it cannot place this one
                pass
        return allocators.Greedy(chip.cores_a_chip)(model, n_chips)


def _profiles(allocators: Any, core: Any) -> Tables:
    """``core_compartment_cfgs``: the compartment profiles of a core, and which of them each has."""

    def columns(block: Any) -> np.ndarray:
        of = block.compartment
        names = of.decay_u, of.decay_v, of.refract_delay, of.enable_noise
        return np.stack([np.asarray(each) for each in names], axis=1)

    def profile(decay_u: int, decay_v: int, refract_delay: int, enable_noise: int) -> Any:
        return allocators.CompartmentConfig(
            decay_u=decay_u,
            decay_v=decay_v,
            refract_delay=refract_delay,
            enable_noise=bool(enable_noise),
        )

    return _distinct(core.blocks, columns, profile)


def _thresholds(allocators: Any, core: Any) -> Tables:
    """``core_vth_cfgs``: the thresholds of a core, and which of them each compartment has."""

    def columns(block: Any) -> np.ndarray:
        mantissas, _ = allocators.vth_to_manexp(block.compartment.vth)
        return np.asarray(mantissas)[:, np.newaxis]

    return _distinct(core.blocks, columns, lambda vth: allocators.VthConfig(vth=vth))


def _distinct(
    blocks: Sequence[Any], columns: Callable[[Any], np.ndarray], config: Callable[..., Any]
) -> Tables:
    tables = [columns(block) for block in blocks]
    rows, which = np.unique(np.concatenate(tables), axis=0, return_inverse=True)
    ends = np.cumsum([len(table) for table in tables])[:-1]
    each = np.split(which.reshape(-1).astype(np.int32), ends)
    return [config(*row) for row in rows.tolist()], dict(zip(blocks, each))


def _add_synapse(self: Any, synapse: Any) -> None:
    """``Core.add_synapse``, with entries that are nobody else's."""
    self.synapse_cfg_idxs[synapse] = self.get_synapse_cfg_idx(synapse.synapse_cfg)
    entry = max((_beyond(of, ids) for of, ids in self.synapse_axons.items()), default=0)
    leads = _leads(synapse)
    numbers = entry + (np.cumsum(leads) - leads) * synapse.idxs_per_synapse()
    entries: List[Optional[int]] = [
        number if its else None for number, its in zip(numbers.tolist(), leads.tolist())
    ]
    self.synapse_axons[synapse] = entries
    self.board.index_synapse(synapse, self.chip, self, entries)
    first = next(reversed(self.synapse_entries.values()))[1] if self.synapse_entries else 0
    self.synapse_entries[synapse] = (first, first + synapse.size())


def _leads(synapse: Any) -> np.ndarray:
    """(n_axons,) whether each leads somewhere; those that do not are not built."""
    rows, bases = synapse.axon_to_weight_map, synapse.axon_compartment_bases
    some: np.ndarray = lengths_of(synapse.weights) > 0
    leads = some[np.arange(synapse.n_axons) if rows is None else np.asarray(rows, np.int64)]
    return leads if bases is None else leads & (np.asarray(bases) >= 0)


def _beyond(synapse: Any, entries: Any) -> int:
    """The first entry that a placed synapse group leaves free."""
    used = [entry for entry in entries if entry is not None]
    return int(max(used)) + int(synapse.idxs_per_synapse()) if used else 0
