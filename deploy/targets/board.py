"""A Loihi board on this machine, through Intel's NxSDK."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Optional

from deploy.errors import TargetUnavailable
from deploy.targets.base import Session, Target

if TYPE_CHECKING:
    from loihi_rules import SeededCopy


class BoardTarget(Target):
    name = "loihi"
    substrate = "silicon"
    is_chip = True
    summary = "a Loihi 1 board, through NxSDK"

    def absent(self) -> Optional[str]:
        return self.missing()

    def missing(self) -> Optional[str]:
        if importlib.util.find_spec("nxsdk") is None:
            return (
                "there is no Loihi board here (Intel's NxSDK is not installed); "
                "use --target emulator, or a machine of the INRC"
            )
        return (
            "NxSDK is installed, but running on a board is not supported by this version; "
            "use --target emulator"
        )

    def open(self, copied: SeededCopy, dt: float, seed: int) -> Session:
        raise TargetUnavailable(str(self.missing()))


BOARD = BoardTarget()
