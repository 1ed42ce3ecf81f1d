"""Columns of a table as signals: a column a value, or tidy, with a row a value."""

from __future__ import annotations

import re
from typing import Dict, List, Sequence, Tuple
from typing import Mapping as MappingOf

import numpy as np

from deploy.errors import BadInput
from deploy.recordings.mapping import TIME_NAMES, Mapping
from deploy.recordings.recording import MOST_NAMES, Recorded, Signal, Trains, numbers

TIDY = ("trace", "time", "index", "value")  # as `deploy.Traces.to_pandas` makes them
NUMBERED = re.compile(r"(?P<name>.+)\[(?P<index>\d{1,9})\]")


def time_name(names: Sequence[str], mapping: Mapping, source: str) -> str:
    """Which of the names are times; empty for none.

    Raises
    ------
    BadInput
        If the mapping names one that is not there.
    """
    if mapping.time:
        if mapping.time not in names:
            raise BadInput(f"{source}: there is no {mapping.time!r}, the mapping's time")
        return mapping.time
    return next((name for name in names if name.lower() in TIME_NAMES), "")


def signals_of_columns(
    columns: MappingOf[str, np.ndarray], mapping: Mapping, source: str
) -> List[Recorded]:
    """A column a value; those of one thing are called ``NAME[0]``, ``NAME[1]``, …

    Raises
    ------
    BadInput
        If a column is no numbers, or one of a thing is missing.
    """
    time = time_name(list(columns), mapping, source)
    times = numbers(columns[time], f"{source}: {time!r}").ravel() if time else None
    groups: Dict[str, Dict[int, str]] = {}
    for name in columns:
        if name == time:
            continue
        numbered = NUMBERED.fullmatch(name)
        label, index = (numbered["name"], int(numbered["index"])) if numbered else (name, 0)
        groups.setdefault(label, {})[index] = name
    found: List[Recorded] = []
    for label, members in groups.items():
        if sorted(members) != list(range(len(members))):
            missing = next(i for i in range(len(members)) if i not in members)
            raise BadInput(
                f"{source}: there is no {label}[{missing}] beside the other columns of it"
            )
        parts = [
            numbers(columns[members[i]], f"{source}: {members[i]!r}") for i in range(len(members))
        ]
        found.append(Signal(label, np.concatenate(parts, axis=1), times))
    return found


def signals_of_tidy(columns: MappingOf[str, np.ndarray], source: str) -> List[Recorded]:
    """A row a value: of which ``trace``, at which ``time``, which dimension or neuron ``index``.

    Rows whose ``kind``, if there is one, is "spikes" are one spike each.

    Raises
    ------
    BadInput
        If a trace has not one value of each dimension at each of its times.
    """
    when, which, values = (
        numbers(columns[name], f"{source}: {name!r}").ravel() for name in ("time", "index", "value")
    )
    whole = np.isfinite(which) & (which >= 0) & (which == np.floor(which)) & (which < 2**31)
    if not whole.all():
        raise BadInput(f"{source}: an index of {which[~whole][0]:g}; they are whole, from 0")
    labels, place = np.unique(np.asarray(columns["trace"], dtype=str), return_inverse=True)
    if len(labels) > MOST_NAMES:
        raise BadInput(f"{source}: {len(labels):,} traces are too many")
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(np.bincount(place, minlength=len(labels)))[:-1]
    kind = columns.get("kind")
    found: List[Recorded] = []
    for label, rows in zip(labels, np.split(order, ends)):
        name = str(label)
        said = "" if kind is None or not len(rows) else str(kind[rows[0]])
        if said == "spikes":
            found.append(Trains(name, when[rows], which[rows].astype(np.int64)))
            continue
        times, dense = _dense(when[rows], which[rows].astype(np.int64), values[rows], name, source)
        found.append(Signal(name, dense, times, kind=said))
    return found


def _dense(
    when: np.ndarray, which: np.ndarray, values: np.ndarray, name: str, source: str
) -> Tuple[np.ndarray, np.ndarray]:
    times, row = np.unique(when, return_inverse=True)
    n = int(which.max()) + 1
    if len(times) * n != len(values) or len(np.unique(row * n + which)) != len(values):
        raise BadInput(
            f"{source}: {name!r} has {len(values):,} rows, not one for each of its {len(times):,} "
            f"times and {n:,} indices"
        )
    dense = np.empty((len(times), n))
    dense[row, which] = values
    return times, dense
