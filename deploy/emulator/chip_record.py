"""What a chip was, what came to it and what it did, in its own numbers; and the same done again.

Enough to step it once more where nothing else is known of the model.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, Iterator, Mapping, NamedTuple, Tuple

import numpy as np

from deploy.emulator.engine import Engine
from deploy.emulator.layout import (
    Compartments,
    Groups,
    Layout,
    Learning,
    Modes,
    Rows,
    with_silicon,
)
from deploy.emulator.silicon import Silicon

PARTS: Dict[str, Any] = {
    "compartments": Compartments,
    "rows": Rows,
    "groups": Groups,
    "learning": Learning,
}
NUMBERS = {"integer": bool, "n_inputs": int, "has_noise": bool}


class Probe(NamedTuple):
    """What was recorded.

    Attributes
    ----------
    key : str
        ``"spiked"``, ``"current"`` or ``"voltage"``.
    compartments : (k,) ndarray
        Of the layout.
    samples : (n_steps, k) ndarray of int32
    """

    key: str
    compartments: np.ndarray
    samples: np.ndarray


class ChipRecord(NamedTuple):
    """A run of a chip.

    Attributes
    ----------
    layout : Layout
        Of whole numbers, as it is before silicon does anything otherwise.
    current, voltage : (n_compartments,) ndarray
        What they start from.
    spikes : (n, 3) ndarray
        Step, input and neuron of each spike that came in; it arrives in the next step.
    errors : (n, 3) ndarray
        Step, place among the layout's errors, and value of each that is not 0.
    probes : mapping of str to Probe
        By what they are of.
    """

    layout: Layout
    current: np.ndarray
    voltage: np.ndarray
    spikes: np.ndarray
    errors: np.ndarray
    probes: Mapping[str, Probe]

    @property
    def learns(self) -> bool:
        """Whether something learns on the chip, which chance rounds."""
        return len(self.layout.learning.first_row) > 0

    @property
    def n_steps(self) -> int:
        """How long it was."""
        return min((len(probe.samples) for probe in self.probes.values()), default=0)


def stepped_again(record: ChipRecord, silicon: Silicon, seed: int) -> Dict[str, np.ndarray]:
    """(n_steps, k) of each probe, what the emulator does that is given the same.

    Voltages are recorded without refractory times, which whoever recorded them has left out.

    Raises
    ------
    IndexError, ValueError
        If the record's numbers do not fit together.
    """
    layout = with_silicon(record.layout, replace(silicon, refractory_voltage="zero"))
    keys = {probe.key for probe in record.probes.values()}
    of = {
        key: [p.compartments for p in record.probes.values() if p.key == key]
        for key in ("spiked", "current", "voltage")
    }
    none = np.zeros(0, np.int64)
    probed = {key: np.concatenate([none, *parts]) for key, parts in of.items()}
    # in NumPy's steps an index beyond an array's end is an error, and nothing else
    engine = Engine(layout, seed, probed, compiled=False, noise_seed=seed)
    engine.state.current[:], engine.state.voltage[:] = record.current, record.voltage
    buffers = engine.buffers(record.n_steps)
    events, event_start = _events(record)
    order = np.argsort(record.errors[:, 0], kind="stable")
    errors = record.errors[order]
    first = np.searchsorted(errors[:, 0], np.arange(1, record.n_steps + 2))
    for k in range(record.n_steps):
        engine.clear_errors()
        for _, place, value in errors[first[k] : first[k + 1]]:
            engine.state.errors[place] += value
        engine.advance_row(buffers, events, event_start, k)
    found, used = {}, dict.fromkeys(keys, 0)
    for name, probe in record.probes.items():
        start, n = used[probe.key], len(probe.compartments)
        used[probe.key] += n
        found[name] = np.asarray(getattr(buffers, probe.key)[:, start : start + n], np.int32)
    return found


def _events(record: ChipRecord) -> Tuple[np.ndarray, np.ndarray]:
    """The spikes as the engine takes them: input by input, step by step."""
    n, n_inputs = record.n_steps, record.layout.n_inputs
    step, spike_input, neuron = record.spikes.T
    row = step * n_inputs + spike_input  # those of step t arrive in the step of row t
    order = np.argsort(row, kind="stable")
    start = np.searchsorted(row[order], np.arange(n * n_inputs + 1))
    return neuron[order].astype(np.int32), start


# ------------------------------------------------------------------------------ files


def layout_to_arrays(layout: Layout) -> Dict[str, np.ndarray]:
    """All numbers of a layout, by name, before silicon does anything otherwise."""
    found = {
        **{f"layout.{name}": np.array(getattr(layout, name)) for name in NUMBERS},
        "layout.block_start": layout.block_start,
        "layout.learned": layout.learned,
    }
    for part in PARTS:
        for name, values in zip(PARTS[part]._fields, getattr(layout, part)):
            found[f"layout.{part}.{name}"] = values
    return found


def layout_of_arrays(arrays: Any) -> Layout:
    """The layout of arrays of `layout_to_arrays`, which may come from anywhere.

    Raises
    ------
    KeyError, ValueError
        If something is missing, or is of another kind.
    """
    parts: Dict[str, Any] = {
        part: kind(*(_plain(arrays, f"layout.{part}.{name}", 1) for name in kind._fields))
        for part, kind in PARTS.items()
    }
    numbers = {name: kind(arrays[f"layout.{name}"]) for name, kind in NUMBERS.items()}
    return Layout(
        block_start=_plain(arrays, "layout.block_start", 1),
        learned=_plain(arrays, "layout.learned", 1),
        modes=Modes(),
        **numbers,
        **parts,
    )


def to_arrays(record: ChipRecord) -> Dict[str, np.ndarray]:
    """All of a record's numbers, by name."""
    found = {
        **layout_to_arrays(record.layout),
        **{name: np.asarray(getattr(record, name)) for name in _OWN},
    }
    for k, probe in enumerate(record.probes.values()):
        found[f"probe.{k}.compartments"] = probe.compartments
        found[f"probe.{k}.samples"] = np.asarray(probe.samples, np.int32)
    return found


