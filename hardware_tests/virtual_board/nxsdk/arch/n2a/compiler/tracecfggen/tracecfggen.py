"""Traces, from a time constant and an increment to a register."""

from __future__ import annotations

from typing import Any, NamedTuple


class TraceCfg(NamedTuple):
    """What the register of a trace holds."""

    tau: int
    spikeLevelInt: int
    spikeLevelFrac: int

    def writeToRegister(self, register: Any) -> None:
        """Write it, by the register's own checks."""
        register.configure(**self._asdict())


class TraceCfgGen:
    """Makes `TraceCfg`."""

    def genTraceCfg(self, tau: int, spikeLevelInt: int, spikeLevelFrac: int) -> TraceCfg:
        """A trace that decays with ``tau`` steps and takes ``int + frac / 128`` a spike."""
        return TraceCfg(tau, spikeLevelInt, spikeLevelFrac)
