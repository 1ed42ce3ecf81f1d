"""What a board does, compared with the emulator, its silicon modes, and what is published."""

from __future__ import annotations

import platform
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional, Tuple, Union

import numpy as np

from deploy.emulator.chip_record import ChipRecord, of_arrays, to_arrays
from deploy.emulator.silicon import Silicon
from deploy.errors import BadInput
from deploy.files.kind import FileKind
from deploy.files.npz import Arrays, read_npz, write_npz
from deploy.files.timestamp import now
from deploy.nengo_loihi.board.sdk import find_sdk
from deploy.nengo_loihi.conformance.delays import NoDelays
from deploy.nengo_loihi.conformance.experiment import Observation, fingerprint, seen_names
from deploy.nengo_loihi.conformance.experiments import EXPERIMENTS, NOISE
from deploy.nengo_loihi.conformance.explaining import Finding, explain
from deploy.nengo_loihi.conformance.facts import Fact, facts
from deploy.nengo_loihi.conformance.host_way import HostWay, host_way
from deploy.nengo_loihi.conformance.running import on_board
from deploy.nengo_loihi.conformance.seeds_of_noise import explain_noise
from deploy.version import __version__
from deploy.workflows.given import usable_target
from deploy.workflows.lessons_in_small import Lesson, judge_lessons, lessons_on_board

KIND = FileKind(
    "loihi-deploy conformance",
    2,
    "conformance",
    "loihi-deploy conformance --target loihi --out FILE.npz makes them",
)
SEED, OTHER_SEED = 1, 2
LESSONS, TIMES = "lessons", "times"
# by name: the experiment, and the seed of its run
RUNS = {
    **{each.name: (each, SEED) for each in EXPERIMENTS},
    "noise again": (NOISE, SEED),
    "noise of another seed": (NOISE, OTHER_SEED),
}

Progress = Callable[[str, int, int], None]  # the target, experiments done, and in all


@dataclass(frozen=True)
class Observed:
    """What a board did in all experiments.

    Attributes
    ----------
    sdk : str
        Which board it was, as people read it.
    is_virtual : bool
    created : str
        When, in UTC.
    seconds : float
        That it took.
    versions : mapping of str to str
    runs : mapping of str to Observation
        By `RUNS`; of a board that was lost in the middle, those before.
    lessons : mapping of str to ChipRecord
    times : mapping of str to ndarray
        By run, see `deploy.nengo_loihi.conformance.host_way.host_way`.
    refused : mapping of str to str
        Runs that the SDK has no names for, and why.
    """

    sdk: str
    is_virtual: bool
    created: str
    seconds: float
    versions: Mapping[str, str]
    runs: Mapping[str, Observation]
    lessons: Mapping[str, ChipRecord]
    times: Mapping[str, np.ndarray]
    refused: Mapping[str, str]

    def save(self, path: Union[str, Path]) -> Path:
        """Write one npz file, without what says who ran it where.

        Raises
        ------
        BadInput
            If it cannot be written.
        """
        record = {
            "sdk": self.sdk,
            "virtual": self.is_virtual,
            "created": self.created,
            "seconds": self.seconds,
            "versions": dict(self.versions),
            "experiments": fingerprint(EXPERIMENTS),
            "runs": list(self.runs),
            "refused": dict(self.refused),
            "lessons": {
                name: {probe: each.key for probe, each in of.probes.items()}
                for name, of in self.lessons.items()
            },
        }
        arrays = {f"{run}/{name}": v for run, of in self.runs.items() for name, v in of.items()}
        arrays.update({f"{TIMES}/{run}": self.times[run] for run in self.runs})
        for lesson, own in self.lessons.items():
            arrays.update({f"{LESSONS}/{lesson}/{k}": v for k, v in to_arrays(own).items()})
        return write_npz(Path(path), KIND, record, arrays, compressed=True)

    @classmethod
    def load(cls, path: Union[str, Path]) -> Observed:
        """Read a file written by `save`; it may come from anywhere.

        Raises
        ------
        BadInput
            In one line, if it is none, damaged, or of other experiments than these.
        """

        def make(record: Mapping[str, Any], arrays: Arrays) -> Observed:
            if record["experiments"] != fingerprint(EXPERIMENTS):
                raise BadInput(
                    f"{path}: of other experiments than those of loihi-deploy {__version__}; "
                    f"replay it with {record['versions']['loihi-deploy']}"
                )
            runs = {
                run: {name: _whole(arrays[f"{run}/{name}"]) for name in seen_names(RUNS[run][0])}
                for run in record["runs"]
            }
            lessons = {
                str(lesson): of_arrays(dict(of), _Under(arrays, f"{LESSONS}/{lesson}/"))
                for lesson, of in record["lessons"].items()
            }
            return cls(
                str(record["sdk"]),
                bool(record["virtual"]),
                str(record["created"]),
                float(record["seconds"]),
                record["versions"],
                runs,
                lessons,
                {run: _times(arrays[f"{TIMES}/{run}"]) for run in runs},
                {str(run): str(why) for run, why in record["refused"].items()},
            )

        return read_npz(Path(path), KIND, make)