_OWN = {"current": 1, "voltage": 1, "spikes": 2, "errors": 2}  # and their dimensions


def of_arrays(probes: Mapping[str, str], arrays: Any) -> ChipRecord:
    """The record of arrays of `to_arrays`, which may come from anywhere.

    Parameters
    ----------
    probes : mapping of str to str
        Names to keys, in order.
    arrays : mapping of str to ndarray

    Raises
    ------
    KeyError, ValueError
        If something is missing, or is of another kind or size.
    """
    layout = layout_of_arrays(arrays)
    own = {name: _plain(arrays, name, n) for name, n in _OWN.items()}
    found = {
        name: Probe(
            key,
            _plain(arrays, f"probe.{k}.compartments", 1),
            _plain(arrays, f"probe.{k}.samples", 2),
        )
        for k, (name, key) in enumerate(probes.items())
    }
    record = ChipRecord(layout, probes=found, **own)
    for what, fits in _sizes(record):
        if not fits:
            raise ValueError(f"its {what} do not fit the rest")
    return record


def _plain(arrays: Any, name: str, n_dims: int) -> np.ndarray:
    values: np.ndarray = arrays[name]
    if values.ndim != n_dims or values.dtype.kind not in "biuf":
        raise ValueError(f"its {name} is of another kind")
    return values


def _sizes(record: ChipRecord) -> Iterator[Tuple[str, bool]]:
    """What has to be of one size, so that nothing larger than the file is made of it."""
    layout, learning = record.layout, record.layout.learning
    n = len(layout.compartments.vth)
    yield "blocks", len(layout.block_start) > 0 and layout.n_compartments == n
    yield "integers", layout.integer and layout.compartments.vth.dtype == np.int32
    yield "compartments", all(len(of) == n for of in layout.compartments)
    yield "first currents", len(record.current) == len(record.voltage) == n
    yield "learning synapses", len({len(of) for of in learning}) == 1
    yield "axons", 0 <= int(learning.n_axons.sum()) <= len(layout.rows.start)
    yield "errors", 0 <= int(learning.n_errors.sum()) <= n
    yield "inputs", 0 <= layout.n_inputs <= len(layout.groups.source)
    yield "spikes", record.spikes.shape[1:] == (3,) and record.errors.shape[1:] == (3,)
    for name, probe in record.probes.items():
        yield f"samples of {name}", probe.samples.shape == (record.n_steps, len(probe.compartments))
        yield (
            f"compartments of {name}",
            bool(np.all((probe.compartments >= 0) & (probe.compartments < n))),
        )
        yield f"kind of {name}", probe.key in ("spiked", "current", "voltage")
