"""Two runs brought onto steps that both have, where that changes no sample.

Nothing is interpolated or smoothed, as the noise of a signal is judged too: compared are samples of
the same instants. What has none is not compared, which is said by name and reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Dict, List, NamedTuple, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from deploy.errors import BadInput
from deploy.files.timestamp import now
from deploy.recordings.cutting import within
from deploy.recordings.mapping import shown_names
from deploy.recordings.onto_steps import Stepped, Unfit, onto_steps
from deploy.recordings.recording import ELSEWHERE, Recording, Signal, Trains
from deploy.traces.trace import Trace
from deploy.traces.traces import HOST_ONLY, OFF_CHIP, Traces
from deploy.traces.uncompared import Uncompared

MOST_PHASES = 100_000  # steps in which a common phase is looked for


@dataclass(frozen=True)
class _Window:
    """Steps that two runs have in common, from the one after ``begin`` to ``end``."""

    begin: int
    end: int


Run = Union[Traces, Recording]


class Aligned(NamedTuple):
    """Two runs as traces of the same steps.

    Attributes
    ----------
    runs : tuple of Traces
        With what was left out, and why, among the warnings of the one that was recorded elsewhere.
    begin : int
        The step of the reference after which they begin.
    uncompared : tuple of Uncompared
        What both had, and could not be brought onto the same steps.
    """

    runs: Tuple[Traces, Traces]
    begin: int = 0
    uncompared: Tuple[Uncompared, ...] = ()


def align(reference: Run, other: Run) -> Aligned:
    """Both as traces of the same steps.

    Parameters
    ----------
    reference, other : Traces or Recording
        Two `Traces` are given back as they are.

    Raises
    ------
    BadInput
        If they have no signal in common that could be compared.
    """
    if isinstance(reference, Traces) and isinstance(other, Traces):
        return Aligned((reference, other))
    dt = _step_of(reference, other)
    reasons: Dict[str, str] = {}
    others = set(_labels(other))
    labels = [label for label in _labels(reference) if label in others]
    pairs: Dict[str, Tuple[Stepped, Stepped]] = {}
    for label in labels:
        try:
            pairs[label] = _pair(reference, other, label, dt)
        except Unfit as reason:
            reasons[label] = str(reason)
    window = _window(pairs)
    found: Dict[str, Tuple[Trace, Trace]] = {}
    for label, pair in pairs.items():
        try:
            found[label] = _cut(pair, window)
        except Unfit as reason:
            reasons[label] = str(reason)
    if not found:
        raise BadInput(_nothing(reference, other, reasons))
    found = {label: _with_known_ideal(pair, found) for label, pair in found.items()}
    notes = _notes(reference, other, dt, window, reasons, pairs, found)
    runs = (
        _traces(reference, other, dt, window, {k: a for k, (a, _) in found.items()}, notes),
        _traces(other, reference, dt, window, {k: b for k, (_, b) in found.items()}, notes),
    )
    return Aligned(runs, window.begin, tuple(Uncompared(*each) for each in reasons.items()))


def _labels(run: Run) -> List[str]:
    return list(run.traces if isinstance(run, Traces) else run.recorded)


def _name(run: Run) -> str:
    return run.model if isinstance(run, Traces) else run.source


def _step_of(reference: Run, other: Run) -> float:
    """Seconds a step: of the run that has one, of a mapping, or of the closest samples."""
    for run in sorted((reference, other), key=lambda run: isinstance(run, Recording)):
        if run.dt is not None:
            return run.dt
    spacings = [
        float(np.min(np.diff(each.times)))
        for run in (reference, other)
        if isinstance(run, Recording)
        for each in run.recorded.values()
        if isinstance(each, Signal) and each.times is not None and len(each.times) > 1
    ]
    if not spacings or not min(spacings) > 0:
        raise BadInput(f"{_name(reference)}: it has no times; give its dt in a mapping")
    return min(spacings)


# ------------------------------------------------------------------------------ pairs


def _pair(reference: Run, other: Run, label: str, dt: float) -> Tuple[Stepped, Stepped]:
    known = [
        run.traces.get(label) if isinstance(run, Traces) else None for run in (reference, other)
    ]
    about = known[0] or known[1]
    there = [run.recorded[label] for run in (reference, other) if isinstance(run, Recording)]
    kinds = ["spikes" if isinstance(each, Trains) else each.kind for each in there]
    kind = about.kind if about else next(filter(None, kinds), "value")
    plain = about or Trace(label, kind, 1.0, 0, amplitude=1.0 / dt)
    runs = []
    for run in (reference, other):
        if isinstance(run, Traces):
            trace = run[label]
            steps = np.zeros(0, np.int64) if trace.sparse else trace.steps.astype(np.int64)
            runs.append(Stepped(trace, steps, run.n_steps))
        else:
            runs.append(onto_steps(run.recorded[label], plain, dt, run.dt, about))
    first, second = runs
    if not plain.sparse:
        second = _same_shape(first, second)
    elif first.trace.n_neurons != second.trace.n_neurons:
        raise Unfit(
            f"{second.trace.n_neurons} neurons, and {first.trace.n_neurons} in the reference"
        )
    return first, second


def _same_shape(first: Stepped, second: Stepped) -> Stepped:
    """The second's samples in the shape of the first's."""
    shape = first.trace.samples.shape[1:]
    own = second.trace.samples.shape[1:]
    if int(np.prod(shape)) != int(np.prod(own)):
        hint = "; transpose in a mapping" if len(first.steps) in own else ""
        raise Unfit(
            f"{int(np.prod(own))} values a sample, and {int(np.prod(shape))} in the reference{hint}"
        )
    samples = second.trace.samples.reshape(-1, *shape)
    return second._replace(trace=replace(second.trace, samples=samples))


# ------------------------------------------------------------------------------ in common


def _window(pairs: Dict[str, Tuple[Stepped, Stepped]]) -> _Window:
    ends: List[int] = []
    phases: List[Tuple[int, int]] = []  # of each, a sample both have, and steps to the next
    for pair in pairs.values():
        ends += [each.end for each in pair if each.end is not None]
        if not pair[0].trace.sparse:
            both = np.intersect1d(pair[0].steps, pair[1].steps)
            if len(both) > 1:
                phases.append((int(both[0]), int(both[1] - both[0])))
    begin = _begin(phases)
    last = [int(each.trace.spike_steps.max(initial=0)) for pair in pairs.values() for each in pair]
    return _Window(begin, min(ends) if ends else max(last, default=0))


def _begin(phases: List[Tuple[int, int]]) -> int:
    """The first step that is a sample of each, or would be, were there more before its first.

    Sampled signals keep their phase where the window begins at such a step; it need not be a
    multiple of their distance, as where the first sample of a recording is that of the first step.
    """
    begin, every = 0, 1
    for first, apart in phases:
        begin = max(begin, first - apart)
        every = int(np.lcm(every, apart))
    if every <= MOST_PHASES:
        for step in range(begin, begin + every):
            if all((step - first) % apart == 0 for first, apart in phases):
                return step
    return -(-begin // every) * every


def _cut(pair: Tuple[Stepped, Stepped], window: _Window) -> Tuple[Trace, Trace]:
    """Both without what only one has; steps count from the window's begin."""
    n_steps = window.end - window.begin
    if n_steps < 1:
        raise Unfit("no step that both runs have")
    first, second = pair
    if first.trace.sparse:
        return tuple(within(each.trace, window.begin, n_steps) for each in pair)  # type: ignore[return-value]
    both = np.intersect1d(first.steps, second.steps)
    both = both[(both > window.begin) & (both <= window.end)]
    if not len(both):
        raise Unfit("no sample of a step of which the other has one too")
    period = _period(first.trace, both - window.begin, n_steps)
    return tuple(  # type: ignore[return-value]
        replace(
            each.trace,
            samples=each.trace.samples[np.isin(each.steps, both)],
            period=period,
            n_steps=n_steps,
        )
        for each in pair
    )


