"""The values of each quantity of all runs of a comparison, before anything is judged."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from deploy.parity.evidence import same_by_construction
from deploy.parity.measures import (
    MEASURES,
    OF_PATHS,
    PARTS,
    RADIUS,
    Lesson,
    Values,
    Yardstick,
    beside_own,
    instead,
    learning_speed,
    lesson_of,
    places,
    precision_of,
    value,
    why_mixed,
    why_unknown,
)
from deploy.parity.metrics.ideal import error_to
from deploy.parity.metrics.pair import flat
from deploy.parity.reasons import reasons_of
from deploy.parity.spread import Spread, single
from deploy.parity.statistics.design import Precision
from deploy.traces.dynamics import LEARNED
from deploy.traces.trace import Trace
from deploy.traces.traces import Traces
from deploy.traces.uncompared import Uncompared, why_no_numbers, why_too_short

LEARNING_SPEED, ERROR_TO_IDEAL = "learning speed", "error to ideal"


class Strays(NamedTuple):
    """How far runs stray from the path of the model's own neurons, beside what is asked.

    Attributes
    ----------
    its : (k,) ndarray
        Of the judged run, in the scale of its values.
    of_builds : (m, k) ndarray
    builds : (m, k) ndarray
        Values of the quantity, of the same builds.
    """

    its: np.ndarray
    of_builds: np.ndarray
    builds: np.ndarray


class QuantityValues(NamedTuple):
    """Values of one quantity of one trace, of all runs.

    Attributes
    ----------
    trace, quantity : str
    where : sequence of str
        Of which dimension, or range, each value is.
    its : (k,) ndarray
        Of the judged run.
    repeats : (n, k) ndarray
    builds : (m, k) ndarray or None
        None where other builds are no yardstick.
    part : int
        Which of the unlike values of the quantity these are: of a shape, which octile.
    of : str
        What values are a part of that have no unit.
    strays : Strays or None
        Of values along the path of the model's own neurons; of others None.
    seconds : float
        How long the runs are.
    known : Precision or None
        How well the judged run's values are known by itself, where there is but one pair of runs.
    instead : sequence of str
        Of each value what else it may be, that the signal does not tell; empty if nothing.
    because : sequence of str
        Of each value what it comes of, where the run shows it; empty if nothing.
    """

    trace: str
    quantity: str
    where: Sequence[str]
    its: np.ndarray
    repeats: np.ndarray
    builds: Optional[np.ndarray]
    part: int = 0
    of: str = RADIUS
    strays: Optional[Strays] = None
    seconds: float = math.inf
    known: Optional[Precision] = None
    instead: Sequence[str] = ()
    because: Sequence[str] = ()


class Unmeasured(NamedTuple):
    """A quantity that runs have no value of, and why."""

    trace: str
    quantity: str
    why: str


class _Measured(NamedTuple):
    """One trace of the CPU's runs."""

    yard: Yardstick
    repeats: List[Values]
    builds: List[Values]
    own_repeats: List[Values]
    own_builds: List[Values]


