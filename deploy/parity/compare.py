"""Compare runs trace by trace."""

from __future__ import annotations

from dataclasses import replace
from typing import AbstractSet, Dict, List, Mapping, Optional, Sequence, Tuple

from deploy.errors import BadInput
from deploy.parity.budget import CAUSES, budget_of
from deploy.parity.comparison import Comparison, worst_first, worst_of_each
from deploy.parity.effects import Effect, judged_effects, margins_in_words
from deploy.parity.evidence import same_by_construction, same_samples
from deploy.parity.figure import Figure
from deploy.parity.floors import QUANTITIES
from deploy.parity.metrics import METRICS, Pair
from deploy.parity.metrics.spike_distances import can_measure
from deploy.parity.run_values import CpuRuns
from deploy.parity.spread import Spread, check_of_one_length, check_of_one_model
from deploy.parity.tolerances import Tolerance, check_names
from deploy.traces.trace import Trace
from deploy.traces.traces import Traces
from deploy.traces.uncompared import Uncompared

MOST_NAMED = 8  # traces, in a note


def compare_runs(
    runs: Sequence[Traces],
    spread: Optional[Spread] = None,
    tolerances: Optional[Mapping[str, Tolerance]] = None,
    accepted: Optional[Mapping[str, Tolerance]] = None,
    figures: Sequence[Figure] = (),
    uncompared: Sequence[Uncompared] = (),
) -> Comparison:
    """Compare the last run with the first; those between say where it comes from.

    Parameters
    ----------
    runs : sequence of Traces
        The reference first.
    spread : Spread, optional
        By which it is judged.
    tolerances : mapping of str to Tolerance, optional
        Limits that the user sets, by name of a quantity or of a figure.
    accepted : mapping of str to Tolerance, optional
        Limits that the model's author sets, by name of a quantity.
    figures : sequence of Figure
        More numbers of these runs.
    uncompared : sequence of Uncompared
        What both had, and is not in these runs, as it could not be compared.

    Raises
    ------
    BadInput
        If the runs cannot be compared, or the spread is of another model.
    """
    tolerances = tolerances or {}
    check_names(tolerances)
    reference, other = runs[0], runs[-1]
    check_runs(runs)
    if spread is not None:
        check_of_one_model(spread, reference)
        check_of_one_length(spread, reference)
    limits = {**(accepted or {}), **tolerances}
    cpu = CpuRuns(reference, spread)
    values = cpu.values_of(other)
    effects = judged_effects(values, limits, same_samples(reference, other))
    same = same_by_construction(reference, other)
    no_numbers = cpu.no_numbers(other)
    without = {each.trace for each in no_numbers}
    too_short = [each for each in cpu.too_short(other) if each.trace not in without]
    beside = {each.trace for each in no_numbers}
    empty = {
        label
        for run in (reference, other)
        for label, trace in run.traces.items()
        if not (trace.sparse or trace.samples.size)
    }
    own = [
        replace(
            figure,
            tolerance=None if figure.metric in QUANTITIES else tolerances.get(figure.metric),
        )
        for figure in _figures(reference, other, beside | empty)
    ]
    own += figures
    notes = [f"{each.trace} is not compared: {each.why}" for each in (*no_numbers, *too_short)]
    missing = sorted(
        ({t.label for t in reference} ^ {t.label for t in other})
        - {each.trace for each in uncompared},
        key=list({**reference.traces, **other.traces}).index,
    )
    if missing:
        notes.append("on one side only, and not compared: " + ", ".join(missing))
    both = [t for t in reference if t.label in other.traces]
    if any(t.kind == "spikes" for t in both) and not can_measure():
        notes.append(
            "ISI- and SPIKE-distances were not measured; for them: "
            "pip install loihi-deploy[spikes]"
        )
    unknown = [run.target for run in (reference, other) if not run.fingerprint]
    if unknown:
        notes.append(f"{' and '.join(unknown)}: which model it is of is not in it, and not known")
    elif reference.fingerprint != other.fingerprint:
        notes.append("the two runs are of different models (their fingerprints differ)")
    elif len({run.settings.get("identity") for run in (reference, other)} - {None}) > 1:
        notes.append(
            "the two runs are of different models (what their functions read, objects of the "
            "file's own classes hold, or its settings say was another each time)"
        )
    looked_at = dict.fromkeys(
        each for run in (reference, other) for each in run.settings.get("not known", ())
    )
    if looked_at:
        notes.append(
            f"{', '.join(looked_at)}: that may be another in each run, so that they may be of "
            "different models; give such values as parameters"
        )
    if reference.seed != other.seed:
        notes.append(
            f"the two runs have different seeds, {reference.seed} and {other.seed}, so that their "
            "neurons may be others; rates, voltages and weights of single neurons then differ"
        )
    if same:
        labels = [trace.label for trace in reference if trace.label in same]
        notes.append("the same by construction, shown and not counted: " + _some(labels))
    notes += _how_judged(
        reference, effects, spread, same | beside | {each.trace for each in too_short}
    )
    counts = (0, 0) if spread is None else (len(spread.repeats), len(spread.builds))
    budget = None
    if len(runs) > 2:
        pairs = [(a.target, b.target) for a, b in zip(runs, runs[1:])]
        causes = [CAUSES.get(pair, f"{pair[0]} to {pair[1]}") for pair in pairs]
        budget = budget_of(runs, causes, worst_first(worst_of_each(effects)), spread)
    return Comparison(
        tuple(runs),
        tuple(own),
        budget,
        tuple(notes),
        effects,
        counts,
        tuple(cpu.unmeasured(other, values)),
        tuple(trace.label for trace in reference if trace.label in same),
        (*uncompared, *no_numbers, *too_short),
    )


