"""Where a model can run. To add a target, write its file and list it here."""

from typing import Dict

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


__all__ = ["TARGETS", "Session", "Target", "find_target"]
