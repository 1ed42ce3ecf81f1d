"""NumPy's npz: arrays by name, as of ``numpy.savez("run.npz", t=sim.trange(), post=data)``."""

from __future__ import annotations

from pathlib import Path
from typing import List

from deploy.files.npz import read_arrays
from deploy.recordings.mapping import Mapping
from deploy.recordings.recording import MOST_VALUES, Recorded, Signal, numbers
from deploy.recordings.tables import time_name


def read(path: Path, mapping: Mapping) -> List[Recorded]:
    """Each array a signal, (n_samples, n); one of them may be the times of the others."""
    arrays = {n: a for n, a in read_arrays(path, MOST_VALUES).items() if a.ndim}
    time = time_name(list(arrays), mapping, path.name)
    times = numbers(arrays[time], f"{path.name}: {time!r}").ravel() if time else None
    found: List[Recorded] = []
    for name, array in arrays.items():
        if name != time:
            values = numbers(array, f"{path.name}: {name!r}")
            # what is not as long has times of its own, or is no signal over time
            own = (
                times
                if times is not None and len(times) in (len(values), values.shape[1])
                else None
            )
            found.append(Signal(name, values, own))
    return found
