"""Run a model on several targets, and hold one against the other."""

from __future__ import annotations

from typing import Mapping, Optional, Sequence

from deploy.errors import BadInput, TargetUnavailable
from deploy.model import Model
from deploy.parity import Parity, compare_runs
from deploy.parity.tolerances import Tolerance
from deploy.running import Progress, run
from deploy.targets import find_target


def compare(
    model: Model,
    duration: float,
    targets: Sequence[str] = ("cpu", "emulator"),
    seed: int = 0,
    *,
    dt: float = 0.001,
    engine: str = "fast",
    ideals: Optional[Mapping[str, str]] = None,
    tolerances: Optional[Mapping[str, Tolerance]] = None,
    progress: Optional[Progress] = None,
) -> Parity:
    """Run a model on several targets and hold the last against the first.

    Parameters
    ----------
    model, duration, seed, dt, engine, ideals, progress
        As for `run`.
    targets : sequence of str
        The reference first. With ``("cpu", "float-emulator", "emulator")`` the
        difference is split into its causes.
    tolerances : mapping of str to Tolerance, optional
        Replace those of `deploy.parity.tolerances.TOLERANCES`.

    Returns
    -------
    Parity
    """
    if len(targets) < 2:
        raise BadInput("a comparison needs two targets at least, for example cpu,emulator")
    if len(set(targets)) != len(targets):
        raise BadInput(f"each target can be named once, not {','.join(targets)}")
    for name in targets:
        reason = find_target(name).missing()
        if reason is not None:
            raise TargetUnavailable(f"target {name}: {reason}")
    runs = [
        run(model, duration, name, seed, dt=dt, engine=engine, ideals=ideals, progress=progress)
        for name in targets
    ]
    return compare_runs(runs, tolerances=tolerances)
