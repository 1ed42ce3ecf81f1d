"""A built nengo-loihi model as flat arrays, once."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Set, Tuple

import numpy as np

from deploy.emulator.layout import (
    Compartments,
    Groups,
    Layout,
    Learning,
    Modes,
    Rows,
    trace_decay,
    with_silicon,
)
from deploy.emulator.runs import one_behind_the_other
from deploy.emulator.silicon import AS_EMULATED, Silicon
from deploy.errors import Unsupported
from deploy.nengo_loihi.build.reach import has_bases
from deploy.nengo_loihi.build.row_table import RowTable, flat, in_order, lengths_of

# whether float64 scalars widen float32 arrays (NEP 50, NumPy 2)
WIDE_SCALARS = (np.float64(1) * np.ones(1, np.float32)).dtype == np.float64


def lay_out(model: Any, silicon: Silicon = AS_EMULATED) -> Tuple[Layout, Dict[Any, int]]:
    """Flatten a built model.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        After its build, discretised or not.
    silicon : Silicon
        What the chip does otherwise; only of a discretised model.

    Returns
    -------
    layout : Layout
    learning_index : dict of nengo_loihi.block.Synapse to int
        Index of each synapse group that learns.

    Raises
    ------
    Unsupported
        If the model has something that the kernels cannot do exactly.
    """
    blocks = list(model.blocks)
    inputs = list(model.inputs)
    dtype = blocks[0].compartment.vth.dtype
    if dtype not in (np.dtype(np.int32), np.dtype(np.float32)):
        raise Unsupported(f"compartments of type {dtype}")
    integer = dtype == np.int32
    sizes = [block.n_neurons for block in blocks]
    block_start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    plain = {s for block in blocks for s in block.synapses if _is_plain(s)}
    rows, learned, first_row = _rows(blocks, dtype, plain)
    learning, learning_index = _learning(blocks, first_row, rows, integer)
    groups = _groups(inputs, blocks, block_start, first_row, learning_index, rows, plain)
    compartments = _compartments(blocks, dtype)
    layout = Layout(
        integer=bool(integer),
        block_start=block_start,
        n_inputs=len(inputs),
        compartments=compartments,
        rows=rows,
        groups=groups,
        learning=learning,
        learned=learned,
        has_noise=bool(np.any(compartments.noise_mult)),
        modes=Modes(),
    )
    return with_silicon(one_behind_the_other(layout), silicon), learning_index


def _compartments(blocks: List[Any], dtype: np.dtype) -> Compartments:
    """Vectors of parameters, as nengo-loihi's CompartmentState and NoiseState fill them."""
    n = sum(block.n_neurons for block in blocks)
    fields = {name: np.zeros(n, dtype) for name in Compartments._fields}
    for name in ("scale_u", "scale_v"):
        fields[name][:] = 1
    fields["noise_on_u"] = np.zeros(n, np.bool_)
    enabled, exponent = np.zeros(n, np.bool_), np.zeros(n, dtype)
    start = 0
    for block in blocks:
        comp, part = block.compartment, slice(start, start + block.n_neurons)
        start += block.n_neurons
        fields["decay_u"][part] = comp.decay_u
        fields["decay_v"][part] = comp.decay_v
        if comp.scale_u:
            fields["scale_u"][part] = comp.decay_u
        if comp.scale_v:
            fields["scale_v"][part] = comp.decay_v
        for name in ("vth", "vmin", "vmax", "bias"):
            fields[name][part] = getattr(comp, name)
        fields["ref"][part] = comp.refract_delay
        enabled[part] = comp.enable_noise
        exponent[part] = comp.noise_exp
        fields["noise_offset"][part] = comp.noise_offset
        fields["noise_on_u"][part] = comp.noise_at_membrane
    if dtype == np.int32:
        fields["noise_mult"] = np.where(enabled, 2.0 ** (exponent - 7), 0)
        fields["noise_offset"] *= 64
    else:
        fields["noise_mult"] = np.where(enabled, np.float32(10.0) ** exponent, np.float32(0))
        fields["noise_mult"] = fields["noise_mult"].astype(np.float32)
    return Compartments(**fields)


