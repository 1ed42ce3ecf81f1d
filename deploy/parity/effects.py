"""What a run does otherwise than the CPU's: effects, with intervals and margins, and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from deploy.parity.floors import QUANTITIES, Quantity
from deploy.parity.measures import MEASURES, Measure, Values, Yardstick, places
from deploy.parity.metrics.pair import flat
from deploy.parity.spread import Spread
from deploy.parity.statistics.decision import K, LEVEL, Judged, holm, judge
from deploy.parity.statistics.variance import moderated
from deploy.parity.tolerances import Tolerance
from deploy.traces import Trace, Traces

SAME, DIFFERENT, OPEN = "same", "different", "open"
TYPICAL = 100.0  # degrees of freedom of what is typical: as good as known
LONGEST = 16.0  # times as long: beyond, more seconds are no way to decide


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
        else:
            size, plus = f"{100 * abs(judged):.3g} %", f"{100 * half:.2g} %"
        if self.quantity == "gain" and judged < -0.99:
            size = f"{100 * -judged:.0f} %"
        return f"{of}: {text.format(size)} (± {plus})"

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


class _Group(NamedTuple):
    """Quantities of one name and trace, before Holm."""

    trace: str
    quantity: str
    where: Sequence[str]
    judged: Judged
    limits: Optional[Tolerance]


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
    groups: List[_Group] = []
    for trace in reference:
        measure = MEASURES.get(trace.kind)
        if measure is None or trace.label not in other.traces or _empty(trace):
            continue
        yard = _yardstick(trace, reference, spread)
        groups += _groups(yard, trace, other[trace.label], measure, spread is not None, limits or {})
    p = [value for group in groups for value in group.judged.different]
    rejected = iter(holm(p))
    return tuple(effect for group in groups for effect in _effects(group, rejected))


def _empty(trace: Trace) -> bool:
    return not trace.sparse and flat(trace).size == 0


def _yardstick(trace: Trace, reference: Traces, spread: Optional[Spread]) -> Yardstick:
    if spread is None:
        return Yardstick((trace,), (), reference.dt)
    repeats, builds = (
        tuple(
            replace(
                run[trace.label],
                dynamics=trace.dynamics,
                seen_through=trace.seen_through,
                radius=trace.radius,
            )
            for run in runs
            if trace.label in run.traces
        )
        for runs in (spread.repeats, spread.builds)
    )
    return Yardstick(repeats or (trace,), builds, reference.dt)


def _groups(
    yard: Yardstick,
    reference: Trace,
    other: Trace,
    measure: Measure,
    spread: bool,
    limits: Mapping[str, Tolerance],
) -> List[_Group]:
    other = replace(other, dynamics=reference.dynamics, seen_through=reference.seen_through)
    with np.errstate(divide="ignore", invalid="ignore"):
        its = measure.values(other, yard)
        repeats = [measure.values(trace, yard) for trace in yard.repeats]
        builds = [measure.values(trace, yard) for trace in yard.builds]
    found: List[_Group] = []
    for name in its:
        mine = _stack(repeats, name)
        theirs = _stack(builds, name) if measure.alone is None or name in measure.alone else None
        known = np.isfinite(mine).all(axis=0) & np.isfinite(its[name])
        if not known.any():
            continue
        where = np.array(places(yard, name, len(known)))[known]
        built = None if theirs is None or not len(theirs) else theirs[:, known]
        judged = _judge(QUANTITIES[name], its[name][known], mine[:, known], built)
        found.append(_Group(reference.label, name, list(where), judged, limits.get(name)))
    return found


def _stack(runs: Sequence[Values], name: str) -> np.ndarray:
    return np.array([run[name] for run in runs if name in run], float)


def _judge(
    kind: Quantity, its: np.ndarray, repeats: np.ndarray, builds: Optional[np.ndarray]
) -> Judged:
    effect = its - repeats.mean(axis=0)
    count = len(repeats)
    if count < 2:
        typical = np.full(len(its), kind.run), np.full(len(its), kind.build)
        return judge(effect, 1, typical[0], TYPICAL, kind.floor, typical[1], 0, TYPICAL)
    deviation, freedom = moderated(repeats)
    if builds is None:
        return judge(effect, count, deviation, freedom, kind.floor, deviation, 0, freedom)
    complete = np.isfinite(builds).all(axis=0)
    between, build_freedom = moderated(np.where(complete, builds, 0.0))
    # a build's run has the noise of a single run as well
    between = np.where(complete, np.maximum(between, deviation), deviation)
    return judge(
        effect, count, deviation, freedom, kind.floor, between, len(builds), build_freedom
    )


def _effects(group: _Group, rejected: Any) -> List[Effect]:
    kind, judged = QUANTITIES[group.quantity], group.judged
    found = []
    for k, where in enumerate(group.where):
        x, half = float(judged.effect[k]), float(judged.half[k])
        low, high = x - half, x + half
        margin = (-float(judged.margin[k]), float(judged.margin[k]))
        different = bool(next(rejected))
        if group.limits is not None:
            margin = _judged_limits(kind, group.limits)
            different = low > margin[1] or high < margin[0]
        same = margin[0] <= low and high <= margin[1]
        outcome = SAME if same else DIFFERENT if different else OPEN
        found.append(
            Effect(
                group.trace,
                group.quantity,
                where,
                kind.shown(x),
                kind.shown(low),
                kind.shown(high),
                (kind.shown(margin[0]), kind.shown(margin[1])),
                float(judged.build[k]),
                float(judged.different[k]),
                outcome,
                _longer(x, half, margin) if outcome == OPEN else math.nan,
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
    return max(1.0, (half / gap) ** 2) if gap > 0 else math.inf


def margins_in_words() -> str:
    """How margins are drawn, and what rate of false alarms is kept, in one line."""
    return (
        f"each margin is its floor or {K:g} standard deviations of equally good builds; "
        f"the rate of a false NO PARITY is kept at {100 * LEVEL:g} % of runs for all quantities "
        "together (Holm)"
    )
