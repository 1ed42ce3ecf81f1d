"""Neurodata Without Borders: time series and units, as pynwb and Neo write them; needs h5py.

A series is a group with ``data`` and either ``timestamps`` or ``starting_time``, anywhere but under
``/stimulus/templates`` and ``/general``; its name is the group's. Values are
``data · conversion + offset`` (NWB 2, TimeSeries). Spikes are those of ``/units``: one population,
or, where a column ``_name`` says ``NAME[i]`` of each, as Neo does, one each NAME.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Optional
from typing import Mapping as MappingOf

import numpy as np

from deploy.errors import BadInput
from deploy.files.npz import in_one_line
from deploy.recordings.hdf5 import checked_datasets
from deploy.recordings.lazily import load
from deploy.recordings.mapping import Mapping
from deploy.recordings.recording import Recorded, Signal, Trains, numbers
from deploy.recordings.trains import named_trains

NOT_SERIES = ("/general/", "/stimulus/templates/", "/units/", "/specifications/")


def read(path: Path, mapping: Mapping) -> List[Recorded]:
    """All series and units."""
    h5py = load("h5py", "nwb")
    with in_one_line(path, "NWB", "pynwb or neo.io.NWBIO makes them"), h5py.File(path, "r") as file:
        if "nwb_version" not in file.attrs:
            raise ValueError("it does not say nwb_version")
        datasets = checked_datasets(file, path)
        found: List[Recorded] = list(_series(datasets, path))
        found += _units(datasets, path)
        return found


def _series(datasets: MappingOf[str, Any], path: Path) -> List[Signal]:
    groups = [
        place[: -len("/data")]
        for place in datasets
        if place.endswith("/data") and not place.startswith(NOT_SERIES)
    ]
    names = [group.rpartition("/")[2] for group in groups]
    found = []
    for group, name in zip(groups, names):
        data = datasets[f"{group}/data"]
        if data.dtype.kind not in "fiub" or data.ndim == 0:
            continue  # annotations, pictures of other files
        where = f"{path.name}: {group[1:]}"
        times = _times(datasets, group, len(data), where)
        if times is None:
            continue
        values = numbers(data[()], where)
        values = values * _attribute(data, "conversion", 1.0) + _attribute(data, "offset", 0.0)
        unit = data.attrs.get("unit", "")
        unit = unit.decode(errors="replace") if isinstance(unit, bytes) else str(unit)
        found.append(Signal(name if names.count(name) == 1 else group[1:], values, times, unit))
    return found


def _times(
    datasets: MappingOf[str, Any], group: str, count: int, where: str
) -> Optional[np.ndarray]:
    stamps, start = datasets.get(f"{group}/timestamps"), datasets.get(f"{group}/starting_time")
    if stamps is not None:
        times = numbers(stamps[()], f"{where}/timestamps").ravel()
        if len(times) != count:
            raise BadInput(f"{where}: {count} samples, and {len(times)} timestamps")
        return times
    if start is None:
        return None
    rate = _attribute(start, "rate", 0.0)
    first = numbers(np.atleast_1d(start[()]), f"{where}/starting_time").ravel()
    if not rate > 0 or len(first) != 1:
        raise BadInput(f"{where}: a rate of {rate:g} samples a second")
    return np.asarray(first[0] + np.arange(count) / rate)


def _attribute(dataset: Any, name: str, default: float) -> float:
    value = np.asarray(dataset.attrs.get(name, default))
    if value.size != 1 or value.dtype.kind not in "fiu" or not np.isfinite(value).all():
        raise BadInput(f"{dataset.name}: its {name} is no number")
    return float(value.ravel()[0])


def _units(datasets: MappingOf[str, Any], path: Path) -> List[Trains]:
    times, ends = datasets.get("/units/spike_times"), datasets.get("/units/spike_times_index")
    if times is None or ends is None:
        return []
    where = f"{path.name}: units"
    when = numbers(times[()], where).ravel()
    stops = numbers(ends[()], where).ravel().astype(np.int64)
    if len(stops) == 0 or (np.diff(stops, prepend=0) < 0).any() or stops[-1] != len(when):
        raise BadInput(f"{where}: its index does not fit its {len(when)} spike times")
    names = _names(datasets.get("/units/_name"), len(stops))
    return named_trains(np.split(when, stops[:-1]), names, None, "units")


def _names(column: Any, count: int) -> List[str]:
    if column is None or column.shape != (count,) or not _is_text(column):
        return [""] * count
    return [
        name.decode(errors="replace") if isinstance(name, bytes) else str(name)
        for name in column[()]
    ]


def _is_text(column: Any) -> bool:
    return load("h5py", "nwb").check_string_dtype(column.dtype) is not None
