"""What the verdict misses, and where it cries wolf.

python benchmarks/verdict.py misses FOLDER [--models NAME ...] [--seconds 2 4 8] [--seeds 0:20]
python benchmarks/verdict.py alarms FOLDER [--models NAME ...] [--seconds 2 4 8] [--seeds 0:20]
python benchmarks/verdict.py pairs FOLDER [--models NAME ...] [--seconds 0.5 1 2] [--seeds 0:20]
python benchmarks/verdict.py typical [SYSTEM ...]
python benchmarks/verdict.py lessons [SYSTEM ...]

*misses* injects known faults into healthy CPU runs with other initial voltages, and counts how
often each is called NO PARITY. *alarms* counts the same of healthy CPU runs, half with other
voltages, half with other neurons as well, and of the emulator's. Both take the runs that
`verdict_runs.py` has made in FOLDER. What these are asked is measured once and kept there
(``*asked.json``; after a change of what is measured, remove them), what is decided of it is not.
*pairs* judges healthy runs with other voltages by one CPU run, without a spread. *typical* prints
standard deviations of runs and builds of the built-in systems and of free dynamics, which stand in
for a spread where none was made (`deploy/parity/floors.py`). All of it on one core.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import argparse
import json
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple, Union

import numpy as np
from scipy.stats import beta

import deploy
from benchmarks.verdict_faults import FAULTS, NONE, cases, cut, injected
from benchmarks.verdict_runs import EMULATOR, HEALTHY_RUNS, MODELS, VOLTAGES, Seeded, there
from deploy.parity.effects import DIFFERENT, OPEN, Effect, effects_of, judged_effects
from deploy.parity.floors import QUANTITIES
from deploy.parity.run_values import CpuRuns, QuantityValues, Strays
from deploy.traces.traces import Traces
from deploy.workflows.run import run
from loihi_rules.systems import SYSTEMS

TYPICAL_SECONDS = 4.0  # of models that do not say how long they want to run
LENGTHS = (2.0, 4.0, 8.0)  # s
FLOORS = 2.0  # times its floor, from which on a fault has to be caught
SHARE = 0.95  # of the runs, at least
NO_PARITY, NOT_DECIDED, PARITY = "NO PARITY", "OPEN", "PARITY"


FREE = frozenset({"integrator", "oscillator"})  # models whose builds part
TAUGHT = frozenset({"weights", "error"})  # kinds of traces


class Asked(NamedTuple):
    """Which runs to count."""

    folder: Path
    models: List[str]
    seconds: List[float]
    seeds: range


# ------------------------------------------------------------------------- what runs are asked

Values = Mapping[
    Tuple[float, str], Union[str, List[QuantityValues]]
]  # of a length and fault, or why not


def values_of(one: Seeded, seconds: Sequence[float]) -> Values:
    """What a model's runs of one seed are asked, healthy and faulty, at each length."""
    path = one.folder / f"{one.model}, {one.seconds:g} s, {one.seed}, asked.json"
    found: Dict[Tuple[float, str], Union[str, List[QuantityValues]]] = {}
    if path.exists():
        found = {(s, name): _read(value) for s, name, value in json.loads(path.read_text())}
    others = (*HEALTHY_RUNS, EMULATOR)
    wanted = {(s, n) for s in seconds if s <= one.seconds for n in (*FAULTS, *others)}
    lengths = sorted({s for s, _ in wanted - set(found)})
    if not lengths:
        return found
    for length, spread, case in cases(one, lengths):
        cpu = CpuRuns(spread.repeats[0], spread)
        healthy = cpu.values_of(case.healthy)
        runs = {**injected(case), **{name: case.runs[name] for name in others}}
        for name, faulty in runs.items():
            if (length, name) not in found:
                found[length, name] = (
                    values_beside(healthy, case.healthy, faulty, cpu)
                    if isinstance(faulty, Traces)
                    else faulty
                )
    kept = [[s, name, _written(value)] for (s, name), value in found.items()]
    path.with_suffix(".part").write_text(json.dumps(kept))
    path.with_suffix(".part").replace(path)
    return found


