"""What a verb is given besides its model, checked before anything that takes long is loaded."""

from __future__ import annotations

import math
import numbers
from pathlib import Path
from typing import TYPE_CHECKING, Any, List, Optional, Sequence

from deploy.emulator.silicon import AS_EMULATED, Silicon
from deploy.errors import BadInput, TargetUnavailable
from deploy.files.kind import FileKind
from deploy.files.shapes import has_float
from deploy.targets import Target, find_target

if TYPE_CHECKING:
    from deploy.models.loaded import LoadedModel

MOST_STEPS = 10**9
STEP = 0.001  # s, where neither the user nor the model says another
USER_DURATION = 5.0  # s; of a user's model, which does not say how long it wants to run
RUNS = 12  # of a spread, besides the model as it is: a quarter repeats, the others builds
RUNS_A_SEED = 6  # of a sweep, whose seeds are many
FEWEST = 6  # with which a spread tells something
MOST_RUNS = 10_000  # of a spread, each of which is kept

WEIGHTS = FileKind(
    "loihi-deploy weights", 1, "weights", "loihi-deploy run MODEL --freeze OUT.npz makes them"
)


def known_target(name: str, engine: str = "fast", silicon: Silicon = AS_EMULATED) -> Target:
    """A target, and nothing that it runs in is loaded.

    Silicon modes are those of a target that has some; others are as they are.

    Raises
    ------
    BadInput
        If there is none of that name, or it has no such engine, or that no silicon modes.
    TargetUnavailable
        If it is known not to be there.
    """
    target = find_target(name).with_engine(engine).with_silicon(silicon)
    _refuse(target, target.absent())
    return target


def usable_target(name: str, engine: str = "fast", silicon: Silicon = AS_EMULATED) -> Target:
    """A target that can be used here, as far as what it runs in can be loaded.

    Raises
    ------
    BadInput, TargetUnavailable
        As `known_target`.
    """
    target = known_target(name, engine, silicon)
    _refuse(target, target.missing())
    return target


def _refuse(target: Target, reason: Optional[str]) -> None:
    if reason is not None:
        raise TargetUnavailable(f"target {target.name}: {reason}")


def check_targets(names: Sequence[str]) -> None:
    """Refuse targets that cannot be compared.

    Raises
    ------
    BadInput, TargetUnavailable
    """
    if len(names) < 2:
        raise BadInput("a comparison needs two targets at least, for example cpu,emulator")
    if len(set(names)) != len(names):
        raise BadInput(f"each target can be named once, not {','.join(names)}")
    for name in names:
        known_target(name)


def seconds_of(duration: Optional[float], loaded: LoadedModel) -> float:
    """Of model time: as asked, or what the model's author lets it run, or `USER_DURATION`."""
    given = (duration, loaded.duration, USER_DURATION)
    return next(each for each in given if each is not None)


def step_of(dt: Optional[float], loaded: LoadedModel) -> float:
    """Step in seconds: as asked, the model's own, or `STEP`.

    Raises
    ------
    BadInput
        If another is asked for than the model's own.
    """
    if dt is None:
        return STEP if loaded.dt is None else loaded.dt
    if loaded.dt is not None and not math.isclose(dt, loaded.dt):
        raise BadInput(
            f"{loaded.name}: it was read for a step of {loaded.dt:g} s, not {dt:g} s; say "
            f"-p dt={dt:g}, by which its time constants are read"
        )
    return dt


def steps_of(duration: float, dt: float) -> int:
    """Number of steps in a duration.

    Raises
    ------
    BadInput
        If either is not a positive, finite number, or there is not one whole step.
    """
    for name, value in (("dt", dt), ("duration", duration)):
        is_float = isinstance(value, numbers.Real) and has_float(value)
        if not is_float or not math.isfinite(value):
            raise BadInput(f"{name} must be a number of seconds, not {value!r}")
        if value <= 0:
            raise BadInput(f"{name} must be more than 0 s, not {value:g} s")
    if duration < 0.999 * dt:
        raise BadInput(
            f"a duration of {duration:g} s is less than one step of {dt:g} s; make it longer"
        )
    if duration > MOST_STEPS * dt:
        raise BadInput(
            f"a duration of {duration:g} s is too many steps of {dt:g} s; "
            f"at most {MOST_STEPS:,} can be run"
        )
    return round(duration / dt)


def checked_seed(seed: Any) -> int:
    """A seed, if it is one.

    Raises
    ------
    BadInput
    """
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral):
        raise BadInput(f"the seed must be a whole number, not {seed!r}")
    if not 0 <= seed < 2**31:
        raise BadInput(f"the seed must be from 0 to 2147483647, not {seed}")
    return int(seed)


def checked_seeds(seeds: Sequence[Any]) -> List[int]:
    """Seeds of a sweep.

    Raises
    ------
    BadInput
        If there is none, one is there twice, or one is no seed.
    """
    if not seeds or len(set(seeds)) != len(seeds):
        raise BadInput("a sweep needs one seed at least, and each only once")
    return [checked_seed(seed) for seed in seeds]


def check_number_of_runs(runs: Any) -> None:
    """Refuse what is no number of runs of a spread, before anything is run.

    Raises
    ------
    BadInput
    """
    if isinstance(runs, bool) or not isinstance(runs, numbers.Integral) or runs < FEWEST:
        raise BadInput(f"a spread takes {FEWEST} runs or more, not {runs!r}")
    if runs > MOST_RUNS:
        raise BadInput(f"{runs} runs of a spread are too many; at most {MOST_RUNS}")


def check_weights(weights: Optional[Path], learn: bool, fan_in: Optional[int]) -> None:
    """Refuse options of weights that contradict each other.

    Raises
    ------
    BadInput
    """
    if weights is None and (learn or fan_in is not None):
        raise BadInput("--learn-on and --fan-in say what to do with --weights; give both")
    if learn and fan_in is not None:
        raise BadInput("--fan-in leaves weights out, from which --learn-on would resume; give one")
