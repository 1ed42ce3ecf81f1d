"""A Loihi board on this machine, through Intel's NxSDK, or the virtual one in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple

from deploy.errors import TargetUnavailable
from deploy.private_names import BOARD as BOARD_NAMES
from deploy.private_names import missing
from deploy.targets.base import Session, Target
from deploy.targets.emulated import open_on_a_chip

if TYPE_CHECKING:
    from loihi_rules import Problem, Rewritten, SeededCopy


SILICON, VIRTUAL = "silicon", "virtual board, no silicon"


class BoardTarget(Target):
    """The board that there is."""

    name = "loihi"
    is_chip = True
    summary = "a Loihi 1 board, through NxSDK"

    @property
    def substrate(self) -> str:  # type: ignore[override]
        """Silicon, or what stands in for it, by the SDK that is here."""
        from deploy.nengo_loihi.board.sdk import known_sdk

        sdk = known_sdk()
        return VIRTUAL if sdk is not None and sdk.is_virtual else SILICON

    @property
    def substrates(self) -> Tuple[str, ...]:
        return (SILICON, VIRTUAL)

    def absent(self) -> Optional[str]:
        from deploy.nengo_loihi.board.sdk import find_sdk, is_installed

        if is_installed():
            return None
        try:
            find_sdk()
        except TargetUnavailable as error:
            return str(error)
        return None

    def missing(self) -> Optional[str]:
        from deploy.nengo_loihi.board.sdk import find_sdk
        from deploy.nengo_loihi.load import load_nengo_loihi

        try:
            find_sdk()
            load_nengo_loihi()
        except TargetUnavailable as error:
            return str(error)
        changed = missing(BOARD_NAMES)
        return None if changed is None else f"{changed}, which a board needs"

    def versions(self) -> List[str]:
        return [*super().versions(), "nengo-loihi"]

    def cannot_take(self, rewritten: Rewritten, built: Any) -> Sequence[Problem]:
        from deploy.nengo_loihi.board.fits import board_problems

        return board_problems(rewritten.network, built, rewritten.chip)

    def open(self, copied: SeededCopy, dt: float, seed: int) -> Session:
        lacking = self.missing()
        if lacking is not None:
            raise TargetUnavailable(lacking)
        return open_on_a_chip(self, copied, dt, seed)

    def open_rewritten(
        self,
        copied: SeededCopy,
        rewritten: Rewritten,
        dt: float,
        seed: int,
        precompute: Optional[bool] = None,
    ) -> Session:
        from deploy.targets.on_board import BoardSession

        return BoardSession(copied, rewritten, dt, seed, precompute)


BOARD = BoardTarget()
