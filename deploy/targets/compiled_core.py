"""A network in Nengo core, stepped by the compiled host where that can be."""

from __future__ import annotations

from typing import Any

import numpy as np

from deploy.compiling.jit import HAVE_NUMBA
from deploy.host.host import Bridges, host_of
from deploy.host.journal import MOST_KEPT, most_steps, states
from deploy.private_names import HOST, missing
from deploy.targets.core import CoreSession

BATCH = 500  # steps at most between two looks at what came out
NOT_FINITE = "Nengo core, as something is not finite"


class CompiledCoreSession(CoreSession):
    """A `CoreSession` whose arithmetic is compiled, with the same bits.

    Nengo builds it, and what a user wrote is called as it is, once a step. Where something comes to
    be no finite number, Nengo core makes that batch of steps again from its start, to stop where it
    does and to say what is wrong, and all steps after it. Without numba, or with a Nengo that
    the host is not known to repeat, Nengo core makes all steps; ``settings`` says so.

    Parameters are those of `CoreSession`.
    """

    def __init__(self, *given: Any, **named: Any):
        super().__init__(*given, **named)
        self._first = self._row = 0  # steps before the batch that runs, and of it
        why_not = missing(HOST) if HAVE_NUMBA else "there is no numba"
        self.settings = {"engine": f"Nengo core, as {why_not}" if why_not else "compiled"}
        self._in_core = why_not is not None
        if self._in_core:
            return
        kept = sum(8 * probe.size_in for probe in self.simulator.model.probes)  # bytes a step
        most = min(BATCH, max(1, MOST_KEPT // max(kept, 1)))
        self._batch = most_steps([self.simulator], most)
        self._host = host_of(self.simulator, Bridges({}, {}, set()), self._batch)
        self._floats = [array for array in states(self.simulator) if array.dtype.kind == "f"]

    @property
    def n_steps(self) -> int:
        return super().n_steps if self._in_core else self._first + self._row

    def look(self, at_signals: bool = False) -> None:
        """Signals are Nengo's own; it is given the samples so far."""
        if not self._in_core:
            self._host.publish(self._row)

    def _go(self, n_steps: int) -> None:
        left = n_steps
        while left and not self._in_core:
            n = min(left, self._batch)
            self._make(n)
            left -= n
        if left:
            super()._go(left)

    def _make(self, n: int) -> None:
        """A batch; by Nengo core, as all after it, where numbers came to be none."""
        host, step = self._host, self._host.step
        before = self._without_numbers()
        host.begin()
        old = np.seterr(invalid="raise", divide="ignore")  # as nengo.Simulator.step
        try:
            for row in range(n):
                step(row)
                self._row = row + 1
        except BaseException:
            self._end(self._row)
            raise
        finally:
            np.seterr(**old)
        if self._without_numbers() == before and host.is_finite(n):
            self._end(n)
            return
        host.rewind(n)
        self._in_core, self._row = True, 0
        self.settings = {"engine": f"compiled, and from step {self._first} on {NOT_FINITE}"}
        host.replay(n)

    def _end(self, n: int) -> None:
        self._host.publish(n)
        self._host.end(n, is_ahead=False)
        self._first += n
        self._row = 0

    def _without_numbers(self) -> int:
        """How many arrays have something in them that is no number."""
        return sum(bool(np.isnan(array).any()) for array in self._floats)
