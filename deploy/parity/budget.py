"""Which cause has which part in an effect: runs between CPU and chip, compared with the CPU's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from scipy.special import stdtrit  # scipy.stats takes longer to import

from deploy.parity.effects import Effect, effects_of
from deploy.parity.floors import QUANTITIES
from deploy.parity.spread import Spread
from deploy.parity.statistics.decision import LEVEL
from deploy.parity.statistics.variance import moderated
from deploy.traces.traces import Traces
from loihi_rules.nengo_parts.figures import figure

CAUSES = {  # of targets that a user may choose
    ("cpu", "float-emulator"): "neuron and input translation",
    ("float-emulator", "emulator"): "fixed point",
    ("emulator", "loihi"): "silicon",
}
MOST_NAMED = 3  # causes in a line
Key = Tuple[str, str, str]  # trace, quantity, where


@dataclass(frozen=True)
class Share:
    """What one cause adds to an effect, on top of those before it.

    Attributes
    ----------
    cause : str
    value, half : float
        The effect with it less that without, and half its 95 % interval; in the unit of the
        judgement, in which shares add up: of ratios, that is the logarithm.
    """

    cause: str
    value: float
    half: float

    @property
    def clear(self) -> bool:
        """Whether it is more than two runs differ by without a cause."""
        return abs(self.value) > self.half


@dataclass(frozen=True)
class Split:
    """An effect, and the shares that its causes have in it.

    Attributes
    ----------
    effect : Effect
        Of the judged run.
    shares : tuple of Share
        In the order of the runs. They add up to the effect.
    """

    effect: Effect
    shares: Tuple[Share, ...]

    @property
    def whole(self) -> float:
        """The effect, in the unit of the judgement."""
        return QUANTITIES[self.effect.quantity].judged(self.effect.value)

    @property
    def ranked(self) -> Tuple[Share, ...]:
        """Shares, those first that make the effect what it is, the largest first."""
        sign = 1 if self.whole >= 0 else -1
        return tuple(sorted(self.shares, key=lambda share: -sign * share.value))

    @property
    def named(self) -> Tuple[Share, ...]:
        """Shares that are clear, whichever way, the largest first."""
        return tuple(sorted((s for s in self.shares if s.clear), key=lambda s: -abs(s.value)))

    @property
    def rest(self) -> Share:
        """What is left of the effect without the shares that are clear.

        Its interval is what the others may be wrong by together.
        """
        others = [share for share in self.shares if not share.clear]
        half = math.sqrt(sum(share.half**2 for share in others))
        return Share("the rest", sum(share.value for share in others), half)

    def by_cause(self, causes: Sequence[str]) -> List[Optional[Share]]:
        """A share for each cause of a budget; None where it is in that of the next."""
        own = iter(self.shares)
        share = next(own, None)
        found: List[Optional[Share]] = []
        for cause in causes:
            ends_here = share is not None and share.cause.endswith(cause)
            found.append(share if ends_here else None)
            share = next(own, None) if ends_here else share
        return found

    def shown(self, value: float) -> str:
        """A share as people read it: in percent, in the unit, or as a factor."""
        kind = QUANTITIES[self.effect.quantity]
        if kind.ratio:
            return f"× {math.exp(value):.3g}"
        if kind.unit:
            return f"{kind.scale * value:+.3g} {kind.unit}".replace("-", "−")
        if kind.plain:
            return f"{value:+.3f}".replace("-", "−")
        return f"{100 * value:+.2f} %".replace("-", "−")

    def shown_half(self, half: float) -> str:
        """Half an interval of a share; of a factor, in percent of it."""
        if QUANTITIES[self.effect.quantity].ratio:
            return f"± {figure(100 * half, 2)} %"
        return f"± {self.shown(half)}".replace("+", "")

    @property
    def words(self) -> str:
        """The clear shares, and what is left, in a line."""
        named = [f"{share.cause} {self.shown(share.value)}" for share in self.named[:MOST_NAMED]]
        if not named:
            return "no cause for itself: each has less than two runs differ by"
        left = self.rest.value + sum(share.value for share in self.named[MOST_NAMED:])
        return "; ".join([*named, f"the rest {self.shown(left)}"])

    def to_dict(self) -> Dict[str, Any]:
        """In terms of JSON."""
        kind = QUANTITIES[self.effect.quantity]
        return {
            "trace": self.effect.trace,
            "quantity": self.effect.quantity,
            "where": self.effect.where,
            "scale": "logarithm" if kind.ratio else "difference",
            "value": self.whole,
            "shares": [
                {"cause": s.cause, "value": s.value, "half": s.half, "clear": s.clear}
                for s in self.shares
            ],
            "rest": {"value": self.rest.value, "half": self.rest.half},
            "words": self.words,
        }


@dataclass(frozen=True)
class Budget:
    """Where what a run does otherwise comes from.

    Attributes
    ----------
    causes : tuple of str
        In the order in which they were added to the CPU's run.
    splits : tuple of Split
        Of each quantity of each trace the worst effect; the worst first.
    notes : tuple of str
        What a reader should know besides.
    """

    causes: Tuple[str, ...]
    splits: Tuple[Split, ...]
    notes: Tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Budget of {len(self.splits)} effects by {len(self.causes)} causes>"

    def split(self, trace: str, quantity: str) -> Optional[Split]:
        """One effect's, by its names; None if it was not judged."""
        for split in self.splits:
            if (split.effect.trace, split.effect.quantity) == (trace, quantity):
                return split
        return None

    def to_dict(self) -> Dict[str, Any]:
        """In terms of JSON."""
        return {
            "causes": list(self.causes),
            "splits": [split.to_dict() for split in self.splits],
            "notes": list(self.notes),
        }


