"""How much equally good CPU runs of a model differ: the yardstick of a verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple, Union

import numpy as np

from deploy.errors import BadInput
from deploy.files.kind import FileKind
from deploy.files.npz import Arrays, read_npz, write_npz
from deploy.traces.trace import Trace
from deploy.traces.traces import OFF_CHIP, Traces

KIND = FileKind("loihi-deploy spread", 1, "spread", "deploy.spread(...).save makes them")


@dataclass(frozen=True)
class Spread:
    """CPU runs of one model that are equally good.

    Attributes
    ----------
    repeats : tuple of Traces
        The same neurons with other initial voltages; the model as it is comes first. They say
        how precisely a single run can tell.
    builds : tuple of Traces
        Other neurons and voltages, the same signals. They say how much it matters which of
        many equally good builds of the model one has. Without weights, which mean nothing
        between other neurons.
    """

    repeats: Tuple[Traces, ...]
    builds: Tuple[Traces, ...]

    def __repr__(self) -> str:
        runs = f"{len(self.repeats)} runs of the same neurons and {len(self.builds)} with others"
        return f"<Spread of {self.repeats[0].model}, {self.duration:g} s: {runs}>"

    @property
    def fingerprint(self) -> str:
        """Of the model."""
        return self.repeats[0].fingerprint

    @property
    def duration(self) -> float:
        """Length of its runs in seconds."""
        return self.repeats[0].duration

    def __len__(self) -> int:
        return len(self.repeats) + len(self.builds)

    def save(self, path: Union[str, Path]) -> Path:
        """Write one npz file: arrays, and the rest as JSON.

        Raises
        ------
        BadInput
            If it cannot be written.
        """
        record: Dict[str, Any] = {"repeats": [], "builds": []}
        arrays: Dict[str, np.ndarray] = {}
        for group, runs in (("repeats", self.repeats), ("builds", self.builds)):
            for k, run in enumerate(runs):
                described, own = run.to_dict(), run.arrays()
                record[group].append(described)
                arrays.update({f"{group}.{k}.{name}": array for name, array in own.items()})
        return write_npz(Path(path), KIND, record, arrays)

    @classmethod
    def load(cls, path: Union[str, Path]) -> Spread:
        """Read a file written by `save`; it may come from anywhere.

        Raises
        ------
        BadInput
            In one line, if it is not a whole file of a spread.
        """
        return read_npz(Path(path), KIND, _of_record)


def _of_record(record: Mapping[str, Any], npz: Arrays) -> Spread:
    groups: List[Tuple[Traces, ...]] = []
    for group in ("repeats", "builds"):
        runs = [
            Traces.of_record(entry, _Prefixed(npz, f"{group}.{k}."))
            for k, entry in enumerate(record[group])
        ]
        groups.append(tuple(runs))
    if not groups[0]:
        raise ValueError("a spread without a run")
    return Spread(*groups)


class _Prefixed:
    """The arrays of a file whose names begin alike, by the rest of their names."""

    def __init__(self, npz: Arrays, prefix: str):
        self._npz, self._prefix = npz, prefix

    def __getitem__(self, name: str) -> np.ndarray:
        return np.asarray(self._npz[self._prefix + name])


def trimmed(run: Traces, weights: bool) -> Traces:
    """A run of a spread without what no verdict needs, in single precision."""
    traces = {t.label: single(t) for t in run if weights or t.kind != "weights"}
    record = {OFF_CHIP: run.record[OFF_CHIP]} if OFF_CHIP in run.record else {}
    return replace(
        run, traces=traces, changes=(), problems=(), warnings=(), record=record, learned=()
    )


def single(trace: Trace) -> Trace:
    """A trace in single precision, which is more than any verdict needs."""
    return trace if trace.sparse else replace(trace, samples=trace.samples.astype(np.float32))


def check_of_one_model(spread: Spread, run: Traces) -> None:
    """Refuse a spread that is not of a run's model.

    Raises
    ------
    BadInput
    """
    own = spread.repeats[0]
    if own.fingerprint != run.fingerprint:
        raise BadInput(
            f"the spread is of another model, {own.model} ({own.fingerprint[:8]}), not of "
            f"{run.model} ({run.fingerprint[:8]}); make one with deploy.spread"
        )


def check_of_one_length(spread: Spread, run: Traces) -> None:
    """Refuse a spread that is not of a run's step and length.

    Raises
    ------
    BadInput
    """
    own = spread.repeats[0]
    if (own.dt, own.n_steps) != (run.dt, run.n_steps):
        raise BadInput(
            f"the spread is of runs of {own.duration:g} s in steps of {own.dt:g} s, the run of "
            f"{run.duration:g} s in {run.dt:g} s; make one of that length"
        )


def check_reaches(spread: Spread, run: Traces, begin: int) -> None:
    """Refuse a spread of which nothing is cut that has the steps of a part of a run.

    Parameters
    ----------
    spread : Spread
    run : Traces
        The part.
    begin : int
        The step of the whole after which it begins.

    Raises
    ------
    BadInput
    """
    own, end = spread.repeats[0], begin + run.n_steps
    if own.dt != run.dt or own.n_steps < end:
        raise BadInput(
            f"the spread is of runs of {own.duration:g} s in steps of {own.dt:g} s, and compared "
            f"are {begin * run.dt:g} to {end * run.dt:g} s in steps of {run.dt:g} s; make one of "
            f"{end * run.dt:g} s or more"
        )
