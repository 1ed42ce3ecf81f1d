"""What a run does otherwise than the CPU's: effects, with intervals and margins, and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from deploy.parity.floors import QUANTITIES, Quantity
from deploy.parity.measures import (
    MEASURES,
    PARTS,
    Values,
    Yardstick,
    learning_speed,
    lesson_of,
    places,
)
from deploy.parity.metrics.ideal import error_to
from deploy.parity.metrics.pair import flat
from deploy.parity.spread import Spread, single
from deploy.parity.statistics.decision import LEVEL, Judged, K, holm, judge
from deploy.parity.statistics.variance import moderated
from deploy.parity.tolerances import Tolerance
from deploy.traces.trace import Trace
from deploy.traces.traces import Traces

SAME, DIFFERENT, OPEN = "same", "different", "open"
TYPICAL = 100.0  # degrees of freedom of what is typical: as good as known


@dataclass(frozen=True)
class Effect:
    """One quantity of a run, held against the CPU's.

    Attributes
    ----------
    trace, quantity : str
    where : str
        Of which dimension, or range; empty if there is but one.
    value : float
        The judged run's less the CPU's, as it is shown: a factor for ratios, 1 for a gain that
        is as the CPU's.
    low, high : float
        95 % interval of it.
    margin : tuple of float
        Range that is as good as the CPU's own.
    build : float
        Standard deviation of equally good builds, in the unit of the judgement.
    deviation : float
        Of equally good runs of the same neurons.
    p : float
        Of so large an effect from a run that is within its margin.
    outcome : str
        ``"same"``, ``"different"`` or ``"open"``.
    longer : float
        Of an open one: how many times as long a run would decide it, if it is as it looks.
    """

    trace: str
    quantity: str
    where: str
    value: float
    low: float
    high: float
    margin: Tuple[float, float]
    build: float
    p: float
    outcome: str
    deviation: float = math.nan
    longer: float = math.nan

    @property
    def words(self) -> str:
        """In plain words, for a modeller: "gain of post, dimension 3: 11 % too small, ± 1 %"."""
        kind = QUANTITIES[self.quantity]
        judged = kind.judged(self.value)
        text = kind.more if judged > 0 else kind.less
        of = f"{self.trace}, {self.where}" if self.where else self.trace
        half = abs(kind.judged(self.high) - kind.judged(self.low)) / 2
        if kind.ratio:
            size, plus = f"{self.value:.3g} times", f"{100 * half:.2g} %"
        elif kind.unit:
            size = f"{abs(kind.scale * judged):.3g} {kind.unit}"
            plus = f"{kind.scale * half:.2g} {kind.unit}"
        elif kind.plain:
            size, plus = f"{abs(judged):.2g}", f"{half:.2g}"
        else:
            size, plus = f"{100 * abs(judged):.3g} %", f"{100 * half:.2g} %"
        return f"{of}: {text.format(size)} (± {plus})"

    def in_margins(self, shown: float) -> float:
        """A value, as it is shown, from the middle of the margin in halves of its width."""
        kind = QUANTITIES[self.quantity]
        low, value, high = (kind.judged(x) for x in (self.margin[0], shown, self.margin[1]))
        middle, half = (low + high) / 2, (high - low) / 2
        if not math.isfinite(middle):  # a user's limit on one side only
            return 0.0 if low <= value <= high else math.inf
        return (value - middle) / half if half > 0 else math.inf

    @property
    def severity(self) -> float:
        """Its size in margins."""
        return abs(self.in_margins(self.value))

    def to_dict(self) -> Dict[str, Any]:
        """In terms of JSON; a number that is not finite becomes None."""
        record = {
            "trace": self.trace,
            "quantity": self.quantity,
            "where": self.where,
            "unit": QUANTITIES[self.quantity].unit,
            "value": self.value,
            "interval": [self.low, self.high],
            "margin": list(self.margin),
            "spread of runs": self.deviation,
            "spread of builds": self.build,
            "p": self.p,
            "outcome": self.outcome,
            "longer": self.longer,
            "words": self.words,
            "why": QUANTITIES[self.quantity].why,
        }
        return {name: _finite(value) for name, value in record.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class _Asked(NamedTuple):
    """Values of one quantity of one trace, of all runs: (k,), (n, k) and (m, k)."""

    trace: str
    quantity: str
    where: Sequence[str]
    its: np.ndarray
    repeats: np.ndarray
    builds: Optional[np.ndarray]
    part: int = 0


class _Group(NamedTuple):
    """The same, judged."""

    asked: _Asked
    judged: Judged


def effects_of(
    reference: Traces,
    other: Traces,
    spread: Optional[Spread] = None,
    limits: Optional[Mapping[str, Tolerance]] = None,
) -> Tuple[Effect, ...]:
    """Every effect of a run, judged as one family.

    Parameters
    ----------
    reference, other : Traces
    spread : Spread, optional
        Of their model. Without, what is typical of the built-in systems stands in its place.
    limits : mapping of str to Tolerance, optional
        Ranges by name of a quantity, as it is shown, that stand in the place of its margin.
    """
    runs = _Runs(reference, other, spread)
    asked = [
        each
        for trace in reference
        if trace.label in other.traces and (trace.sparse or flat(trace).size)
        for ask in (_asked, _asked_of_ideal, _asked_of_learning)
        for each in ask(trace, runs)
    ]
    groups = _judge_alike(asked)
    rejected = iter(holm([p for group in groups for p in group.judged.different]))
    limits = limits or {}
    return tuple(
        effect
        for group in groups
        for effect in _effects(group, rejected, limits.get(group.asked.quantity))
    )


class _Runs(NamedTuple):
    """All runs of a comparison."""

    reference: Traces
    other: Traces
    spread: Optional[Spread]

    @property
    def repeats(self) -> Tuple[Traces, ...]:
        return (self.reference,) if self.spread is None else self.spread.repeats

    @property
    def strangers(self) -> bool:
        """Whether the judged run says it has other neurons: none is held against another then."""
        variant = self.other.settings.get("variant") or {}
        return variant.get("neurons") is not None

    @property
    def builds(self) -> Tuple[Traces, ...]:
        return () if self.spread is None else self.spread.builds


def _asked(trace: Trace, runs: _Runs) -> List[_Asked]:
    """What the trace's kind is asked."""
    measure = MEASURES.get(trace.kind)
    if measure is None:
        return []

    def alike(run: Traces) -> Trace:
        return replace(
            single(run[trace.label]),
            dynamics=trace.dynamics,
            seen_through=trace.seen_through,
            radius=trace.radius,
        )

    repeats = tuple(alike(run) for run in runs.repeats if trace.label in run.traces)
    builds = tuple(alike(run) for run in runs.builds if trace.label in run.traces)
    yard = Yardstick(repeats or (alike(runs.reference),), builds, runs.reference.dt)
    with np.errstate(divide="ignore", invalid="ignore"):
        its = measure.values(alike(runs.other), yard)
        own = [measure.values(each, yard) for each in yard.repeats]
        others = [measure.values(each, yard) for each in yard.builds]
    found = []
    for name, values in its.items():
        alone = name not in measure.of_neurons
        if runs.strangers and not alone:
            continue
        builds_ = _stack(others, name) if alone else None
        where = places(yard, name, len(values))
        asked = _Asked(trace.label, name, where, values, _stack(own, name), builds_)
        found += [each for part in _parts(asked) for each in _known(part)]
    return found


