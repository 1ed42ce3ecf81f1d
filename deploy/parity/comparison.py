"""The outcome of a comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Optional, Tuple

from deploy.parity.budget import Budget
from deploy.parity.effects import DIFFERENT, OPEN, SAME, Effect
from deploy.parity.figure import Figure
from deploy.parity.measures import NOISE_OR_SIGNAL
from deploy.parity.run_values import Unmeasured
from deploy.parity.together import MODULATION, SHORT, WAVEFORM
from deploy.traces.traces import HOST_ONLY, Traces
from deploy.traces.uncompared import Uncompared

FORMAT = "loihi-deploy parity"
VERSION = 3  # 2: effects, and what they are judged by; 3: a budget of these
PARITY, NO_PARITY, OPEN_, NOTHING = "PARITY", "NO PARITY", "OPEN", "NO VERDICT"
NOT_TESTED = "NOT TESTED"
LONGEST_REPR = 400  # characters: a screen has room for more
MOST_NAMED = 3  # effects in a verdict's line
LONGEST = 15.0  # times the run: beyond, more seconds are no way to decide
LEAST = 0.1  # times the run: how much longer decides is not known better
MARKS = {SAME: "✓", DIFFERENT: "✗", OPEN: "?"}


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    Attributes
    ----------
    runs : tuple of Traces
        The reference first, the run that is judged last.
    figures : tuple of Figure
        Every number, with its tolerance where it has one.
    budget : Budget or None
        Which causes have which part in the effects, where there are runs between.
    notes : tuple of str
        What a reader should know besides.
    effects : tuple of Effect
        What the judged run does otherwise than the CPU's runs, quantity by quantity.
    spread : tuple of int
        How many repeats and builds it was judged by; (0, 0) if by one pair of runs.
    unmeasured : tuple of Unmeasured
        Quantities of which these runs have no value, each with the reason.
    same : tuple of str
        Traces that are the same by construction, as the chip has no part in them, and are not
        counted.
    uncompared : tuple of Uncompared
        Traces that both runs have and that could not be compared, each with the reason.
    """

    runs: Tuple[Traces, ...]
    figures: Tuple[Figure, ...]
    budget: Optional[Budget] = None
    notes: Tuple[str, ...] = ()
    effects: Tuple[Effect, ...] = ()
    spread: Tuple[int, int] = (0, 0)
    unmeasured: Tuple[Unmeasured, ...] = ()
    same: Tuple[str, ...] = ()
    uncompared: Tuple[Uncompared, ...] = ()

    def __repr__(self) -> str:
        text = self.verdict
        shown = text if len(text) <= LONGEST_REPR else f"{text[: LONGEST_REPR - 1]}…"
        return f"<{type(self).__name__}: {shown}>"

    @property
    def reference(self) -> Traces:
        return self.runs[0]

    @property
    def other(self) -> Traces:
        return self.runs[-1]

    @property
    def judged(self) -> List[Figure]:
        """Figures with a limit that a lesson or the user set."""
        return [f for f in self.figures if f.ok is not None]

    @property
    def failed(self) -> List[Figure]:
        """Figures outside their limit."""
        return [f for f in self.judged if not f.ok]

    @property
    def different(self) -> List[Effect]:
        """Effects outside their margins, the worst first."""
        return worst_first(e for e in self.effects if e.outcome == DIFFERENT)

    @property
    def open(self) -> List[Effect]:
        """Effects that these runs cannot decide, the worst first."""
        return worst_first(e for e in self.effects if e.outcome == OPEN)

    @property
    def undecided(self) -> List[Unmeasured]:
        """What these runs cannot tell, and more would, or longer ones."""
        return [
            each
            for each in self.unmeasured
            if each.why == NOISE_OR_SIGNAL
            or (each.why == SHORT and each.quantity in (MODULATION, WAVEFORM))
        ]

    @property
    def outcome(self) -> str:
        """``"PARITY"``, ``"NO PARITY"``, ``"OPEN"``, ``"NO VERDICT"`` if nothing was judged.

        What both runs have and could not be compared may be anything: it is open.
        ``"NOT TESTED"`` if the chip has no part in what was recorded.
        """
        if self.untested:
            return NOT_TESTED
        if not self.judged and not self.effects:
            return OPEN_ if any(each.too_short for each in self.uncompared) else NOTHING
        if self.failed or self.different:
            return NO_PARITY
        return OPEN_ if self.open or self.undecided or self.uncompared else PARITY

    @property
    def untested(self) -> str:
        """Why the chip has no part in what was recorded; empty if it has."""
        if HOST_ONLY in self.other.record:
            return (
                "nothing of the model runs on the chip, and the CPU was compared with the CPU: "
                f"{self.other.record[HOST_ONLY]}"
            )
        common = [t.label for t in self.reference if t.label in self.other.traces]
        if common and set(common) == set(self.same):
            return (
                "nothing that is on the chip goes into what is probed; probe an ensemble that is "
                "on the chip, or what it goes into"
            )
        return ""

    @property
    def ok(self) -> bool:
        """Whether something was judged, and all of it is as good as the CPU's own."""
        return self.outcome == PARITY

    @property
    def seconds_more(self) -> float:
        """Of model time, that would decide what is open; NaN if more seconds would not."""
        longer = [e.longer for e in self.open if not math.isnan(e.longer)]
        if any(each.too_short for each in self.uncompared) or any(
            each.why == SHORT for each in self.undecided
        ):
            longer.append(2.0)
        return (max(longer) - 1) * self.reference.duration if longer else math.nan

    @property
    def is_wide(self) -> bool:
        """Whether an interval of what is open is wider than what is allowed."""
        return any(e.in_margins(e.high) - e.in_margins(e.low) > 2 for e in self.open)

    @property
    def verdict(self) -> str:
        """In words."""
        who = f"{self.other.where} against {self.reference.where}"
        count = len(self.effects) + len(self.judged)
        if self.outcome == NOT_TESTED:
            return f"NOT TESTED: {self.untested}"
        if self.outcome == NOTHING:
            way_out = self._not_compared or "add probes to the model"
            return f"NO VERDICT: nothing could be judged, {who}; {way_out}"
        if self.outcome == PARITY:
            return f"PARITY: {self._how_many(count)} as a CPU run could give them, {who}"
        if self.outcome == OPEN_ and not count:
            return f"OPEN: nothing could be judged, {who}; {self._not_compared}"
        if self.outcome == OPEN_ and not (self.open or self.undecided):
            return (
                f"OPEN: {self._not_compared}; {self._how_many(count)} as a CPU run could give "
                f"them, {who}"
            )
        if self.outcome == OPEN_:
            words = [e.words for e in self.open]
            words += [f"{each.quantity} of {each.trace}" for each in self.undecided]
            besides = f"; and {self._not_compared}" if self.uncompared else ""
            return (
                f"OPEN: {len(words)} of {count + len(self.undecided)} quantities are not decided, "
                f"{who}; {self._way_out()}: {_named(words)}{besides}{_because(self.open)}"
            )
        failed = [f"{f.metric} of {f.trace}" for f in self.failed]
        words = [e.words for e in self.different]
        return (
            f"NO PARITY: {len(failed) + len(words)} of {count} quantities are not as a CPU run "
            f"could give them, {who}: {_named(words + failed)}{_because(self.different)}"
        )

    @property
    def unmeasured_in_words(self) -> List[str]:
        """What these runs have no value of, and why, a line for each trace and reason."""
        found: Dict[Tuple[str, str], List[str]] = {}
        for each in self.unmeasured:
            found.setdefault((each.trace, each.why), []).append(each.quantity)
        return [f"{', '.join(names)} of {trace}: {why}" for (trace, why), names in found.items()]

    @property
    def _not_compared(self) -> str:
        """What both runs have and could not be compared, the first with its reason."""
        if not self.uncompared:
            return ""
        first, more = self.uncompared[0], len(self.uncompared) - 1
        others = f", nor {'is 1 other' if more == 1 else f'are {more} others'}" if more else ""
        return f"{first.trace} is not compared{others} ({first.why})"

    def _how_many(self, count: int) -> str:
        if count > 1:
            return (
                f"the other {count} quantities are"
                if self.uncompared
                else f"all {count} quantities are"
            )
        alone = [f"{e.quantity} of {e.trace}" for e in self.effects]
        alone += [f"{f.metric} of {f.trace}" for f in self.judged]
        return f"the only quantity that could be judged, {alone[0]}, which is little to go by, is"

    def _way_out(self) -> str:
        """What would decide what is open."""
        seconds = self.seconds_more
        if self.undecided and all(each.why == SHORT for each in self.undecided):
            return "run longer to decide"
        if self.undecided or (math.isnan(seconds) and not any(self.spread)):
            return "judge by more runs (--spread) to decide"
        if not math.isnan(seconds):
            if seconds <= LONGEST * self.reference.duration:
                more = max(seconds, LEAST * self.reference.duration)
                return f"run {_rounded_up(more)} s more to decide"
            if not self.is_wide:
                return (
                    "they lie at the edge of what is allowed, and a limit of your own "
                    "(--tolerance) decides"
                )
            alone = "" if any(self.spread) else "judge by more runs (--spread), or "
            return (
                f"{alone}let the input vary more, or record more neurons, as these runs tell "
                "little of it"
            )
        return f"judge by more runs than {sum(self.spread)} (--spread) to decide"

    def value(self, trace: str, metric: str) -> Optional[float]:
        """One figure's value; None if it was not measured."""
        for figure in self.figures:
            if (figure.trace, figure.metric) == (trace, metric):
                return figure.value
        return None

    def effect(self, trace: str, quantity: str, where: str = "") -> Optional[Effect]:
        """One effect, by its names; None if it was not judged."""
        for effect in self.effects:
            if (effect.trace, effect.quantity, effect.where) == (trace, quantity, where):
                return effect
        return None

    def to_dict(self) -> Dict[str, Any]:
        """All of it but the samples, in terms of JSON."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "ok": self.ok,
            "outcome": self.outcome,
            "verdict": self.verdict,
            "spread": {"repeats": self.spread[0], "builds": self.spread[1]},
            "effects": [e.to_dict() for e in self.effects],
            "not measurable": [u._asdict() for u in self.unmeasured],
            "not counted": list(self.same),
            "not compared": [u._asdict() for u in self.uncompared],
            "figures": [f.to_dict() for f in self.figures],
            "budget": None if self.budget is None else self.budget.to_dict(),
            "notes": list(self.notes),
            "runs": [run.to_dict() for run in self.runs],
        }


def worst_of_each(effects: Iterable[Effect]) -> List[Effect]:
    """Of each trace and quantity the effect that is furthest into its margin, or out of it."""
    order = {DIFFERENT: 2, OPEN: 1, SAME: 0}
    worst: Dict[Tuple[str, str], Effect] = {}
    for effect in effects:
        key = (effect.trace, effect.quantity)
        known = worst.get(key)
        if known is None or (order[effect.outcome], effect.severity) > (
            order[known.outcome],
            known.severity,
        ):
            worst[key] = effect
    return list(worst.values())


def worst_first(effects: Iterable[Effect]) -> List[Effect]:
    """By their size in margins."""
    return sorted(effects, key=lambda effect: -effect.severity)


def _because(effects: List[Effect]) -> str:
    """What the named effects come of, each reason once."""
    reasons = dict.fromkeys(e.because for e in effects[:MOST_NAMED] if e.because)
    return "".join(f". {reason[0].upper()}{reason[1:]}" for reason in reasons)


def _named(words: List[str]) -> str:
    more = f" and {len(words) - MOST_NAMED} more" if len(words) > MOST_NAMED else ""
    return "; ".join(words[:MOST_NAMED]) + more


def _rounded_up(seconds: float) -> str:
    """To a number that people would type."""
    step = 10.0 ** math.floor(math.log10(max(seconds, 1e-3))) / 2
    return f"{math.ceil(seconds / step) * step:g}"