def _with_known_ideal(
    pair: Tuple[Trace, Trace], found: Dict[str, Tuple[Trace, Trace]]
) -> Tuple[Trace, Trace]:
    """Both are compared with what they should come to only where both runs have it."""
    first, second = pair
    known = first.ideal if first.ideal in found else None
    return replace(first, ideal=known), replace(second, ideal=known)


def _period(trace: Trace, steps: NDArray[np.int64], n_steps: int) -> float:
    """In which samples of these steps are, if they are in one."""
    for period in (trace.period, float(steps[0])):
        expected = replace(trace, period=period, n_steps=n_steps).steps
        if np.array_equal(expected, steps):
            return period
    gaps = np.diff(steps)
    if len(gaps) and gaps.min() != gaps.max():
        k = int(np.argmax(gaps != gaps[0]))
        raise Unfit(
            f"common samples are not evenly apart: none between steps {steps[k]} and {steps[k + 1]}"
        )
    raise Unfit("samples lie between those of the other signals; align them by an offset")


# ------------------------------------------------------------------------------ as traces


def _traces(
    run: Run, partner: Run, dt: float, window: _Window, found: Dict[str, Trace], notes: List[str]
) -> Traces:
    n_steps = window.end - window.begin
    if isinstance(run, Traces):
        if (window.begin, n_steps) == (0, run.n_steps):
            return replace(run, traces={**run.traces, **found})
        # what a run has besides is of other steps, but for where its signals come from
        record = {name: run.record[name] for name in (OFF_CHIP, HOST_ONLY) if name in run.record}
        return replace(run, traces=found, n_steps=n_steps, learned=(), record=record)
    others = set(_labels(partner))
    rest = dict.fromkeys(label for label in _labels(run) if label not in others)
    if rest:
        notes = [*notes, f"not compared, as the other run has no such probe: {shown_names(rest)}"]
    return Traces(
        model=partner.model if isinstance(partner, Traces) else run.source,
        target=run.source,
        substrate=ELSEWHERE,
        seed=partner.seed if isinstance(partner, Traces) else 0,
        dt=dt,
        n_steps=n_steps,
        fingerprint="",
        traces=found,
        warnings=tuple(notes),
        created=now(),
    )


