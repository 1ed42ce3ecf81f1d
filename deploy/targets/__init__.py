"""Where a model can run. To add a target, write its file and list it here."""

from typing import Dict, Sequence

from deploy.emulator.silicon import Silicon
from deploy.errors import BadInput
from deploy.targets.base import Session, Target
from deploy.targets.board import BOARD
from deploy.targets.cpu import CPU
from deploy.targets.emulated import EMULATOR, FLOAT_EMULATOR
from loihi_rules.likely import likely

TARGETS: Dict[str, Target] = {t.name: t for t in (CPU, EMULATOR, FLOAT_EMULATOR, BOARD)}


def find_target(name: str) -> Target:
    """The target of that name.

    Raises
    ------
    BadInput
        If there is none.
    """
    try:
        return TARGETS[name]
    except KeyError:
        raise BadInput(
            f"there is no target {name!r}{likely(name, TARGETS)}; choose from {', '.join(TARGETS)}"
        ) from None


def check_silicon(names: Sequence[str], silicon: Silicon) -> None:
    """Refuse silicon modes where no target has any.

    Raises
    ------
    BadInput
    """
    if silicon.different and not any(find_target(name).has_silicon_modes for name in names):
        having = ", ".join(t.name for t in TARGETS.values() if t.has_silicon_modes)
        raise BadInput(
            f"silicon modes ({silicon}) are of the target {having}, not {','.join(names)}"
        )


def check_engine(names: Sequence[str], engine: str) -> None:
    """Refuse an engine where no target can be computed by another than its own.

    Raises
    ------
    BadInput
    """
    if any(find_target(name).engine_of(engine) == engine for name in names):
        return
    having = ", ".join(t.name for t in TARGETS.values() if len(t.engines) > 1)
    raise BadInput(f"engine {engine!r} is of the targets {having}, not {','.join(names)}")


__all__ = ["TARGETS", "Session", "Target", "check_engine", "check_silicon", "find_target"]