class _Under:
    """Arrays whose names begin alike, by the rest of these."""

    def __init__(self, arrays: Arrays, prefix: str):
        self._arrays, self._prefix = arrays, prefix

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[self._prefix + name]


def _times(values: np.ndarray) -> np.ndarray:
    if values.ndim != 2 or values.shape[1] != 3 or values.dtype.kind != "f" or not len(values):
        raise ValueError("times are three numbers a step")
    return values


def _whole(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind != "i":
        raise ValueError("a board's numbers are whole")
    return values


@dataclass(frozen=True)
class Conformance:
    """What is to be said of a board.

    Attributes
    ----------
    observed : Observed
    silicon : Silicon
        The modes with which the emulator does what the board did.
    findings : tuple of Finding
        By core of each experiment.
    facts : tuple of Fact
    lessons : tuple of Lesson
    """

    observed: Observed
    silicon: Silicon
    findings: Tuple[Finding, ...]
    facts: Tuple[Fact, ...]
    lessons: Tuple[Lesson, ...]

    @property
    def not_asked(self) -> Tuple[str, ...]:
        """Experiments that a board was lost before."""
        done = {*self.observed.runs, *self.observed.refused}
        return tuple(name for name in RUNS if name not in done)

    @property
    def open(self) -> Tuple[Finding, ...]:
        """What no silicon mode explains, in the order of the experiments."""
        return tuple(each for each in self.findings if each.is_open)

    @property
    def ok(self) -> bool:
        """Whether all was asked and is explained, and facts and lessons are as they are to be."""
        doubts = [fact.against for fact in self.facts] + [of.against for of in self.lessons]
        left = self.not_asked or self.observed.refused
        return not self.open and not left and not any(doubts)

    @property
    def host_way(self) -> Optional[HostWay]:
        """How long the way between host and board takes."""
        return host_way(self.observed.times)

    def to_dict(self) -> Dict[str, Any]:
        """In terms of JSON."""
        return {
            "sdk": self.observed.sdk,
            "virtual": self.observed.is_virtual,
            "created": self.observed.created,
            "seconds": self.observed.seconds,
            "versions": dict(self.observed.versions),
            "ok": self.ok,
            "silicon": self.silicon.different,
            "not asked": list(self.not_asked),
            "refused": dict(self.observed.refused),
            "host's way": self.host_way and self.host_way._asdict(),
            "findings": [
                {
                    "experiment": each.experiment,
                    "core": each.core,
                    "difference": each.difference and each.difference._asdict(),
                    "explained by": each.explained_by,
                }
                for each in self.findings
            ],
            "facts": [each._asdict() for each in self.facts],
            "lessons": [each._asdict() for each in self.lessons],
        }


def observe(
    progress: Optional[Progress] = None, keep: Optional[Callable[[Observed], Any]] = None
) -> Observed:
    """Run all experiments on the board that there is, and the lessons' first steps.

    Parameters
    ----------
    progress : callable, optional
    keep : callable, optional
        Is given what there is, behind each experiment.

    Raises
    ------
    TargetUnavailable, BoardLost
    """
    usable_target("loihi")
    sdk, started, created = find_sdk(), time.monotonic(), now()
    versions = {"loihi-deploy": __version__, "python": platform.python_version()}
    runs: Dict[str, Observation] = {}
    times: Dict[str, np.ndarray] = {}
    refused: Dict[str, str] = {}

    def so_far(lessons: Mapping[str, ChipRecord]) -> Observed:
        seconds = round(time.monotonic() - started, 1)
        own = sdk.name, sdk.is_virtual, created, seconds, versions
        return Observed(*own, runs, lessons, times, refused)

    for name, (experiment, seed) in RUNS.items():
        if progress is not None:
            progress("loihi", len(runs), len(RUNS) + 1)
        try:
            runs[name], times[name] = on_board(experiment, seed)
        except NoDelays as error:
            refused[name] = str(error)
        if keep is not None:
            keep(so_far({}))
    if progress is not None:
        progress("loihi", len(runs), len(RUNS) + 1)
    observed = so_far(lessons_on_board(SEED))
    if keep is not None:
        keep(observed)
    return observed


def judge(observed: Observed) -> Conformance:
    """Hold what a board did against the emulator, its silicon modes, and what is published."""
    runs = observed.runs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # registers are run over on purpose
        own = [each for each in EXPERIMENTS if each is not NOISE and each.name in runs]
        silicon, findings = explain(own, [runs[each.name] for each in own])
        noisy = [runs[name] for name, (of, _) in RUNS.items() if of is NOISE and name in runs]
        if len(noisy) == sum(of is NOISE for of, _ in RUNS.values()):
            findings += explain_noise(noisy)
            for each in findings:
                silicon = Silicon.of({**silicon.different, **each.explained_by})
        lessons = judge_lessons(observed.lessons, SEED, silicon)
    published = (
        facts(runs["neurons"], runs["synapses"], runs.get("delays"))
        if {"neurons", "synapses"} <= set(runs)
        else []
    )
    return Conformance(observed, silicon, tuple(findings), tuple(published), tuple(lessons))