def _rows(
    blocks: List[Any], dtype: np.dtype, plain: Set[Any]
) -> Tuple[Rows, np.ndarray, Dict[Any, int]]:
    """Rows of all synapse groups, each weight once, in the smallest exact type.

    ``plain`` are those of which `_is_plain` is true.
    """
    synapses = [synapse for block in blocks for synapse in block.synapses]
    first_row: Dict[Any, int] = {}
    fixed: List[np.ndarray] = []
    learned: List[np.ndarray] = [np.zeros(0, dtype)]
    columns: Dict[str, List[np.ndarray]] = {name: [] for name in Rows._fields}
    n_fixed = n_learned = n_targets = n_rows = 0
    for synapse in synapses:
        first_row[synapse] = n_rows
        if synapse in plain:
            table = synapse.weights.table
            weights, factor = table.reshape(-1), 1
            if dtype == np.int32:
                weights, factor = _shrunk(weights)
            fixed.append(weights)
            n, size = table.shape
            columns["start"].append(np.arange(n, dtype=np.int64) * size + n_fixed)
            columns["length"].append(np.full(n, size, np.int32))
            columns["scale"].append(np.full(n, factor, dtype))
            columns["target_start"].append(np.full(n, -1, np.int64))
            n_fixed += table.size
            n_rows += n
            continue
        populations = synapse.weights[0].shape[0]
        length = np.repeat(lengths_of(synapse.weights), populations).astype(np.int32)
        start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
        weights = flat(synapse.weights)
        targets, target_start = _targets(synapse, start)
        factor = 1
        if synapse.learning:
            if len(targets):
                raise Unsupported("learning synapses with sparse targets")
            learned.append(weights)
            columns["start"].append(start[:-1] + n_learned)
            n_learned += len(weights)
        else:
            if dtype == np.int32:
                weights, factor = _shrunk(weights)
            fixed.append(weights)
            columns["start"].append(start[:-1] + n_fixed)
            n_fixed += len(weights)
        columns["length"].append(length)
        columns["scale"].append(np.full(len(length), factor, dtype))
        columns["targets"].append(targets)
        columns["target_start"].append(np.where(target_start < 0, -1, target_start + n_targets))
        n_targets += len(targets)
        n_rows += len(length)
    kind = max((w.dtype for w in fixed), key=lambda d: d.itemsize, default=np.dtype(dtype))
    together = np.zeros(n_fixed, kind)
    at = 0
    while fixed:  # one by one, so that there are never two copies of all
        part = fixed.pop(0)
        together[at : at + len(part)] = part
        at += len(part)
    small = max((int(t.max()) for t in columns["targets"] if len(t)), default=0) < 2**16
    rows = Rows(
        weights=together,
        start=_joined(columns["start"], np.int64),
        length=_joined(columns["length"], np.int32),
        targets=_joined(columns["targets"], np.uint16 if small else np.int32),
        target_start=_joined(columns["target_start"], np.int64),
        scale=_joined(columns["scale"], dtype),
    )
    return rows, np.concatenate(learned), first_row


def _is_plain(synapse: Any) -> bool:
    """Whether each row of a group goes to compartments 0, 1, 2, …, without a base, and is fixed."""
    rows = synapse.indices
    if (
        synapse.learning
        or not isinstance(rows, RowTable)
        or not isinstance(synapse.weights, RowTable)
    ):
        return False
    return in_order(rows.table[0]) and not has_bases(synapse)


