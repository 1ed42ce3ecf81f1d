"""What a run does otherwise than the CPU's: effects, with intervals and margins, and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import (
    AbstractSet,
    Any,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import numpy as np

from deploy.parity.evidence import same_samples
from deploy.parity.floors import KNOWN_FROM, QUANTITIES, Quantity
from deploy.parity.measures import RADIUS
from deploy.parity.reasons import LARGER
from deploy.parity.run_values import CpuRuns, QuantityValues, Strays
from deploy.parity.spread import Spread
from deploy.parity.statistics.decision import (
    LEVEL,
    Builds,
    Judged,
    K,
    holm,
    judge,
    judge_astray,
)
from deploy.parity.statistics.variance import moderated
from deploy.parity.tolerances import Tolerance
from deploy.traces.traces import Traces
from loihi_rules.nengo_parts.figures import figure

SAME, DIFFERENT, OPEN = "same", "different", "open"
ALONG_OWN = "by all else it does it is this build, and not another that may differ by more"
CPUS = "each sample is the CPU's"
TYPICAL = 100.0  # degrees of freedom of what is typical: as good as known


@dataclass(frozen=True)
class Effect:
    """One quantity of a run, compared with the CPU's.

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
    why : str
        Where the margin comes from: its floor, equally good runs, or who set a limit.
    of : str
        What it is a part of, where it has no unit.
    instead : str
        Quantities that the signal does not tell it from, and which may be what it is.
    because : str
        What it comes of, and what helps, where the run shows it.
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
    why: str = ""
    of: str = RADIUS
    instead: str = ""
    because: str = ""

    @property
    def words(self) -> str:
        """In plain words, for a modeller: "gain of post, dimension 3: 11 % too small, ± 1 %"."""
        kind = QUANTITIES[self.quantity]
        judged = kind.judged(self.value)
        text = kind.more if judged > 0 else kind.less
        of = f"{self.trace}, {self.where}" if self.where else self.trace
        half = abs(kind.judged(self.high) - kind.judged(self.low)) / 2
        if kind.ratio:
            size, plus = f"{self.value:.3g} times", f"{figure(100 * half, 2)} %"
        elif kind.unit:
            size = f"{abs(kind.scale * judged):.3g} {kind.unit}"
            plus = f"{kind.scale * half:.2g} {kind.unit}"
        elif kind.plain:
            size, plus = f"{abs(judged):.2g}", f"{half:.2g}"
        else:
            size, plus = f"{figure(100 * abs(judged), 3)} %", f"{figure(100 * half, 2)} %"
        others = f"; or {self.instead}, which the signal does not tell" if self.instead else ""
        return f"{of}: {text.format(size, of=self.of)} (± {plus}{others})"

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
            "why": self.why,
            "because": self.because,
        }
        return {name: _finite(value) for name, value in record.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class _Group(NamedTuple):
    """The same, judged."""

    asked: QuantityValues
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
    values = CpuRuns(reference, spread).values_of(other)
    return judged_effects(values, limits, same_samples(reference, other))


def judged_effects(
    asked: Sequence[QuantityValues],
    limits: Optional[Mapping[str, Tolerance]] = None,
    identical: AbstractSet[str] = frozenset(),
) -> Tuple[Effect, ...]:
    """`effects_of`, of values that were measured already.

    Traces that are `identical` with the CPU's, sample for sample, are known to the last bit.
    """
    limits = limits or {}
    groups = _judge_alike(
        [each for each in asked if each.strays is None or each.quantity not in limits]
    )
    rejected = iter(holm([p for group in groups for p in group.judged.different]))
    plain: List[Effect] = []
    along_own: Dict[Tuple[str, str, str], Effect] = {}
    for group in groups:
        found = _effects(group, rejected, limits.get(group.asked.quantity))
        if group.asked.trace in identical and group.asked.quantity not in limits:
            found = [_known(effect) for effect in found]
        if group.asked.strays is None:
            plain += found
        else:
            along_own.update({_place(e): e for e in found if e.outcome == DIFFERENT})
    shown = [
        effect if effect.outcome == DIFFERENT else along_own.pop(_place(effect), effect)
        for effect in plain
    ]
    known = {_place(effect) for effect in shown}
    return (*shown, *(effect for place, effect in along_own.items() if place not in known))


def _known(effect: Effect) -> Effect:
    return replace(
        effect, low=effect.value, high=effect.value, outcome=SAME, longer=math.nan, why=CPUS
    )


def _place(effect: Effect) -> Tuple[str, str, str]:
    return effect.trace, effect.quantity, effect.where


def _judge_alike(asked: Sequence[QuantityValues]) -> List[_Group]:
    """Judge each quantity over all traces that are asked it: variances moderate each other."""
    alike: Dict[Any, List[QuantityValues]] = {}
    for each in asked:
        key = (
            each.quantity,
            each.part,
            len(each.repeats),
            None if each.builds is None else len(each.builds),
            each.strays is None,
        )
        alike.setdefault(key, []).append(each)
    judged: Dict[int, Judged] = {}
    for together in alike.values():
        builds = [each.builds for each in together if each.builds is not None]
        kind = QUANTITIES[together[0].quantity]
        its = np.concatenate([each.its for each in together])
        repeats = np.concatenate([each.repeats for each in together], axis=1)
        strays = [each.strays for each in together if each.strays is not None]
        found = (
            _judge_strays(kind, its, repeats, strays)
            if strays
            else _judge(
                kind,
                its,
                repeats,
                np.concatenate(builds, axis=1) if builds else None,
                together,
            )
        )
        ends = np.cumsum([len(each.its) for each in together])[:-1]
        parts = zip(*(np.split(array, ends) for array in found))
        judged.update({id(each): Judged(*part) for each, part in zip(together, parts)})
    return [_Group(each, judged[id(each)]) for each in asked]


def _judge(
    kind: Quantity,
    its: np.ndarray,
    repeats: np.ndarray,
    builds: Optional[np.ndarray],
    asked: Sequence[QuantityValues],
) -> Judged:
    effect = its - repeats.mean(axis=0)
    count = len(repeats)
    if count < 2:
        run, freedoms = (np.concatenate(columns) for columns in zip(*map(_alone, asked)))
        return judge(effect, 1, run, freedoms, kind.floor, build=np.full(len(its), kind.build))
    deviation, freedom = moderated(repeats)
    if builds is None:
        return judge(effect, count, deviation, freedom, kind.floor)
    among = np.concatenate([repeats[:1], builds])  # the model as it is is one of its builds
    complete = np.isfinite(among).all(axis=0)
    among = np.where(complete, among, 0.0)
    between, between_freedom = moderated(among)
    between = np.where(complete, between, deviation)
    away = np.where(complete, its - among.mean(axis=0), effect)
    known = Builds(away, between, between_freedom, len(among))
    return judge(effect, count, deviation, freedom, kind.floor, known)


def _alone(asked: QuantityValues) -> Tuple[np.ndarray, np.ndarray]:
    """(k,) deviation of a run, and its degrees of freedom, by one pair of runs.

    It is what is typical, or what the pair itself shows where that is more: signals that tell less
    of a quantity, or runs that are noisier, than those that typical deviations are of.
    """
    count = len(asked.its)
    typical = np.full(count, QUANTITIES[asked.quantity].run_of(asked.seconds))
    if asked.known is None:
        return typical, np.full(count, TYPICAL)
    own = asked.known.error / np.sqrt(2)  # which is that of both runs
    more = own > typical
    return np.where(more, own, typical), np.where(more, asked.known.freedom, TYPICAL)


def _judge_strays(
    kind: Quantity, its: np.ndarray, repeats: np.ndarray, strays: Sequence[Strays]
) -> Judged:
    mean = repeats.mean(axis=0)
    deviation, freedom = moderated(repeats)
    of_builds = np.concatenate([each.builds for each in strays], axis=1)
    return judge_astray(
        its - mean,
        len(repeats),
        deviation,
        freedom,
        kind.floor,
        np.concatenate([each.its for each in strays]),
        of_builds - mean,
        np.concatenate([each.of_builds for each in strays], axis=1),
    )


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
        why = _why(kind, asked, margin[1])
        different = bool(next(rejected))
        if limits is not None:
            margin, why = _judged_limits(kind, limits), limits.why
            different = low > margin[1] or high < margin[0]
        same = margin[0] <= low and high <= margin[1]
        larger = x > 0 or asked.quantity not in LARGER
        outcome = DIFFERENT if different else SAME if same else OPEN
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
                longer=_longer(asked, x, half, margin) if outcome == OPEN else math.nan,
                why=why,
                of=asked.of,
                instead=asked.instead[k] if asked.instead else "",
                because=asked.because[k] if asked.because and outcome != SAME and larger else "",
            )
        )
    return found


