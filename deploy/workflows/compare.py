"""Run a model on several targets, and compare one with the other."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any, Mapping, Optional, Sequence, Union

from deploy.emulator.silicon import Silicon
from deploy.errors import BadInput
from deploy.models.loaded import Model
from deploy.models.same_model import SameModel
from deploy.parity import Spread
from deploy.parity.compare import check_runs
from deploy.parity.comparison import OPEN_ as OPEN
from deploy.parity.tolerances import Tolerance
from deploy.targets import check_engine, check_silicon, find_target
from deploy.traces.traces import HOST_ONLY
from deploy.workflows.budget import budget_of_ladder, check_ladder, climb
from deploy.workflows.given import (
    RUNS,
    check_number_of_runs,
    check_targets,
    seconds_of,
    step_of,
    usable_target,
)
from deploy.workflows.parity import Parity, parity_of
from deploy.workflows.run import Progress, run
from deploy.workflows.spread import spread as make_spread

LONGEST = 8.0  # times the duration asked for
MORE = 0.25  # of a run that is open, to run longer at least


def compare(
    model: Model,
    duration: Optional[float] = None,
    targets: Sequence[str] = ("cpu", "emulator"),
    seed: int = 0,
    *,
    dt: Optional[float] = None,
    engine: str = "fast",
    ideals: Optional[Mapping[str, str]] = None,
    tolerances: Optional[Mapping[str, Tolerance]] = None,
    spread: Union[int, Spread] = RUNS,
    until_decided: bool = False,
    budget: bool = False,
    progress: Optional[Progress] = None,
    silicon: Optional[Mapping[str, Any]] = None,
) -> Parity:
    """Run a model on several targets and compare the last with the first.

    Parameters
    ----------
    model, duration, seed, dt, engine, ideals, progress
        As for `run`.
    targets : sequence of str
        The reference first. Those between the first and the last split what the last does
        otherwise, see `deploy.Budget`.
    tolerances : mapping of str to Tolerance, optional
        As for `deploy.compare_traces`.
    spread : int or Spread
        By how many equally good CPU runs to judge, see `deploy.spread`; 0 for one pair of runs
        alone, as always for a NIR file, of whose model there are no others. Or a spread that was
        made before.
    until_decided : bool
        While the verdict is open, run longer, up to `LONGEST` times as long; and where it is
        builds that are too few, make more of them.
    budget : bool
        Whether to say what causes the effects of the emulator, by more runs; see `deploy.budget`.
    silicon : mapping of str to str, optional
        As for `run`; of the targets that have silicon modes.

    Returns
    -------
    Parity
    """
    check_targets(targets)
    modes = Silicon.of(silicon or {})
    check_silicon(targets, modes)
    check_engine(targets, engine)
    for name in targets:
        usable_target(name, engine, modes)
    if not isinstance(spread, Spread) and spread != 0:
        check_number_of_runs(spread)
    same = SameModel(model)
    loaded = same.load(seed)
    dt = step_of(dt, loaded)
    if loaded.is_one_of_its_kind and not isinstance(spread, Spread):
        spread = 0
    if not loaded.network.all_probes:
        raise BadInput(
            f"{loaded.name}: the model has no probes, so that there is nothing to compare; "
            "add one, as nengo.Probe(ens, synapse=0.01)"
        )
    if budget:
        if (targets[0], targets[-1]) != ("cpu", "emulator"):
            raise BadInput("a budget is of the emulator against the cpu: --targets cpu,emulator")
        if modes.different:
            raise BadInput(f"a budget is of the emulator as it is, not with {modes}; leave one out")
        check_ladder(same, seed, dt)
    duration = seconds_of(duration, loaded)
    end = LONGEST * duration
    while True:
        made = {
            name: run(
                same.load(seed),
                duration,
                name,
                seed,
                dt=dt,
                engine=find_target(name).engine_of(engine),
                ideals=ideals,
                progress=progress,
                silicon=modes.of_target(find_target(name).has_silicon_modes),
            )
            for name in sorted(targets, key=lambda name: not find_target(name).is_chip)
        }  # chips first: what does not fit is refused before anything is simulated
        runs = [made[name] for name in targets]
        check_runs(runs)
        if HOST_ONLY in runs[-1].record:
            return parity_of(runs, None, tolerances)
        make = partial(
            make_spread,
            same,
            duration,
            seed,
            dt=dt,
            ideals=ideals,
            progress=progress,
            reference=runs[0] if runs[0].target == "cpu" else None,
        )
        yardstick = spread if isinstance(spread, Spread) else make(runs=spread) if spread else None
        parity = parity_of(runs, yardstick, tolerances)
        if until_decided and yardstick is not None and _builds_are_too_few(parity):
            yardstick = make(runs=2 * (len(yardstick) - 1), known=yardstick)
            parity = parity_of(runs, yardstick, tolerances)
        seconds = parity.seconds_more
        if not until_decided or math.isnan(seconds) or duration >= end:
            if not budget:
                return parity
            ladder = climb(same, runs[0], runs[-1], ideals, progress=progress)
            return replace(parity, budget=budget_of_ladder(ladder, yardstick))
        # twice at most: what is open is seldom as it looks at first
        longer = duration + max(seconds, MORE * duration)
        duration = dt * round(min(end, longer, 2 * duration) / dt)


def _builds_are_too_few(parity: Parity) -> bool:
    """Whether it is open by what more runs would tell, and longer ones would not."""
    by_runs = parity.outcome == OPEN and bool(parity.open or parity.undecided)
    return by_runs and math.isnan(parity.seconds_more)
