"""Compare runs trace by trace."""

from __future__ import annotations

from dataclasses import replace
from typing import List, Mapping, Optional, Sequence

from deploy.errors import BadInput
from deploy.parity.budget import error_budget
from deploy.parity.figure import Figure
from deploy.parity.hallmarks import hallmark_figures
from deploy.parity.metrics import METRICS, Pair
from deploy.parity.parity import Parity
from deploy.parity.tolerances import Tolerance, with_overrides
from deploy.traces import Trace, Traces


def compare_traces(
    reference: Traces, other: Traces, tolerances: Optional[Mapping[str, Tolerance]] = None
) -> Parity:
    """Hold one run against another.

    Parameters
    ----------
    reference, other : Traces
        Of the same model, step and duration.
    tolerances : mapping of str to Tolerance, optional
        Replace those of `deploy.parity.tolerances.TOLERANCES`.

    Raises
    ------
    BadInput
        If the two runs cannot be compared.
    """
    return compare_runs([reference, other], tolerances)


def compare_runs(
    runs: Sequence[Traces], tolerances: Optional[Mapping[str, Tolerance]] = None
) -> Parity:
    """Hold the last run against the first; those between go into the error budget."""
    limits = with_overrides(tolerances)
    reference, other = runs[0], runs[-1]
    for run in runs[1:]:
        _check(reference, run)
    figures = [
        replace(figure, tolerance=limits.get(figure.metric))
        for figure in _figures(reference, other)
    ]
    figures += [figure for run in runs for figure in hallmark_figures(run)]
    notes = []
    missing = sorted(
        {t.label for t in reference} ^ {t.label for t in other},
        key=list({**reference.traces, **other.traces}).index,
    )
    if missing:
        notes.append("on one side only, and not compared: " + ", ".join(missing))
    if any(t.kind == "spikes" for t in reference) and not any(
        f.metric == "SPIKE-distance" for f in figures
    ):
        notes.append(
            "ISI- and SPIKE-distances were not measured; for them: "
            "pip install loihi-deploy[spikes]"
        )
    if reference.fingerprint != other.fingerprint:
        notes.append("the two runs are of different models (their fingerprints differ)")
    return Parity(tuple(runs), tuple(figures), tuple(error_budget(runs)), tuple(notes))


def _check(reference: Traces, other: Traces) -> None:
    if reference.dt != other.dt:
        raise BadInput(
            f"the two runs have different steps, {reference.dt:g} s and {other.dt:g} s; "
            "run both with one dt"
        )
    if reference.n_steps != other.n_steps:
        raise BadInput(
            f"the two runs differ in length, {reference.duration:g} s and "
            f"{other.duration:g} s; run both for one duration"
        )
    if not set(reference.traces) & set(other.traces):
        raise BadInput(
            f"the two runs have no trace in common; {reference.model} has "
            f"{', '.join(map(repr, reference.traces)) or 'none'}, {other.model} has "
            f"{', '.join(map(repr, other.traces)) or 'none'}; add probes, or compare runs "
            "of one model"
        )
    for label in set(reference.traces) & set(other.traces):
        a, b = reference[label], other[label]
        if a.kind != b.kind or _shape(a) != _shape(b):
            raise BadInput(
                f"{label!r} is {a.kind} of shape {_shape(a)} in one run and {b.kind} of shape "
                f"{_shape(b)} in the other; compare runs of one model"
            )


def _shape(trace: Trace) -> tuple:
    return (trace.n_neurons,) if trace.sparse else trace.samples.shape


def _figures(reference: Traces, other: Traces) -> List[Figure]:
    figures: List[Figure] = []
    for trace in reference:
        if trace.label not in other.traces:
            continue
        pair = Pair(
            trace,
            other[trace.label],
            reference.dt,
            _ideal(reference, trace),
            _ideal(other, trace),
        )
        for metric in METRICS[trace.kind]:
            figures.extend(metric(pair))
    return figures


def _ideal(run: Traces, trace: Trace) -> Optional[Trace]:
    return None if trace.ideal is None else run.traces.get(trace.ideal)