def _why(kind: Quantity, asked: QuantityValues, margin: float) -> str:
    """Where a margin comes from that is the larger of a floor and of what runs differ by."""
    if asked.strays is not None and margin <= kind.floor:
        return f"{kind.why.format(of=asked.of)}; {ALONG_OWN}"
    if margin <= kind.floor:
        return kind.why.format(of=asked.of)
    if len(asked.repeats) < 2:
        of = "what is typical of equally good builds of the built-in systems"
    elif asked.builds is not None:
        of = "equally good builds"
    else:
        of = "runs of the same neurons"
    return f"{K:g} standard deviations of {of}, more than the floor of {_size(kind, kind.floor)}"


def _size(kind: Quantity, judged: float) -> str:
    """An effect, in the unit of the judgement, as people read it."""
    if kind.ratio:
        return f"a factor of {math.exp(judged):.3g}"
    if kind.unit:
        return f"{kind.scale * judged:.3g} {kind.unit}"
    return f"{judged:.2g}" if kind.plain else f"{figure(100 * judged, 3)} %"


def _judged_limits(kind: Quantity, limits: Tolerance) -> Tuple[float, float]:
    low = -math.inf if limits.low is None else kind.judged(limits.low)
    high = math.inf if limits.high is None else kind.judged(limits.high)
    return low, high


def _longer(asked: QuantityValues, x: float, half: float, margin: Tuple[float, float]) -> float:
    """Times as long until the interval clears the margin; NaN if it is runs that are too few.

    Measured, it shrinks with the root of the length; typical, as `Quantity.run_of` does. Of an
    interval that is wider than the margin, where the effect lies in it is chance: a run tells
    where as soon as the interval is half as wide as what is allowed.
    """
    gap = min(abs(x - margin[0]), abs(margin[1] - x))
    allowed = (margin[1] - margin[0]) / 2
    if half > allowed:
        gap = max(gap, allowed / 2)
    alone = len(asked.repeats) < 2
    if gap <= 0:
        return math.nan if alone else math.inf
    power = QUANTITIES[asked.quantity].power if alone else 0.5
    needed = (half / gap) ** (1 / power)
    too_few = needed <= 1 or (alone and needed * asked.seconds > KNOWN_FROM)
    return math.nan if too_few else needed


def margins_in_words() -> str:
    """How margins are drawn, and what rate of false alarms is kept, in one line."""
    return (
        f"each margin is its floor or {K:g} standard deviations of equally good builds; "
        f"the rate of a false NO PARITY is kept at {100 * LEVEL:g} % of runs for all quantities "
        "together (Holm)"
    )