@dataclass(frozen=True)
class CpuRuns:
    """The CPU's runs of a comparison; what they give is measured once for all that is judged.

    Attributes
    ----------
    reference : Traces
    spread : Spread or None
        Without, the reference is alone.
    """

    reference: Traces
    spread: Optional[Spread]

    @property
    def repeats(self) -> Tuple[Traces, ...]:
        return (self.reference,) if self.spread is None else self.spread.repeats

    @property
    def builds(self) -> Tuple[Traces, ...]:
        return () if self.spread is None else self.spread.builds

    def values_of(self, other: Traces) -> List[QuantityValues]:
        """Everything that a run is asked, trace by trace of the reference."""
        same = same_by_construction(self.reference, other)
        other = self._judged(other)
        return [
            each._replace(seconds=self.reference.duration)
            for trace in self.reference
            if trace.label in other.traces and trace.label not in same
            if trace.sparse or flat(trace).size
            for ask in (self._of_trace, self._of_own_path, self._of_ideal, self._of_learning)
            for each in ask(trace, other)
        ]

    def no_numbers(self, other: Traces) -> List[Uncompared]:
        """Traces of which nothing can be reckoned, as samples of the run or the CPU's are none."""
        found = []
        for trace in (each for each in self.reference if each.label in other.traces):
            why = why_no_numbers(other[trace.label], other.dt)
            said = f"in the judged run, {why}" if why else self._no_numbers.get(trace.label)
            if said:
                found.append(Uncompared(trace.label, said))
        return found

    @cached_property
    def _no_numbers(self) -> Mapping[str, str]:
        """Of the CPU's runs, the same."""
        found: Dict[str, str] = {}
        for run in (self.reference, *self.repeats, *self.builds):
            for trace in run:
                why = "" if trace.label in found else why_no_numbers(trace, run.dt)
                if why:
                    where = "in the reference" if run is self.reference else "in the spread"
                    found[trace.label] = f"{where}, {why}"
        return found

    def too_short(self, other: Traces) -> List[Uncompared]:
        """Traces of which the run has too little to tell anything by."""
        same = same_by_construction(self.reference, other)
        found = []
        for trace in (each for each in self.reference if each.label in other.traces):
            if trace.kind not in MEASURES or trace.label in same:
                continue
            learned = trace.dynamics == LEARNED and trace.kind in ("decoded", "value")
            why = why_too_short(other[trace.label], other.dt, learned)
            if why:
                found.append(Uncompared(trace.label, why, too_short=True))
        return found

    def _judged(self, other: Traces) -> Traces:
        """The run without what is no numbers, or too little."""
        for left_out in (self.no_numbers, self.too_short):
            beside = {each.trace for each in left_out(other)}
            kept = {label: trace for label, trace in other.traces.items() if label not in beside}
            other = replace(other, traces=kept)
        return other

    def unmeasured(self, other: Traces, values: Sequence[QuantityValues]) -> List[Unmeasured]:
        """What a run is asked and these runs cannot tell, with the reason.

        Parameters
        ----------
        other : Traces
        values : sequence of QuantityValues
            Of `values_of`.
        """
        other = self._judged(other)
        plain = (each for each in values if each.strays is None)
        known = {(each.trace, each.quantity): len(each.where) for each in plain}
        same = same_by_construction(self.reference, other)
        return [
            Unmeasured(label, name, why)
            for label, measured in self._measured.items()
            if label in other.traces and label not in same
            for name in measured.repeats[0]
            if (label, name) not in known
            or self._is_apart(label, name, known[label, name])
            or why_mixed(name, measured.yard)
            for why in [why_mixed(name, measured.yard) or why_unknown(name, measured.yard)]
            if why
        ]

    def _is_apart(self, label: str, quantity: str, count: int) -> bool:
        """Whether some dimensions have no gain, by one pair of runs; see `NOISE_OR_SIGNAL`."""
        own = self._measured[label].repeats
        return quantity == "gain" and len(own) < 2 and count < np.isfinite(own[0]["gain"]).sum()

    @cached_property
    def _measured(self) -> Mapping[str, _Measured]:
        found = {}
        for trace in self.reference:
            if trace.label in self._no_numbers:
                continue
            if trace.kind in MEASURES and (trace.sparse or flat(trace).size):
                found[trace.label] = self._measure(trace)
        return found

    def _measure(self, trace: Trace) -> _Measured:
        measure = MEASURES[trace.kind].values
        repeats, builds = (
            tuple(_alike(run, trace) for run in group if trace.label in run.traces)
            for group in (self.repeats, self.builds)
        )
        yard = Yardstick(repeats or (_alike(self.reference, trace),), builds, self.reference.dt)
        with np.errstate(divide="ignore", invalid="ignore"):
            own = [measure(each, yard) for each in yard.repeats]
            asked_of_builds = not set(own[0]) <= MEASURES[trace.kind].of_neurons
            others = [measure(each, yard) for each in yard.builds if asked_of_builds]
            if measure is not value:
                return _Measured(yard, own, others, [], [])
            strays = [beside_own(each, yard) for each in (*yard.repeats, *yard.builds)]
        return _Measured(yard, own, others, strays[: len(own)], strays[len(own) :])

    def _of_trace(self, trace: Trace, other: Traces) -> List[QuantityValues]:
        """What the trace's kind is asked."""
        measure = MEASURES.get(trace.kind)
        if measure is None:
            return []
        yard, own, others = self._measured[trace.label][:3]
        with np.errstate(divide="ignore", invalid="ignore"):
            its = measure.values(_alike(other, trace), yard)
            precision = precision_of(_alike(other, trace), yard)
            reasons = reasons_of(_alike(other, trace), yard)
        found = []
        for name, values in its.items():
            alone = name not in measure.of_neurons
            if _strange(other) and not alone:
                continue
            builds = _stack(others, name) if alone else None
            where = places(yard, name, len(values))
            asked = QuantityValues(trace.label, name, where, values, _stack(own, name), builds)
            asked = asked._replace(
                of=yard.scale_in_words, known=precision.get(name), instead=instead(yard, name)
            )._replace(because=reasons.get(name, ()))
            found += [each for part in _parts(asked) for each in _known(part)]
        return found

    def _of_own_path(self, trace: Trace, other: Traces) -> List[QuantityValues]:
        """How a value follows the path of the same neurons, and what else it does."""
        measured = self._measured.get(trace.label)
        if measured is None or not measured.own_builds:
            return []
        yard, repeats, builds = measured.yard, measured.own_repeats, measured.own_builds
        its = beside_own(_alike(other, trace), yard)
        found = []
        for name in OF_PATHS if its else ():
            of_builds, slow = _stack(builds, name), _stack(builds, "slow")
            known = np.isfinite(its[name]) & np.isfinite(_stack(repeats, name)).all(axis=0)
            known &= np.isfinite(of_builds).all(axis=0) & (slow > 0).all(axis=0)
            if not known.any():
                continue
            where = [at for at, ok in zip(places(yard, name, len(known)), known) if ok]
            strays = Strays(its["slow"][known], slow[:, known], of_builds[:, known])
            own = its[name][known], _stack(repeats, name)[:, known]
            asked = QuantityValues(trace.label, name, where, *own, None, strays=strays)
            others = [each for each, ok in zip(instead(yard, name), known) if ok]
            found.append(asked._replace(of=yard.scale_in_words, instead=others))
        return found

    def _of_ideal(self, trace: Trace, other: Traces) -> List[QuantityValues]:
        """How far the trace is from what it should come to equal, where its model says so."""
        ideal = trace.ideal
        if ideal is None or ideal not in other.traces:
            return []

        def away(run: Traces) -> Values:
            error = error_to(run[trace.label], run[ideal], trace.period * run.dt)
            return {ERROR_TO_IDEAL: np.array([math.log(error) if error > 0 else math.nan])}

        its = away(other)[ERROR_TO_IDEAL]
        own, others = (
            _stack([away(run) for run in group], ERROR_TO_IDEAL)
            for group in (self.repeats, self.builds)
        )
        return _known(QuantityValues(trace.label, ERROR_TO_IDEAL, [""], its, own, others))

    def _of_learning(self, trace: Trace, other: Traces) -> List[QuantityValues]:
        """How fast a connection that an error teaches follows it."""
        if _strange(other) or trace.label not in self._lessons:
            return []
        error = _error_of(trace)
        its = lesson_of(other[trace.label], other[error]) if error in other.traces else None
        repeats, speeds = self._lessons[trace.label]
        if its is None:
            return []
        its_speed = np.array([learning_speed(its, repeats)])
        return _known(QuantityValues(trace.label, LEARNING_SPEED, [""], its_speed, speeds, None))

    @cached_property
    def _lessons(self) -> Mapping[str, Tuple[List[Lesson], np.ndarray]]:
        """Of each connection that an error teaches: its lessons, and how fast each is."""
        found: Dict[str, Tuple[List[Lesson], np.ndarray]] = {}
        for trace in self.reference:
            error = _error_of(trace)
            runs = (self.reference, *self.repeats)
            if (
                trace.kind != "weights"
                or {error, trace.label} & set(self._no_numbers)
                or any(not {error, trace.label} <= set(run.traces) for run in runs)
            ):
                continue
            made = [lesson_of(run[trace.label], run[error]) for run in self.repeats]
            lessons = [lesson for lesson in made if lesson is not None]
            if len(lessons) == len(made):
                found[trace.label] = (lessons, _speeds(lessons))
        return found