def _parts(asked: _Asked) -> List[_Asked]:
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
        )
        for part in range(count)
    ]


def _asked_of_ideal(trace: Trace, runs: _Runs) -> List[_Asked]:
    """How far the trace is from what it should come to equal, where its model says so."""
    if trace.ideal is None:
        return []
    ideal = trace.ideal

    def away(run: Traces) -> Values:
        error = error_to(run[trace.label], run[ideal], trace.period * run.dt)
        return {"error to ideal": np.array([math.log(error) if error > 0 else math.nan])}

    its, name = away(runs.other), "error to ideal"
    own, others = ([away(run) for run in group] for group in (runs.repeats, runs.builds))
    asked = _Asked(trace.label, name, [""], its[name], _stack(own, name), _stack(others, name))
    return _known(asked)


def _asked_of_learning(trace: Trace, runs: _Runs) -> List[_Asked]:
    """How fast a connection that an error teaches follows it."""
    error = trace.label.replace("weights of ", "error of ", 1)
    if runs.strangers:
        return []
    for run in (runs.reference, runs.other, *runs.repeats):
        if trace.kind != "weights" or not {error, trace.label} <= set(run.traces):
            return []
    its, *own = (lesson_of(r[trace.label], r[error]) for r in (runs.other, *runs.repeats))
    repeats = [lesson for lesson in own if lesson is not None]
    if its is None or len(repeats) < len(own):
        return []
    speeds = []
    for each in repeats:
        others = [other for other in repeats if other is not each]
        speeds.append([learning_speed(each, others or repeats)])
    its_speed = np.array([learning_speed(its, repeats)])
    name = "learning speed"
    return _known(_Asked(trace.label, name, [""], its_speed, np.array(speeds), None))