def values_beside(
    known: Sequence[QuantityValues], healthy: Traces, faulty: Traces, cpu: CpuRuns
) -> List[QuantityValues]:
    """What a run is asked, where it has other traces than a run whose values are known."""
    ideals = {trace.label: trace.ideal for trace in cpu.reference}
    other = {t.label for t in faulty if t is not healthy.traces.get(t.label)}
    if any(faulty[label].kind in TAUGHT for label in other):  # one is asked with the other
        return cpu.values_of(faulty)
    other |= {t.label for t in healthy if t.label not in faulty.traces}
    again = other | {label for label, ideal in ideals.items() if ideal in other}
    needed = again | {ideals.get(label) for label in again}
    part = replace(faulty, traces={t.label: t for t in faulty if t.label in needed})
    values = [each for each in cpu.values_of(part) if each.trace in again]
    values += [each for each in known if each.trace not in again]
    return sorted(values, key=lambda each: list(ideals).index(each.trace))


def _written(value: Union[str, List[QuantityValues]]) -> Any:
    if isinstance(value, str):
        return value
    return [_in_lists(one) for one in value]


def _in_lists(value: Any) -> Any:
    if isinstance(value, (QuantityValues, Strays)):
        return {name: _in_lists(each) for name, each in value._asdict().items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def _read(value: Any) -> Union[str, List[QuantityValues]]:
    if isinstance(value, str):
        return value
    return [
        QuantityValues(
            **{**_in_arrays(one), "strays": one["strays"] and Strays(**_in_arrays(one["strays"]))}
        )
        for one in value
    ]


def _in_arrays(values: Mapping[str, Any]) -> Dict[str, Any]:
    arrays = ("its", "repeats", "builds", "of_builds")
    return {k: np.array(v) if k in arrays and v is not None else v for k, v in values.items()}


def seeds_of(asked: Asked, models: Sequence[str]) -> Iterator[Tuple[str, Values]]:
    """Each model with the values of each of its seeds."""
    for model in models:
        for one in there(asked.folder, model):
            if one.seed in asked.seeds and one.done:
                yield model, values_of(one, asked.seconds)


def outcome_of(effects: Sequence[Effect]) -> str:
    outcomes = {effect.outcome for effect in effects}
    return NO_PARITY if DIFFERENT in outcomes else NOT_DECIDED if OPEN in outcomes else PARITY


# ---------------------------------------------------------------------------------------- misses


class Size(NamedTuple):
    """How large a fault is: the largest change of any quantity that it is a fault of."""

    floors: float = 0.0
    margins: float = 0.0
    precision: float = 0.0  # half the width of its interval, in margins
    quantity: str = "not asked"


def size_of(fault: str, effects: Sequence[Effect], healthy: Sequence[Effect]) -> Size:
    about = FAULTS[fault].about
    before = {(e.trace, e.quantity, e.where): e for e in healthy}
    sizes = [Size()]
    for effect in effects:
        known = before.get((effect.trace, effect.quantity, effect.where))
        if known is None or (about and effect.quantity not in about):
            continue
        kind = QUANTITIES[effect.quantity]
        change = abs(kind.judged(effect.value) - kind.judged(known.value))
        half = (kind.judged(effect.high) - kind.judged(effect.low)) / 2
        margin = kind.judged(effect.margin[1])
        sizes.append(Size(change / kind.floor, change / margin, half / margin, effect.quantity))
    return max(sizes)


class Cell(NamedTuple):
    """One fault in one model at one length: an outcome and a size for each seed."""

    outcomes: List[str]
    sizes: List[Size]
    reasons: List[str]

    @property
    def caught(self) -> int:
        return self.outcomes.count(NO_PARITY)

    @property
    def shown(self) -> str:
        if not self.outcomes:
            return "–" if self.reasons else ""
        return f"{self.caught} / {len(self.outcomes) - self.outcomes.count(PARITY)}"

    @property
    def missed(self) -> bool:
        """Whether it is large enough to be caught, and is not."""
        large = self.outcomes and np.median([size.floors for size in self.sizes]) >= FLOORS
        return bool(large) and self.caught < SHARE * len(self.outcomes)


def misses(asked: Asked) -> None:
    models, seconds = asked.models, asked.seconds
    found: Dict[Tuple[str, str, float], Cell] = defaultdict(lambda: Cell([], [], []))
    count: Counter = Counter()
    for model, values in seeds_of(asked, models):
        for (length, fault), measured in values.items():
            if fault not in FAULTS or length not in seconds:
                continue
            cell = found[fault, model, length]
            if isinstance(measured, str):
                cell.reasons.append(measured)
                continue
            healthy = values[length, VOLTAGES]
            effects = judged_effects(measured)
            cell.outcomes.append(outcome_of(effects))
            cell.sizes.append(size_of(fault, effects, judged_effects(healthy)))
            count[model, length] += fault == NONE
    for length in seconds:
        columns = [model for model in models if count[model, length]]
        print(f"\n{length:g} s: NO PARITY / not PARITY, of so many seeds\n")
        heads = [f"{model} ({count[model, length]})" for model in columns]
        print("| fault | " + " | ".join(heads) + " |\n|---|" + "---|" * len(columns))
        for fault in FAULTS:
            cells = [found[fault, model, length].shown for model in columns]
            print(f"| {fault} | " + " | ".join(cells) + " |")
    reasons = {(f, r) for (f, _, _), cell in found.items() for r in cell.reasons}
    for reason in sorted({reason for _, reason in reasons}):
        print(f"\n–, {reason}: " + ", ".join(sorted(f for f, r in reasons if r == reason)))
    print_missed({key: cell for key, cell in found.items() if key[2] in seconds})


def print_missed(found: Mapping[Tuple[str, str, float], Cell]) -> None:
    """What is above twice its floor and caught too seldom, and what it is beside its margin."""
    print(f"\nabove {FLOORS:g} floors, and caught in less than {100 * SHARE:g} % of runs\n")
    print("| model | fault | caught | PARITY | floors | margins | interval, ± margins | changed |")
    print("|---|---|---|---|---|---|---|---|")
    large: Counter = Counter()  # of single runs
    caught: Counter = Counter()
    for (fault, model, length), cell in sorted(found.items(), key=lambda item: item[0][1:]):
        if fault == NONE or not cell.outcomes:
            continue
        floors, margins, half = (np.median([size[k] for size in cell.sizes]) for k in range(3))
        for outcome, size in zip(cell.outcomes, cell.sizes):
            for unit, times in (("floors", size.floors), ("margins", min(size[:2]))):
                for which in ("", ", free" if model in FREE else ", not free"):
                    large[unit + which] += times >= FLOORS
                    caught[unit + which] += times >= FLOORS and outcome == NO_PARITY
        if cell.missed:
            most = Counter(size.quantity for size in cell.sizes).most_common(1)[0][0]
            good = cell.outcomes.count(PARITY)
            print(
                f"| {model}, {length:g} s | {fault} | {cell.caught} of {len(cell.outcomes)} | "
                f"{good} | {floors:.1f} | {margins:.1f} | {half:.2f} | {most} |"
            )
    for unit, count in large.items():
        print(f"\nof all runs with a fault above {FLOORS:g} {unit}: {_share(caught[unit], count)}")


# ---------------------------------------------------------------------------------- false alarms


def alarms(asked: Asked) -> None:
    for length in asked.seconds:
        for runs, words in ((HEALTHY_RUNS, "healthy CPU runs"), ((EMULATOR,), "emulator")):
            print(f"\n{length:g} s: {words}\n")
            count_alarms(asked, length, runs)


def count_alarms(asked: Asked, length: float, runs: Sequence[str]) -> None:
    print("| model | runs | NO PARITY | OPEN | PARITY | quantities |")
    print("|---|---|---|---|---|---|")
    total: Counter = Counter()
    for model in asked.models:
        counts: Counter = Counter()
        false: Counter = Counter()
        for _, values in seeds_of(asked, [model]):
            for healthy in runs:
                if (length, healthy) not in values:
                    continue
                effects = judged_effects(values[length, healthy])
                counts[outcome_of(effects)] += 1
                false.update({e.quantity for e in effects if e.outcome == DIFFERENT})
        if not counts:
            continue
        total.update(counts)
        row = [sum(counts.values()), *(counts[o] for o in (NO_PARITY, NOT_DECIDED, PARITY))]
        words = ", ".join(f"{name} {count}" for name, count in false.items())
        print(f"| {model} | " + " | ".join(map(str, row)) + f" | {words} |")
    if total:
        print("\nNO PARITY: " + _share(total[NO_PARITY], sum(total.values())))


def _share(count: int, n: int) -> str:
    """With Clopper and Pearson's interval."""
    low = beta.ppf(0.025, count, n - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, n - count) if count < n else 1.0
    return (
        f"{count} of {n}, {100 * count / n:.1f} % "
        f"(95 % interval {100 * low:.1f} to {100 * high:.1f} %)"
    )


# ------------------------------------------------------------------------- one pair of runs


def pairs(asked: Asked) -> None:
    """Healthy runs with other voltages against one run, without a spread."""
    print("| model | s | runs | NO PARITY | OPEN | PARITY | no effect within the 95 % interval |")
    print("|---|---|---|---|---|---|---|")
    for model in asked.models:
        for length in asked.seconds:
            outcomes: Counter = Counter()
            inside: List[bool] = []
            for one in there(asked.folder, model):
                if one.seed not in asked.seeds or not one.done or one.seconds < length:
                    continue
                cpu = CpuRuns(cut(one.spread().repeats[0], length), None)
                for name in HEALTHY_RUNS:
                    if name.startswith(VOLTAGES):
                        values = cpu.values_of(cut(Traces.load(one.run_path(name)), length))
                        effects = judged_effects(values)
                        outcomes[outcome_of(effects)] += 1
                        inside += [_holds_nothing(effect) for effect in effects]
            if inside:
                row = [f"{length:g}", sum(outcomes.values())]
                row += [outcomes[outcome] for outcome in (NO_PARITY, NOT_DECIDED, PARITY)]
                share = f"{100 * np.mean(inside):.0f} %"
                print(f"| {model} | " + " | ".join(map(str, row)) + f" | {share} |", flush=True)


def _holds_nothing(effect: Effect) -> bool:
    """Whether no effect is within its interval."""
    kind = QUANTITIES[effect.quantity]
    return kind.judged(effect.low) <= 0 <= kind.judged(effect.high)


# -------------------------------------------------------------------------------- what is typical


def typical(systems: List[str]) -> None:
    """Largest over systems of the median over values of each quantity's standard deviations."""
    found: Dict[str, List[Tuple[float, float]]] = defaultdict(list)
    for name in systems:
        duration = SYSTEMS[name].duration if name in SYSTEMS else TYPICAL_SECONDS
        model = name if name in SYSTEMS else MODELS[name](seed=0)
        reference = run(model, duration, "cpu")
        spread = deploy.spread(model, duration, reference=reference)
        by: Dict[str, List[Any]] = defaultdict(list)
        for effect in effects_of(reference, reference, spread):
            by[effect.quantity].append(effect)
        for name, effects in by.items():
            found[name].append(
                (
                    float(np.median([e.deviation for e in effects])),
                    float(np.median([e.build for e in effects])),
                )
            )
    print(f"{'quantity':22}{'run':>10}{'build':>10}")
    for name, pairs in found.items():
        run_, build = (max(column) for column in zip(*pairs))
        print(f"{name:22}{run_:10.4f}{build:10.4f}")


# ------------------------------------------------------------------------------------- lessons


def lessons(systems: List[str]) -> None:
    """The emulator's verdict on built-in systems, at their own length, and the largest effects."""
    print(
        "| lesson | verdict | quantities | differs in, is open in, or comes closest to its margin |"
    )
    print("|---|---|---|---|")
    for system in systems:
        parity = deploy.compare(system, SYSTEMS[system].duration)
        worst = parity.different + parity.open or parity.effects
        shown = sorted(worst, key=lambda effect: -effect.severity)[:2]
        failed = [f"{f.metric} {f.value:.3g}" for f in parity.failed]
        count = len(parity.effects) + len(parity.judged)
        words = "; ".join([*failed, *(effect.words for effect in shown)])
        print(f"| {system} | {parity.outcome} | {count} | {words} |", flush=True)


COUNTS = {"misses": misses, "alarms": alarms, "pairs": pairs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("misses", "alarms", "pairs", "typical", "lessons"))
    parser.add_argument("given", nargs="*", help="a folder of runs, or systems")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--seconds", type=float, nargs="+", default=list(LENGTHS))
    parser.add_argument("--seeds", default="0:20", help="first, and one more than the last")
    asked = parser.parse_args()
    if asked.what in COUNTS:
        if len(asked.given) != 1:
            parser.error("one folder, which verdict_runs.py has filled")
        seeds = range(*map(int, asked.seeds.split(":")))
        COUNTS[asked.what](Asked(Path(asked.given[0]), asked.models, asked.seconds, seeds))
    elif asked.what == "lessons":
        lessons(asked.given or list(SYSTEMS))
    else:
        typical(asked.given or [*SYSTEMS, "integrator", "oscillator"])


if __name__ == "__main__":
    main()
