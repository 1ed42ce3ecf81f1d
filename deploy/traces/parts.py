"""A long run on disk while it runs: parts of its traces, of which an end can be lost."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional

import numpy as np

from deploy.errors import BadInput, Stopped
from deploy.files.kind import FileKind
from deploy.files.npz import read_npz, write_npz
from deploy.traces.trace import Piece, joined_spikes
from deploy.traces.traces import Traces

if TYPE_CHECKING:
    from numpy.lib.npyio import NpzFile

KIND = FileKind("loihi-deploy part", 1, "part of a run", "loihi-deploy's runner writes them")
EVERY = 30.0  # s between two parts


class Part(NamedTuple):
    """What is in a part's file."""

    record: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]


class PartWriter:
    """Writes what a run has recorded since the last part, each part by rename.

    Parameters
    ----------
    folder : pathlib.Path
        Is emptied first: parts of an earlier attempt at the same run are of no use to this one.
    every : float
        Seconds between two parts, of this machine's time.
    """

    def __init__(self, folder: Path, every: float = EVERY):
        self.folder, self.every = Path(os.path.abspath(folder)), every  # wherever a model goes
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        self._written, self._steps, self._last = 0, 0, time.monotonic()
        self._taken: Dict[str, int] = {}
        self._stop = False

    def stop(self, *_: Any) -> None:
        """Have the run write what there is, and end; a signal's handler."""
        self._stop = True

    def note(
        self, run: Traces, pieces: Mapping[str, List[Piece]], done: int, at_once: bool = False
    ) -> None:
        """Write a part, if it is time for one.

        Parameters
        ----------
        run : Traces
            What is known of the run before it begins; traces without samples.
        pieces : mapping of str to list
            All pieces of each trace so far.
        done : int
            Steps so far.
        at_once : bool
            Whether it is time in any case.

        Raises
        ------
        Stopped
            If the run was asked to end.
        """
        due = self._stop or at_once or time.monotonic() - self._last >= self.every
        if due and done > self._steps:
            self._write(run, pieces, done)
        if self._stop:
            raise Stopped(
                f"{run.model}: stopped after {done * run.dt:g} of {run.duration:g} s; "
                f"what there is is in {self.folder}"
            )

    def _write(self, run: Traces, pieces: Mapping[str, List[Piece]], done: int) -> None:
        arrays: Dict[str, np.ndarray] = {}
        for i, label in enumerate(run.traces):
            fresh = pieces.get(label, [])[self._taken.get(label, 0) :]
            self._taken[label] = len(pieces.get(label, []))
            if not fresh:
                continue
            if run[label].sparse:
                spikes = joined_spikes(fresh)
                arrays[f"{i}.steps"], arrays[f"{i}.neurons"] = spikes
            else:
                arrays[f"{i}.samples"] = np.concatenate(fresh)
        record = {**run.to_dict(), "part": self._written, "first": self._steps, "last": done}
        write_npz(self.folder / f"{self._written:06d}.npz", KIND, record, arrays)
        self._written, self._steps, self._last = self._written + 1, done, time.monotonic()

    def forget(self) -> None:
        """Remove the parts; the whole run is on disk."""
        shutil.rmtree(self.folder, ignore_errors=True)


def read_parts(folder: Path, most_bytes: Optional[int] = None) -> Traces:
    """As much of a run as its parts have, labelled partial.

    Parameters
    ----------
    folder : pathlib.Path
    most_bytes : int, optional
        That one part may unpack to.

    Returns
    -------
    Traces
        ``record["partial"]`` says how many steps there are, and of how many.

    Raises
    ------
    BadInput
        If there is no part, or one is damaged or not of the same run.
    """
    parts: List[Part] = []
    for k, path in enumerate(sorted(folder.glob("[0-9]*.npz"))):
        part = read_npz(path, KIND, _both, most_bytes)
        record = part.record
        start = parts[-1].record["last"] if parts else 0
        if (record["part"], record["first"]) != (k, start) or not start < record["last"]:
            raise BadInput(f"{path}: does not begin where the part before it ends")
        if parts and record["fingerprint"] != parts[0].record["fingerprint"]:
            raise BadInput(f"{path}: is of another run than the part before it")
        parts.append(part)
    if not parts:
        raise BadInput(f"{folder}: there is no part of a run")
    return _joined(parts, folder)


def _both(record: Mapping[str, Any], npz: NpzFile) -> Part:
    for key in ("part", "first", "last", "n_steps"):
        if type(record[key]) is not int:
            raise ValueError(f"{key} of a part is no whole number")
    return Part(record, {name: npz[name] for name in npz.files if name != "json"})


def _joined(parts: List[Part], folder: Path) -> Traces:
    head, last = parts[0].record, parts[-1].record
    try:
        arrays: Dict[str, np.ndarray] = {}
        recorded: List[Mapping[str, Any]] = []
        for i, entry in enumerate(head["traces"]):
            names = ("steps", "neurons") if entry["kind"] == "spikes" else ("samples",)
            pieces = {
                name: [p.arrays[f"{i}.{name}"] for p in parts if f"{i}.{name}" in p.arrays]
                for name in names
            }
            if all(pieces.values()):  # else a target had nothing to show for it
                for name in names:
                    arrays[f"{len(recorded)}.{name}"] = np.concatenate(pieces[name])
                recorded.append(entry)
        known = head.get("record", {})  # before a run begins
        partial = {"steps": last["last"], "of": head["n_steps"]}
        whole = {**head, "n_steps": last["last"], "traces": recorded, "learned": [],
                 "record": {**known, "partial": partial}}  # fmt: skip
        return Traces.of_record(whole, arrays)
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{folder}: parts that do not fit together ({error})") from None