def _notes(
    reference: Run,
    other: Run,
    dt: float,
    window: _Window,
    reasons: Dict[str, str],
    pairs: Dict[str, Tuple[Stepped, Stepped]],
    found: Dict[str, Tuple[Trace, Trace]],
) -> List[str]:
    notes = [f"{label} is not compared: {reason}" for label, reason in reasons.items()]
    for label, (trace, _) in found.items():
        notes += [f"{label}: {each.note}" for each in pairs[label] if each.note]
        if trace.period != pairs[label][0].trace.period:
            notes.append(f"{label} is compared every {trace.period * dt:g} s, as both were sampled")
    lengths = {run.n_steps for run in (reference, other) if isinstance(run, Traces)}
    if window.begin or lengths - {window.end}:
        notes.append(
            f"compared are {window.begin * dt:g} to {window.end * dt:g} s, which both runs have"
        )
        for run, partner in ((reference, other), (other, reference)):
            if isinstance(run, Traces):  # of which only what is compared is kept
                lacking = dict.fromkeys(
                    t.label for t in run if not t.instrument and t.label not in _labels(partner)
                )
                if lacking:
                    notes.append(f"not compared, as it is not there: {shown_names(lacking)}")
    return notes


def _nothing(reference: Run, other: Run, reasons: Dict[str, str]) -> str:
    if not reasons:
        own, others = (dict.fromkeys(_labels(run)) for run in (other, reference))
        return (
            f"{_name(other)} has none of the probes of {_name(reference)}: it has "
            f"{shown_names(own)}, the reference {shown_names(others)}; "
            "a mapping says which is which"
        )
    label, reason = next(iter(reasons.items()))
    more = len(reasons) - 1
    besides = f"; nor can {more} {'other' if more == 1 else 'others'}" if more else ""
    return f"nothing of {_name(other)} can be compared; {label!r}: {reason}{besides}"
