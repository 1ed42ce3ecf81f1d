"""The emulators as targets: what they are called, and how they are opened.

Loads little: whether there is such a target or engine is asked before anything is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional

from deploy.emulator.silicon import AS_EMULATED, Silicon
from deploy.errors import BadInput, TargetUnavailable
from deploy.targets.base import Session, Target
from loihi_rules.likely import likely

if TYPE_CHECKING:
    from loihi_rules import Rewritten, SeededCopy

ENGINES = ("fast", "reference")


class EmulatorTarget(Target):
    """The chip emulated.

    Parameters
    ----------
    name, summary : str
        See `Target`.
    discretize : bool
        Whether weights and state are the chip's integers.
    engine : str
        ``"fast"``, or ``"reference"`` for nengo-loihi's own; the bits are the same.
    silicon : Silicon
        What the chip does otherwise.
    """

    substrate = "no silicon"
    is_chip = True

    def __init__(
        self,
        name: str,
        summary: str,
        discretize: bool,
        engine: str = "fast",
        silicon: Silicon = AS_EMULATED,
    ):
        self.name = name
        self.summary = summary
        self.discretize = discretize
        self.engine = engine
        self.silicon = silicon
        self.has_silicon_modes = discretize
        self.engines = ENGINES

    def with_engine(self, engine: str) -> Target:
        if engine not in ENGINES:
            raise BadInput(
                f"there is no engine {engine!r}{likely(engine, ENGINES)}; "
                f"choose from {', '.join(ENGINES)}"
            )
        return EmulatorTarget(self.name, self.summary, self.discretize, engine, self.silicon)

    def with_silicon(self, silicon: Silicon) -> Target:
        if silicon.different and self.engine != "fast":
            raise BadInput(f"the {self.engine} engine has no silicon modes; use the fast one")
        return EmulatorTarget(self.name, self.summary, self.discretize, self.engine, silicon)

    def missing(self) -> Optional[str]:
        from deploy.nengo_loihi.load import load_nengo_loihi

        try:
            load_nengo_loihi()
        except TargetUnavailable as error:
            return str(error)
        return None

    def versions(self) -> List[str]:
        return [*super().versions(), "nengo-loihi"]

    def open(self, copied: SeededCopy, dt: float, seed: int) -> Session:
        return open_on_a_chip(self, copied, dt, seed)

    def open_rewritten(
        self,
        copied: SeededCopy,
        rewritten: Rewritten,
        dt: float,
        seed: int,
        precompute: Optional[bool] = None,
    ) -> Session:
        from deploy.targets.emulator import EmulatorSession

        return EmulatorSession(
            copied,
            rewritten,
            dt,
            seed,
            self.discretize,
            self.engine,
            precompute,
            silicon=self.silicon,
        )


def open_on_a_chip(target: Target, copied: SeededCopy, dt: float, seed: int) -> Session:
    """Rewrite a network for the chip, and build it on a target that is one.

    Parameters
    ----------
    target : Target
    copied, dt, seed
        As for `Target.open`.

    Raises
    ------
    BadInput
        If it is too large, or given numbers that are not finite, or settings that are none.
    """
    from deploy.files.solutions import solutions_of
    from deploy.host.pilots import pilot_steps
    from deploy.targets.emulator import HostOnlySession  # loads Nengo and nengo-loihi
    from deploy.targets.many_objects import many_objects
    from loihi_rules.passes.chip import asked_settings
    from loihi_rules.passes.chip.capacity import RULES
    from loihi_rules.passes.finite_numbers import RULE
    from loihi_rules.rewriting import rewrite_copy

    with many_objects(), solutions_of(copied.network) as solutions:
        rewritten = rewrite_copy(copied, dt, solutions=solutions, steps=pilot_steps())
        stopped_at = [
            p for p in rewritten.problems if p.rule in (*RULES, RULE, asked_settings.RULE)
        ]
        if stopped_at:  # what is too large would fill the memory
            raise BadInput(str(stopped_at[0]))
        if not rewritten.chip_ensembles:
            return HostOnlySession(rewritten, dt, seed)
        return target.open_rewritten(copied, rewritten, dt, seed)


EMULATOR = EmulatorTarget("emulator", "the chip in integers", discretize=True)
FLOAT_EMULATOR = EmulatorTarget(
    "float-emulator",
    "the chip in floating point, nothing rounded",
    discretize=False,
)