def budget_of(
    runs: Sequence[Traces],
    causes: Sequence[str],
    effects: Sequence[Effect],
    spread: Optional[Spread] = None,
    repeats: Sequence[Traces] = (),
    notes: Sequence[str] = (),
) -> Budget:
    r"""Split effects of the last run by those between it and the first.

    A quantity q of run k, less that of run k − 1, is the share of the cause by which they differ.
    Its 95 % interval is

    .. math::

        \pm \sqrt{(t s_{k-1})^2 + (t s_k)^2},

    where s is by how much single runs differ by themselves: on the CPU, from the n repeats by
    which the effect is judged (:math:`s_0 = s / \sqrt n`, of their mean), or, if that is more, in
    repeats with the chip's neurons, whose noise may be larger. Shares add up to the effect by
    construction. What depends on their order is not asked: each is what a cause adds on top of
    those before.

    Parameters
    ----------
    runs : sequence of Traces
        The CPU's first, the judged one last.
    causes : sequence of str
        One for each run but the first.
    effects : sequence of Effect
        Of the judged run, that are to be split.
    spread : Spread, optional
        By which they were judged.
    repeats : sequence of Traces
        Of a run between, from other initial voltages.
    notes : sequence of str
    """
    found = [_values(runs[0], run, spread) for run in runs[1:-1]]
    again = [_values(runs[0], run, spread) for run in repeats]
    n_repeats = 1 if spread is None else len(spread.repeats)
    noise = _noise(effects, again)
    splits = tuple(
        _split(effect, found, causes, n_repeats, noise.get(_key(effect), 0.0)) for effect in effects
    )
    return Budget(tuple(causes), splits, tuple(notes))


def _key(effect: Effect) -> Key:
    return effect.trace, effect.quantity, effect.where


def _values(reference: Traces, run: Traces, spread: Optional[Spread]) -> Mapping[Key, float]:
    """A run's effects in the unit of the judgement."""
    effects = effects_of(reference, run, spread)
    return {_key(e): QUANTITIES[e.quantity].judged(e.value) for e in effects}


def _noise(effects: Sequence[Effect], again: Sequence[Mapping[Key, float]]) -> Dict[Key, float]:
    """t · s of runs that differ by their initial voltages alone, where there are some."""
    alike: Dict[str, List[Key]] = {}
    for effect in effects:
        alike.setdefault(effect.quantity, []).append(_key(effect))
    noise: Dict[Key, float] = {}
    for keys in alike.values():
        table = np.array([[run.get(key, np.nan) for key in keys] for run in again])
        known = np.isfinite(table).all(axis=0) if len(again) > 1 else np.zeros(len(keys), bool)
        if known.any():
            deviation, freedom = moderated(table[:, known])
            half = stdtrit(freedom, 1 - LEVEL / 2) * deviation
            noise.update(zip((key for key, ok in zip(keys, known) if ok), half.tolist()))
    return noise


def _split(
    effect: Effect,
    found: Sequence[Mapping[Key, float]],
    causes: Sequence[str],
    n_repeats: int,
    noise: float,
) -> Split:
    """Where a run has no such value, its cause and the next are one."""
    kind = QUANTITIES[effect.quantity]
    half = abs(kind.judged(effect.high) - kind.judged(effect.low)) / 2
    of_cpu = half / math.sqrt(1 + 1 / n_repeats)
    of_run = max(of_cpu, noise)
    values = [each.get(_key(effect), math.nan) for each in found] + [kind.judged(effect.value)]
    shares: List[Share] = []
    before, of_before, waiting = 0.0, of_cpu / math.sqrt(n_repeats), ""
    for cause, value in zip(causes, values):
        waiting = f"{waiting} and {cause}" if waiting else cause
        if math.isfinite(value):
            shares.append(Share(waiting, value - before, math.hypot(of_before, of_run)))
            before, of_before, waiting = value, of_run, ""
    return Split(effect, tuple(shares))
