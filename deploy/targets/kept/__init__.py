"""What was built is kept as numbers (`deploy.files.builds`), and opened from them the next time."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Dict, Optional, Tuple

from deploy.compiling.jit import HAVE_NUMBA
from deploy.files.builds import FOLDER, find_build, forget_build
from deploy.files.cache import cache_folder
from deploy.private_names import HOST, missing
from deploy.targets.base import Session, Target
from deploy.targets.emulated import EmulatorTarget
from deploy.targets.kept.model import Copies, Model, model_of
from deploy.targets.kept.said import noted_warnings
from deploy.targets.kept.session import DAMAGE, KeptSession, Whole
from deploy.targets.kept.writing import keep_session
from loihi_rules import SeededCopy


def keeps_builds(target: Target) -> bool:
    """Whether what is built for a target is kept."""
    fast = isinstance(target, EmulatorTarget) and target.engine == "fast"
    there = HAVE_NUMBA and cache_folder(FOLDER) is not None and missing(HOST) is None
    return bool(fast and there and not target.silicon.different)  # type: ignore[attr-defined]


class Itself(Dict[Any, Any]):
    """Each object is its own copy."""

    def __missing__(self, key: Any) -> Any:
        return key


def opened(target: Target, copied: SeededCopy, dt: float, seed: int) -> Session:
    """As `Target.open`, or what it has built of the same before.

    Parameters
    ----------
    target : Target
    copied, dt, seed
        As for `Target.open`.
    """
    model = None
    if keeps_builds(target):
        changes = [asdict(change) for change in copied.changes]
        model = model_of(copied.network, seed, dt, target.name, "run", changes)
    if model is None:
        return target.open(copied, dt, seed)

    def build_whole() -> Tuple[Session, Copies]:
        return target.open(copied, dt, seed), Itself()

    kept = kept_session(model, build_whole)
    if kept is not None:
        return kept
    with noted_warnings() as said:
        session = target.open(copied, dt, seed)
    keep_session(model, session, Itself(), said, with_cores=True)
    return session


def kept_session(model: Model, build_whole: Whole) -> Optional[KeptSession]:
    """A session of what was built before; None where there is nothing of it.

    Parameters
    ----------
    model : Model
    build_whole : callable
        Builds it, and gives its session, and the network's objects to those that run.
    """
    build = find_build(model.content)
    if build is None:
        return None
    try:
        return KeptSession(model, build, build_whole)
    except DAMAGE:
        forget_build(model.content)
        return None
