"""Nengo core on the laptop: the reference that every other target is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.targets.base import Session, Target

if TYPE_CHECKING:
    from loihi_rules import SeededCopy


class CpuTarget(Target):
    name = "cpu"
    substrate = "Nengo core"
    summary = "Nengo core, the reference"

    def open(self, copied: SeededCopy, dt: float, seed: int) -> Session:
        from deploy.targets.compiled_core import CompiledCoreSession  # loads Nengo

        return CompiledCoreSession(copied.network, dt, seed, copied.changes)


CPU = CpuTarget()
