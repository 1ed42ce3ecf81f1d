"""Samples of a data set, out of files: what enters a classifier, and what it is to say."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Union

import numpy as np

from deploy.errors import BadInput
from deploy.files.npz import in_one_line
from deploy.files.numbers import read_numbers

MOST_BYTES = 2**31  # of all samples, as 8 bytes a number
LAYOUTS = "(samples, steps, channels…) of spikes, (samples, channels…) of frames with --steps"
EVENTS = ("sample", "step", "channel")  # columns of a list of events


@dataclass(frozen=True)
class Samples:
    """What enters in each step of each sample.

    Attributes
    ----------
    inputs : (n_samples, n_steps, n) ndarray
        Counts of spikes, or values.
    labels : (n_samples,) ndarray of int, or None
    """

    inputs: np.ndarray
    labels: Optional[np.ndarray] = None

    def __len__(self) -> int:
        return len(self.inputs)


def samples_of(
    inputs: Union[Samples, Path, str, np.ndarray],
    labels: Union[Path, str, Sequence[int], None],
    n: int,
    steps: Optional[int] = None,
) -> Samples:
    """Samples of whatever the user has them in; see `read_samples`.

    Raises
    ------
    BadInput
    """
    if isinstance(inputs, Samples):
        return inputs
    path = Path("inputs")
    if isinstance(inputs, (str, Path)):
        file = labels if isinstance(labels, (str, Path)) else None
        found = read_samples(Path(inputs), n, steps, None if file is None else Path(file))
        if labels is None or file is not None:
            return found
        return Samples(found.inputs, _checked(Path("labels"), np.asarray(labels), found.inputs))
    array = _of_array(path, np.asarray(inputs), n, steps)
    if labels is None:
        return Samples(array)
    own = _labels(Path(labels)) if isinstance(labels, (str, Path)) else np.asarray(labels)
    return Samples(array, _checked(Path("labels"), own, array))


def read_samples(
    path: Path, n: int, steps: Optional[int] = None, labels: Optional[Path] = None
) -> Samples:
    """Read samples, and their labels from the same file or another.

    Parameters
    ----------
    path : pathlib.Path
        ``.npy`` or ``.npz`` with an array of spikes, (n_samples, n_steps, …), or of frames,
        (n_samples, …), of n numbers each; or ``.csv`` with a list of events, whose first line is
        ``sample,step,channel`` and perhaps ``count``. An npz file has the array as ``inputs``, and
        perhaps ``labels``; or columns of events, named as those of a list.
    n : int
        How many numbers enter in a step.
    steps : int, optional
        For how many steps a frame is shown, its values in each; and how long samples of events are,
        which end with the last event of all otherwise.
    labels : pathlib.Path, optional
        ``.npy``, or text with a whole number a line.

    Raises
    ------
    BadInput
        If there is no such file, or what is in it has another shape.
    """
    if steps is not None and steps < 1:
        raise BadInput(f"--steps is a number of steps, 1 or more, not {steps}")
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise BadInput(f"{path}: samples are in {', '.join(READERS)}")
    arrays = READERS[suffix](path)
    found = arrays.get("inputs")
    if found is None and set(EVENTS) <= set(arrays):
        inputs = _of_events(path, arrays, n, steps)
    elif found is None:
        raise _without_inputs(path, list(arrays))
    else:
        inputs = _of_array(path, found, n, steps)
    own = arrays.get("labels")
    chosen = _labels(labels) if labels is not None else own
    return Samples(inputs, None if chosen is None else _checked(labels or path, chosen, inputs))


def _without_inputs(path: Path, there: Sequence[str]) -> BadInput:
    return BadInput(
        f"{path}: it has neither an array 'inputs' nor columns {', '.join(EVENTS)} "
        f"(it has {', '.join(there) or 'nothing'})"
    )


def _of_array(path: Path, found: np.ndarray, n: int, steps: Optional[int]) -> np.ndarray:
    array = _numbers(path, found)
    each = [int(np.prod(array.shape[k:], dtype=np.int64)) for k in range(array.ndim + 1)]
    if array.ndim >= 3 and each[2] == n and steps is None:
        return array.reshape(array.shape[0], array.shape[1], n)
    if array.ndim >= 2 and each[1] == n and steps is not None:
        _fits(path, len(array) * steps * n)
        return np.repeat(array.reshape(len(array), 1, n), steps, axis=1)
    if array.ndim == 2 and array.shape[1] == n:  # one sample
        return array[np.newaxis]
    raise BadInput(
        f"{path}: inputs of the shape {array.shape}, where {n:,} numbers enter in a step: {LAYOUTS}"
    )


def _of_events(
    path: Path, arrays: Mapping[str, np.ndarray], n: int, steps: Optional[int]
) -> np.ndarray:
    """(n_samples, n_steps, n) counts of a list of events."""
    columns = [_numbers(path, arrays[name]).ravel() for name in EVENTS]
    count = _numbers(path, arrays.get("count", np.ones(len(columns[0])))).ravel()
    if len({len(column) for column in (*columns, count)}) != 1 or not len(count):
        raise BadInput(f"{path}: its columns of events are of different lengths, or empty")
    for name, column in zip(EVENTS, columns):
        if np.any(column != np.floor(column)) or column.min() < 0:
            raise BadInput(f"{path}: {name} is a whole number from 0 on, in each event")
    sample, step, channel = (column.astype(np.int64) for column in columns)
    longest = int(step.max()) + 1 if steps is None else steps
    if channel.max() >= n or step.max() >= longest:
        raise BadInput(
            f"{path}: an event at step {step.max()} of channel {channel.max()}; there are "
            f"{longest:,} steps and {n:,} channels, both from 0 on"
        )
    _fits(path, (int(sample.max()) + 1) * longest * n)
    found = np.zeros((int(sample.max()) + 1, longest, n))
    np.add.at(found, (sample, step, channel), count)
    return found


def _numbers(path: Path, found: np.ndarray) -> np.ndarray:
    if found.dtype.kind not in "fiub":
        raise BadInput(f"{path}: it holds {found.dtype}, not numbers")
    _fits(path, found.size)
    array = found.astype(float)
    if not np.isfinite(array).all():
        raise BadInput(f"{path}: it holds what is no finite number")
    return array


def _fits(path: Path, size: int) -> None:
    if size * 8 > MOST_BYTES:
        raise BadInput(
            f"{path}: {size * 8 / 2**30:.1f} GiB of samples; at most {MOST_BYTES // 2**30} are "
            "taken at once"
        )


def _labels(path: Path) -> np.ndarray:
    with in_one_line(path, "labels", "an npy file, or text with a whole number a line"):
        if path.suffix.lower() == ".npy":
            return np.asarray(np.load(path, allow_pickle=False))
        with open(path, encoding="utf-8") as stream:
            return read_numbers(stream, axes=1)


def _checked(path: Path, labels: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    values = _numbers(path, labels).ravel()
    if len(values) != len(inputs):
        raise BadInput(f"{path}: {len(values):,} labels for {len(inputs):,} samples")
    if np.any(values != np.floor(values)) or values.min(initial=0) < 0:
        raise BadInput(f"{path}: a label is the number of an output, from 0 on")
    return values.astype(np.int64)


def _read_npy(path: Path) -> Dict[str, np.ndarray]:
    with in_one_line(path, "npy", "numpy.save writes it"):
        return {"inputs": np.load(path, allow_pickle=False)}


def _read_npz(path: Path) -> Dict[str, np.ndarray]:
    wanted = ("inputs", "labels", *EVENTS, "count")
    in_words = in_one_line(path, "npz", "numpy.savez writes it")
    with in_words, np.load(path, allow_pickle=False) as archive:
        sizes = {info.filename: info.file_size for info in archive.zip.infolist()}
        if sum(sizes.values()) > MOST_BYTES:
            raise ValueError(f"it unpacks to more than {MOST_BYTES // 2**30} GiB")
        there = archive.files
        if "inputs" not in there and not set(EVENTS) <= set(there):
            raise _without_inputs(path, there)
        return {name: archive[name] for name in wanted if name in there}


def _read_csv(path: Path) -> Dict[str, np.ndarray]:
    with in_one_line(path, "CSV", f"its first line is {','.join(EVENTS)}"):
        if path.stat().st_size > MOST_BYTES // 4:
            raise ValueError("it is too long; save it as npz")
        with open(path, encoding="utf-8-sig", newline="") as stream:
            names: List[str] = [name.strip() for name in next(csv.reader([stream.readline()]))]
            values = read_numbers(stream, ",")
    if not values.size:
        raise BadInput(f"{path}: there are no numbers below its names")
    if values.shape[1] != len(names):
        raise BadInput(f"{path}: {len(names)} names, and {values.shape[1]} numbers a line")
    return dict(zip(names, values.T))


READERS = {".npy": _read_npy, ".npz": _read_npz, ".csv": _read_csv}