def _targets(synapse: Any, start: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Targets of the rows of a group that are not runs 0, 1, 2, …, and where each starts.

    Raises
    ------
    Unsupported
        If a row has a target twice: NumPy adds only one of the two.
    """
    rows = synapse.indices
    if isinstance(rows, RowTable) and in_order(rows.table[0]):
        return np.zeros(0, np.int32), np.full(len(rows), -1, np.int64)
    indices = flat(rows)
    n_rows, lengths = len(start) - 1, np.diff(start)
    row_of = np.repeat(np.arange(n_rows), lengths)
    place = np.arange(len(indices)) - start[row_of]
    is_run = np.bincount(row_of[indices != place], minlength=n_rows) == 0
    sparse = ~is_run[row_of]
    if not np.any(sparse):
        return np.zeros(0, np.int32), np.full(n_rows, -1, np.int64)
    kept, kept_rows = indices[sparse], row_of[sparse]
    rising = (np.diff(kept) > 0) | (np.diff(kept_rows) > 0)
    if not np.all(rising) and len(np.unique(np.stack([kept_rows, kept]), axis=1).T) < len(kept):
        raise Unsupported("an axon that reaches a compartment twice")
    kept_start = np.concatenate([[0], np.cumsum(np.where(is_run, 0, lengths))])[:-1]
    return kept.astype(np.int32), np.where(is_run, -1, kept_start)


def _shrunk(weights: np.ndarray) -> Tuple[np.ndarray, int]:
    """Weights divided by their largest common power of two, in the smallest type."""
    bits = int(np.bitwise_or.reduce(weights)) if len(weights) else 0
    factor = (bits & -bits) or 1
    largest = max(int(weights.max()), -int(weights.min())) // factor if len(weights) else 0
    kind = next(t for t in (np.int8, np.int16, np.int32) if largest <= np.iinfo(t).max)
    return (weights >> np.int32(factor.bit_length() - 1)).astype(kind), factor


def _learning(
    blocks: List[Any], first_row: Dict[Any, int], rows: Rows, integer: bool
) -> Tuple[Learning, Dict[Any, int]]:
    columns: Dict[str, List[Any]] = {name: [] for name in Learning._fields}
    index: Dict[Any, int] = {}
    n_traces = n_errors = 0
    for block in blocks:
        for synapse in block.synapses:
            if not synapse.learning:
                continue
            index[synapse] = len(index)
            errors = block.n_neurons // 2
            widths = {w.shape for w in synapse.weights}
            if widths != {(1, 2 * errors)} or synapse.axon_to_weight_map is not None:
                raise Unsupported("learning synapses that are not one dense row an axon")
            config = synapse.synapse_cfg
            wgt_exp = config.real_weight_exp if integer else 0
            shift_bits = config.shift_bits if integer else 0
            if integer and not 0 <= wgt_exp + shift_bits < 31:
                raise Unsupported(f"a learning weight exponent of {wgt_exp - 6}")
            tau, train_epoch = float(synapse.tracing_tau), int(synapse.train_epoch)
            values = {
                "first_row": first_row[synapse],
                "n_axons": synapse.n_axons,
                "width": 2 * errors,
                "trace_start": n_traces,
                "error_start": n_errors,
                "n_errors": errors,
                "train_epoch": train_epoch,
                "learn_epoch": synapse.learn_epoch,
                "tau": tau,
                "decay": trace_decay(tau, train_epoch, AS_EMULATED.trace_decay)[1],
                "mag": synapse.tracing_mag,
                "rate": synapse.learning_rate,
                "lr_int": synapse._lr_int if integer else 0,
                "lr_exp": synapse._lr_exp if integer else 0,
                "wgt_exp": wgt_exp,
                "shift_bits": shift_bits,
                "wide_trace": WIDE_SCALARS,
                "wide_rate": WIDE_SCALARS and isinstance(synapse.learning_rate, np.floating),
            }
            for name, value in values.items():
                columns[name].append(value)
            n_traces += synapse.n_axons
            n_errors += errors
    kinds: Dict[str, Any] = dict.fromkeys(Learning._fields, np.int64)
    kinds.update(dict.fromkeys(("tau", "decay", "mag", "rate"), np.float64))
    kinds.update(dict.fromkeys(("wide_trace", "wide_rate"), np.bool_))
    return Learning(**{k: np.array(v, kinds[k]) for k, v in columns.items()}), index


def _groups(
    inputs: List[Any],
    blocks: List[Any],
    block_start: np.ndarray,
    first_row: Dict[Any, int],
    learning_index: Dict[Any, int],
    rows: Rows,
    plain: Set[Any],
) -> Groups:
    """Tables of all axon groups, in the order in which nengo-loihi adds them up."""
    home = {synapse: k for k, block in enumerate(blocks) for synapse in block.synapses}
    found: List[Tuple[int, int, int, Any, int]] = []  # first row, turn, source, axon, size
    for source, holder in enumerate([*inputs, *blocks]):
        for axon in holder.axons:
            found.append((first_row[axon.target], len(found), source, axon, holder.n_neurons))
    found.sort(key=lambda entry: entry[:2])

    source_of, table, synapse_of = [], [], []
    run_length, run_base, run_scale, run_start = [], [], [], []
    row_parts, base_parts, axon_parts = [], [], []
    at = 0
    for _, _, source, axon, size in found:
        synapse = axon.target
        if synapse in plain and (
            axon.compartment_atoms is None or not axon.compartment_atoms.any()
        ):
            first = first_row[synapse]
            row, target_axon = _plain_table(axon, synapse, size, first)
            used = row >= 0
            same: Any = used.any()
            offset = block_start[home[synapse]]
            source_of.append(source)
            table.append(at)
            synapse_of.append(-1)
            run_length.append(rows.length[first] if same else 0)
            run_base.append(offset if same else 0)
            run_scale.append(rows.scale[first] if same else 0)
            run_start.append(np.where(used, rows.start[row], -1))
            row_parts.append(row)
            base_parts.append(np.full(size, offset, np.int32))
            axon_parts.append(target_axon.astype(np.int32))
            at += size
            continue
        row, base, target_axon = _table(axon, synapse, size, first_row[synapse])
        offset = block_start[home[synapse]]
        row[base < 0] = -1
        if synapse in learning_index and np.any((row < 0) & (target_axon >= 0)):
            raise Unsupported("a learning synapse with unused axons")
        source_of.append(source)
        table.append(at)
        synapse_of.append(learning_index.get(synapse, -1))
        used = row[row >= 0]
        same = len(used) and synapse not in learning_index and np.all(rows.target_start[used] < 0)
        same = same and np.ptp(base[row >= 0]) == np.ptp(rows.length[used]) == 0
        run_length.append(rows.length[used[0]] if same else 0)
        run_base.append(base[row >= 0][0] + offset if same else 0)
        run_scale.append(rows.scale[used[0]] if same else 0)
        run_start.append(np.where(row >= 0, rows.start[row], -1) if same else np.full(size, -1))
        row_parts.append(row)
        base_parts.append((base + offset).astype(np.int32))
        axon_parts.append(target_axon.astype(np.int32))
        at += size
    return Groups(
        np.array(source_of, np.int64),
        np.array(table, np.int64),
        np.array(synapse_of, np.int64),
        np.array(run_length, np.int64),
        np.array(run_base, np.int64),
        np.array(run_scale, rows.scale.dtype),
        _joined(run_start, np.int64),
        _joined(row_parts, np.int64),
        _joined(base_parts, np.int32),
        _joined(axon_parts, np.int32),
    )


def _joined(parts: List[np.ndarray], dtype: Any) -> np.ndarray:
    return np.concatenate(parts).astype(dtype) if parts else np.zeros(0, dtype)


def _plain_table(
    axon: Any, synapse: Any, size: int, first_row: int
) -> Tuple[np.ndarray, np.ndarray]:
    """`_table` without the bases, of a group of which each row has one population and no base."""
    target = np.asarray(axon.map_axon(np.arange(size)), np.int64)
    if np.any(target >= synapse.n_axons):
        raise Unsupported("an axon beyond its synapse group")
    used, weight = target >= 0, np.maximum(target, 0)
    if synapse.axon_to_weight_map is not None:
        weight = np.asarray(synapse.axon_to_weight_map, np.int64)[weight]
    return np.where(used, first_row + weight, -1), np.where(used, target, -1)


def _table(
    axon: Any, synapse: Any, size: int, first_row: int
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, base and target axon of every source compartment; −1 for none.

    ``Axon.map_spikes`` and ``Synapse.axon_weights_indices`` for all at once.
    """
    sources = np.arange(size)
    target = np.asarray(axon.map_axon(sources), np.int64)
    atoms = np.asarray(axon.map_atoms(sources), np.int64)
    used = target >= 0
    safe = np.where(used, target, 0)
    if np.any(safe >= synapse.n_axons):
        raise Unsupported("an axon beyond its synapse group")
    weight_map: Optional[Any] = synapse.axon_to_weight_map
    weight = safe if weight_map is None else np.asarray(weight_map, np.int64)[safe]
    populations = synapse.weights[0].shape[0]
    if np.any(used & ((atoms < 0) | (atoms >= populations))):
        raise Unsupported("an atom beyond its populations")
    bases: Optional[Any] = synapse.axon_compartment_bases
    base = np.zeros(size, np.int64) if bases is None else np.asarray(bases, np.int64)[safe]
    row = np.where(used, first_row + weight * populations + atoms, -1)
    return row, base, np.where(used, target, -1)
