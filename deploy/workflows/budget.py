"""Climb the ladder from CPU to chip: a run for each cause, and what each adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from deploy.errors import BadInput, TargetUnavailable
from deploy.models.loaded import Model
from deploy.models.same_model import SameModel
from deploy.parity import Spread
from deploy.parity.budget import Budget, budget_of
from deploy.parity.comparison import worst_first, worst_of_each
from deploy.parity.effects import effects_of
from deploy.parity.spread import trimmed
from deploy.rungs import REPEATS, RUNGS, Rung
from deploy.targets import find_target
from deploy.traces.traces import Traces
from deploy.workflows.given import RUNS
from deploy.workflows.processes import at_once, stop_if_asked
from deploy.workflows.processes import spread as on_all_cores
from deploy.workflows.run import Progress, record, run
from deploy.workflows.spread import spread as make_spread
from loihi_rules import rewrite

STEP = 0.001  # s: nengo-loihi's neurons know of no other


@dataclass(frozen=True)
class Ladder:
    """Runs from the CPU's to the chip's.

    Attributes
    ----------
    runs : tuple of Traces
        The CPU's first, the emulator's last.
    causes : tuple of str
        What each run but the first has that the one before has not.
    repeats : tuple of Traces
        Of one of them from other initial voltages.
    notes : tuple of str
        Of rungs that could not be climbed.
    """

    runs: Tuple[Traces, ...]
    causes: Tuple[str, ...]
    repeats: Tuple[Traces, ...]
    notes: Tuple[str, ...]


def budget(
    model: Union[Model, SameModel],
    duration: float,
    seed: int = 0,
    *,
    dt: float = STEP,
    ideals: Optional[Mapping[str, str]] = None,
    spread: Union[int, Spread] = RUNS,
    processes: Optional[int] = None,
    progress: Optional[Progress] = None,
) -> Budget:
    """What each cause adds to what the emulator does otherwise than the CPU.

    The causes are those of `deploy.rungs.RUNGS`, each with a real run that has one more of them
    than the one before.

    Parameters
    ----------
    model, duration, seed, dt, ideals
        As for `deploy.run`.
    spread : int or Spread
        As for `deploy.compare`.
    processes : int, optional
        How many runs at once; one a core if not given.
    progress : callable, optional
        Called with ``"budget"``, runs done and runs in all.

    Returns
    -------
    Budget

    Raises
    ------
    BadInput, TargetUnavailable
        As `deploy.run`; or if nothing of the model is on the chip, or its step is not 1 ms.
    """
    same = SameModel(model)
    check_ladder(same, seed, dt)
    ends = [
        run(same.load(seed), duration, name, seed, dt=dt, ideals=ideals)
        for name in ("cpu", "emulator")
    ]
    if isinstance(spread, Spread):
        yardstick: Optional[Spread] = spread
    elif spread:
        yardstick = make_spread(
            same, duration, seed, runs=spread, dt=dt, ideals=ideals, reference=ends[0]
        )
    else:
        yardstick = None
    ladder = climb(same, ends[0], ends[1], ideals, processes, progress)
    return budget_of_ladder(ladder, yardstick)


def check_ladder(model: Union[Model, SameModel], seed: int, dt: float) -> None:
    """Refuse a model that has no ladder, before anything is run.

    Raises
    ------
    BadInput, TargetUnavailable
    """
    if dt != STEP:
        raise BadInput(f"a budget needs a step of {STEP:g} s, not {dt:g} s; leave dt as it is")
    reason = find_target("emulator").missing()
    if reason is not None:
        raise TargetUnavailable(f"target emulator: {reason}")
    if not rewrite(SameModel(model).load(seed).network, seed, dt).chip_ensembles:
        raise BadInput("nothing of the model is on the chip, so that there is nothing to explain")


def climb(
    model: Union[Model, SameModel],
    cpu: Traces,
    emulator: Traces,
    ideals: Optional[Mapping[str, str]] = None,
    processes: Optional[int] = None,
    progress: Optional[Progress] = None,
) -> Ladder:
    """Make the runs between two that are there.

    Rungs of causes that the model has nothing of are left out; so are those that cannot be run,
    with a note, and their cause goes with the next.

    Parameters
    ----------
    model, ideals
        As for `deploy.run`.
    cpu, emulator : Traces
        Of the model.
    processes, progress
        As for `budget`.
    """
    same = SameModel(model)
    chip = rewrite(same.load(cpu.seed).network, cpu.seed, cpu.dt)
    rungs = [rung for rung in RUNGS if rung.applies(chip)]
    between = [*rungs[:-1], *REPEATS]  # the last is the emulator itself
    made: Dict[int, Union[Traces, str]] = {}
    options = {"n_steps": cpu.n_steps, "dt": cpu.dt, "seed": cpu.seed, "ideals": ideals or {}}
    jobs = range(len(between))
    for k, found in on_all_cores(_one, jobs, at_once(processes), between, same, options):
        made[k] = found
        if progress is not None:
            progress("budget", len(made), len(between))
    runs: List[Traces] = [trimmed(cpu, weights=True)]
    causes: List[str] = []
    notes: List[str] = []
    waiting: List[str] = []
    for k, rung in enumerate(rungs):
        found = emulator if rung is rungs[-1] else made[k]
        waiting.append(rung.cause)
        if isinstance(found, str):
            notes.append(f"no run of its own for {rung.cause}: {found}")
            continue
        runs.append(trimmed(found, weights=True))
        causes.append(" and ".join(waiting))
        waiting = []
    again = [made[k] for k in jobs[len(rungs) - 1 :]]
    repeats = tuple(run_ for run_ in again if not isinstance(run_, str))
    return Ladder(tuple(runs), tuple(causes), repeats, tuple(notes))


def _one(
    k: int, rungs: Sequence[Rung], same: SameModel, options: Mapping[str, Any]
) -> Union[Traces, str]:
    loaded = same.load(options["seed"])
    try:
        return trimmed(record(rungs[k], loaded, progress=stop_if_asked, **options), weights=True)
    except Exception as error:  # half a chip may be what a model's own code does not foresee
        return f"{type(error).__name__}, {error}".rstrip(", ")


def budget_of_ladder(ladder: Ladder, spread: Optional[Spread]) -> Budget:
    """What each cause adds to the worst effect of each quantity of each trace."""
    effects = effects_of(ladder.runs[0], ladder.runs[-1], spread)
    worst = worst_first(worst_of_each(effects))
    return budget_of(ladder.runs, ladder.causes, worst, spread, ladder.repeats, ladder.notes)
