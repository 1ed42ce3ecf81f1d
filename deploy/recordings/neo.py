"""Neo's blocks, and the NIX files that they are kept in; needs neo, and nixio for files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List

import numpy as np

from deploy.errors import BadInput
from deploy.files.npz import in_one_line
from deploy.recordings.hdf5 import checked_datasets
from deploy.recordings.lazily import load
from deploy.recordings.mapping import Mapping
from deploy.recordings.recording import Recorded, Signal, numbers
from deploy.recordings.trains import named_trains


def read(path: Path, mapping: Mapping) -> List[Recorded]:
    """The one block of a NIX file."""
    h5py, neo = load("h5py", "nix"), load("neo", "nix")
    load("nixio", "nix")
    with in_one_line(path, "NIX", "neo.io.NixIO makes them"):
        with h5py.File(path, "r") as file:
            checked_datasets(file, path)
        with neo.io.NixIO(str(path), "ro") as stream:
            blocks = stream.read_all_blocks()
        if len(blocks) != 1:
            raise BadInput(f"{path}: {len(blocks)} blocks of Neo; keep the one of the run")
        return signals_of_block(blocks[0])


def signals_of_block(block: Any) -> List[Recorded]:
    """Signals and spike trains of a `neo.Block` with one segment.

    Raises
    ------
    BadInput
    """
    if len(block.segments) != 1:
        raise BadInput(f"a block of {len(block.segments)} segments; keep the one of the run")
    (segment,) = block.segments
    found: List[Recorded] = []
    for k, signal in enumerate([*segment.analogsignals, *segment.irregularlysampledsignals]):
        name = str(signal.name or f"signal {k}")
        unit = signal.units.dimensionality.string
        times = np.asarray(signal.times.rescale("s"), float)
        found.append(Signal(name, numbers(np.asarray(signal), name), times, unit))
    trains = list(segment.spiketrains)
    if trains:
        ends = [float(train.t_stop.rescale("s")) for train in trains]
        found += named_trains(
            [np.asarray(train.times.rescale("s"), float) for train in trains],
            [str(train.name or "") for train in trains],
            min(ends),
            "spikes",
        )
    return found
