"""Spikes that are known before a run."""

from __future__ import annotations

from typing import Any

from nxsdk.virtual.network import Arrival


class BasicSpikeGenerator:
    """Puts spikes onto axons of a board; one of step t arrives in step t + 1.

    Parameters
    ----------
    board : nxsdk.arch.n2a.n2board.N2Board
    """

    def __init__(self, board: Any):
        self._board = board

    def _add(self, time: Any, arrival: Arrival) -> None:
        self._board.schedule(int(time), arrival)

    def addSpike(self, time: Any, chipId: Any, coreId: Any, axonId: Any) -> None:
        """A discrete spike."""
        self._add(time, Arrival(0, int(chipId), int(coreId), int(axonId), 0, 0))

    def addPop16Spike(
        self, time: Any, chipId: Any, coreId: Any, axonId: Any, srcAtom: Any, atomBits: Any
    ) -> None:
        """A spike of one of up to 32 (more with ``atomBits``) members of a population."""
        own = int(chipId), int(coreId), int(axonId), int(srcAtom), int(atomBits)
        self._add(time, Arrival(16, *own))

    def addPop32Spike(self, time: Any, chipId: Any, coreId: Any, axonId: Any, srcAtom: Any) -> None:
        """A spike of one of up to 1024 members of a population."""
        self._add(time, Arrival(32, int(chipId), int(coreId), int(axonId), int(srcAtom), 0))