def _stack(runs: Sequence[Values], name: str) -> np.ndarray:
    return np.array([run[name] for run in runs if name in run], float)


def _known(asked: _Asked) -> List[_Asked]:
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
            where=where, its=asked.its[known], repeats=asked.repeats[:, known], builds=builds
        )
    ]


def _judge_alike(asked: Sequence[_Asked]) -> List[_Group]:
    """Judge each quantity over all traces that are asked it: variances moderate each other."""
    alike: Dict[Any, List[_Asked]] = {}
    for each in asked:
        key = (
            each.quantity,
            each.part,
            len(each.repeats),
            None if each.builds is None else len(each.builds),
        )
        alike.setdefault(key, []).append(each)
    judged: Dict[int, Judged] = {}
    for together in alike.values():
        builds = [each.builds for each in together if each.builds is not None]
        found = _judge(
            QUANTITIES[together[0].quantity],
            np.concatenate([each.its for each in together]),
            np.concatenate([each.repeats for each in together], axis=1),
            np.concatenate(builds, axis=1) if builds else None,
        )
        ends = np.cumsum([len(each.its) for each in together])[:-1]
        parts = zip(*(np.split(array, ends) for array in found))
        judged.update({id(each): Judged(*part) for each, part in zip(together, parts)})
    return [_Group(each, judged[id(each)]) for each in asked]


def _judge(
    kind: Quantity, its: np.ndarray, repeats: np.ndarray, builds: Optional[np.ndarray]
) -> Judged:
    effect = its - repeats.mean(axis=0)
    count = len(repeats)
    if count < 2:
        run, build = np.full(len(its), kind.run), np.full(len(its), kind.build)
        return judge(effect, 1, run, TYPICAL, kind.floor, build, 0, TYPICAL)
    deviation, freedom = moderated(repeats)
    if builds is None:
        return judge(effect, count, deviation, freedom, kind.floor, deviation, 0, freedom)
    complete = np.isfinite(builds).all(axis=0)
    between, build_freedom = moderated(np.where(complete, builds, 0.0))
    # a build's run has the noise of a single run as well
    between = np.where(complete, np.maximum(between, deviation), deviation)
    return judge(effect, count, deviation, freedom, kind.floor, between, len(builds), build_freedom)


def _effects(
    group: _Group, rejected: Iterator[np.bool_], limits: Optional[Tolerance]
) -> List[Effect]:
    asked, judged = group
    kind = QUANTITIES[asked.quantity]
    found = []
    for k, where in enumerate(asked.where):
        x, half = float(judged.effect[k]), float(judged.half[k])
        low, high = x - half, x + half
        margin = (-float(judged.margin[k]), float(judged.margin[k]))
        different = bool(next(rejected))
        if limits is not None:
            margin = _judged_limits(kind, limits)
            different = low > margin[1] or high < margin[0]
        same = margin[0] <= low and high <= margin[1]
        outcome = SAME if same else DIFFERENT if different else OPEN
        found.append(
            Effect(
                trace=asked.trace,
                quantity=asked.quantity,
                where=where,
                value=kind.shown(x),
                low=kind.shown(low),
                high=kind.shown(high),
                margin=(kind.shown(margin[0]), kind.shown(margin[1])),
                build=float(judged.build[k]),
                p=float(judged.different[k]),
                outcome=outcome,
                deviation=float(judged.deviation[k]),
                longer=_longer(x, half, margin) if outcome == OPEN else math.nan,
            )
        )
    return found


def _judged_limits(kind: Quantity, limits: Tolerance) -> Tuple[float, float]:
    low = -math.inf if limits.low is None else kind.judged(limits.low)
    high = math.inf if limits.high is None else kind.judged(limits.high)
    return low, high


def _longer(x: float, half: float, margin: Tuple[float, float]) -> float:
    """Times as long until the interval, that shrinks with the root of it, clears the margin."""
    gap = min(abs(x - margin[0]), abs(margin[1] - x))
    if gap <= 0:
        return math.inf
    needed = (half / gap) ** 2
    return needed if needed > 1 else math.nan  # precise enough: it is builds that are too few


def margins_in_words() -> str:
    """How margins are drawn, and what rate of false alarms is kept, in one line."""
    return (
        f"each margin is its floor or {K:g} standard deviations of equally good builds; "
        f"the rate of a false NO PARITY is kept at {100 * LEVEL:g} % of runs for all quantities "
        "together (Holm)"
    )
