"""Rungs on the emulator: what the host's way, the weights' bits and integers do."""

from __future__ import annotations

from typing import List, Sequence

from deploy.rungs.rung import Pass, Rung, rewritten
from deploy.targets.base import Session
from deploy.targets.emulated import EMULATOR
from deploy.targets.emulator import EmulatorSession
from loihi_rules import Rewritten, SeededCopy
from loihi_rules.passes import PASSES


class ChipRung(Rung):
    """The emulator, on which nothing learns.

    Parameters
    ----------
    name, cause : str
    integers : bool
        Whether all is the chip's integers.
    rounded : bool
        Whether weights and biases alone are of the chip's bits.
    """

    substrate = EMULATOR.substrate
    passes: Sequence[Pass] = PASSES

    def __init__(self, name: str, cause: str, integers: bool = False, rounded: bool = False):
        self.name, self.cause, self.summary = name, cause, f"the emulator, with {cause}"
        self.integers, self.rounded = integers, rounded

    def versions(self) -> List[str]:
        return EMULATOR.versions()

    def open(self, copied: SeededCopy, dt: float, seed: int) -> Session:
        made = rewritten(copied, dt, self.passes)
        return EmulatorSession(
            copied, made, dt, seed, self.integers, EMULATOR.engine, rounded=self.rounded
        )


class LearningChip(Rung):
    """The emulator itself, where it is by learning that it differs from the rung before."""

    name, cause = EMULATOR.name, "learning on the chip"
    substrate, summary = EMULATOR.substrate, EMULATOR.summary

    def applies(self, chip: Rewritten) -> bool:
        return bool(chip.learning_scales)

    def open(self, copied: SeededCopy, dt: float, seed: int) -> Session:
        return EMULATOR.open(copied, dt, seed)