def _how_judged(
    reference: Traces,
    effects: Sequence[Effect],
    spread: Optional[Spread],
    without: AbstractSet[str],
) -> List[str]:
    """What a reader should know of how the verdict was drawn."""
    notes = []
    if effects and spread is None:
        notes.append(
            "judged by one pair of runs: what is typical of the built-in systems stands in the "
            "place of this model's own spread (--spread)"
        )
    elif effects and spread is not None:
        notes.append(
            f"judged by {len(spread.repeats)} CPU runs of the same neurons and "
            f"{len(spread.builds)} with others; {margins_in_words()}"
        )
        kept = spread.builds[0].settings.get("neurons kept") if spread.builds else None
        if kept:
            notes.append(
                "the same neurons in all runs, as weights or decoders were given for them: "
                + ", ".join(map(str, kept))
            )
    raw: Dict[float, List[str]] = {}
    kinds: Dict[str, List[str]] = {}
    for trace in reference:
        if trace.label in without:
            continue
        if trace.seen_through > 0:
            raw.setdefault(trace.seen_through, []).append(trace.label)
        if trace.kind in ("decoded", "value") and trace.dynamics and not trace.instrument:
            kinds.setdefault(trace.dynamics, []).append(trace.label)
    for tau, labels in raw.items():
        notes.append(
            f"without a synapse, and judged as the network sees it, through {1000 * tau:g} ms: "
            + _some(labels)
        )
    for kind, labels in kinds.items():
        notes.append(f"judged as signals that are {kind}: {_some(labels)}")
    return notes


def _some(labels: Sequence[str]) -> str:
    more = len(labels) - MOST_NAMED
    return ", ".join(labels[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def check_runs(runs: Sequence[Traces]) -> None:
    """Refuse runs that cannot be compared with the first.

    Raises
    ------
    BadInput
    """
    for run in runs[1:]:
        _check(runs[0], run)


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


def _shape(trace: Trace) -> Tuple[int, ...]:
    return (trace.n_neurons,) if trace.sparse else trace.samples.shape


def _figures(reference: Traces, other: Traces, without: AbstractSet[str]) -> List[Figure]:
    figures: List[Figure] = []
    for trace in reference:
        if trace.label not in other.traces or trace.label in without:
            continue
        pair = Pair(
            trace,
            other[trace.label],
            reference.dt,
            _ideal(reference, trace, without),
            _ideal(other, trace, without),
        )
        for metric in METRICS[trace.kind]:
            figures.extend(metric(pair))
    return figures


def _ideal(run: Traces, trace: Trace, without: AbstractSet[str]) -> Optional[Trace]:
    known = trace.ideal is not None and trace.ideal not in without
    return run.traces.get(trace.ideal or "") if known else None