def _error_of(trace: Trace) -> str:
    return trace.label.replace("weights of ", "error of ", 1)


def _speeds(lessons: List[Lesson]) -> np.ndarray:
    """(n, 1) of each as a part of the others'."""
    speeds = []
    for each in lessons:
        others = [other for other in lessons if other is not each]
        speeds.append([learning_speed(each, others or lessons)])
    return np.array(speeds)


def _strange(run: Traces) -> bool:
    """Whether a run says it has other neurons: none is compared with another then."""
    variant = run.settings.get("variant") or {}
    return variant.get("neurons") is not None


def _alike(run: Traces, trace: Trace) -> Trace:
    """A run's trace, looked at as the reference's."""
    return replace(
        single(run[trace.label]),
        dynamics=trace.dynamics,
        seen_through=trace.seen_through,
        radius=trace.radius,
    )


def _parts(asked: QuantityValues) -> List[QuantityValues]:
    """Values that are alike, for themselves: each octile of a shape."""
    count = PARTS.get(asked.quantity, 1)
    builds = asked.builds
    return [
        asked._replace(
            where=list(asked.where)[part::count],
            its=asked.its[part::count],
            repeats=asked.repeats[:, part::count],
            builds=builds[:, part::count] if builds is not None and len(builds) else None,
            part=part,
            known=_chosen(asked.known, slice(part, None, count)),
            instead=asked.instead[part::count],
            because=asked.because[part::count],
        )
        for part in range(count)
    ]


def _stack(runs: Sequence[Values], name: str) -> np.ndarray:
    return np.array([run[name] for run in runs if name in run], float)


def _known(asked: QuantityValues) -> List[QuantityValues]:
    """Without the values that a run does not have."""
    known = np.isfinite(asked.its)
    if len(asked.repeats):
        known &= np.isfinite(asked.repeats).all(axis=0)
    if not known.any() or not len(asked.repeats):
        return []
    builds = asked.builds
    builds = builds[:, known] if builds is not None and len(builds) else None
    where = [place for place, is_known in zip(asked.where, known) if is_known]
    return [
        asked._replace(
            where=where,
            its=asked.its[known],
            repeats=asked.repeats[:, known],
            builds=builds,
            known=_chosen(asked.known, known),
            instead=[each for each, is_known in zip(asked.instead, known) if is_known],
            because=[each for each, is_known in zip(asked.because, known) if is_known],
        )
    ]


def _chosen(known: Optional[Precision], which: Union[slice, np.ndarray]) -> Optional[Precision]:
    return None if known is None else Precision(*(column[which] for column in known))
