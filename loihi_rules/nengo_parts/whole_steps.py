"""Errors as whole numbers of the chip's steps, whose remainders are added to the next."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

import numpy as np
from nengo.builder import Builder
from nengo.builder.processes import build_process
from nengo.params import IntParam, NumberParam
from nengo.synapses import Synapse, SynapseParam


class WithRemainder(Synapse):
    """A filter whose output is rounded to steps, and what rounding left out added next time.

    With w the filter's output, r the remainder and q the step,

        m[n] = (w[n] + … + w[n−k+1]) / k,
        v[n] = q · round((m[n] + r[n−p]) / q),        r[n] = m[n] + r[n−p] − v[n],

    so that, with k = p, p times the sum of every p-th v is the sum of all of w, to half a step.

    Parameters
    ----------
    synapse : nengo.synapses.Synapse or None
        The user's filter.
    step : float
        q.
    phases : int
        p; of one who looks at every p-th value only.
    window : int
        k, of how many values the mean is taken.
    """

    synapse = SynapseParam("synapse", default=None, readonly=True)
    step = NumberParam("step", low=0.0, low_open=True, readonly=True)
    phases = IntParam("phases", default=1, low=1, readonly=True)
    window = IntParam("window", default=1, low=1, readonly=True)

    def __init__(
        self, synapse: Optional[Synapse], step: float, phases: int, window: int, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.synapse = synapse
        self.step = step
        self.phases = phases
        self.window = window

    def make_state(
        self, shape_in: Any, shape_out: Any, dt: float, dtype: Any = None, y0: Any = 0
    ) -> Dict[str, np.ndarray]:
        own: Dict[str, np.ndarray] = {}
        if self.synapse is not None:
            own = self.synapse.make_state(shape_in, shape_out, dt, dtype=dtype, y0=y0)
        rest, recent = (np.zeros((size, *shape_out)) for size in (self.phases, self.window))
        return {**own, "rest": rest, "recent": recent}

    def make_step(self, shape_in: Any, shape_out: Any, dt: float, rng: Any, state: Any) -> Any:
        rest, recent = state["rest"], state["recent"]
        own = {name: value for name, value in state.items() if name not in ("rest", "recent")}
        filtered: Optional[Callable[..., Any]] = None
        if self.synapse is not None:
            filtered = self.synapse.make_step(shape_in, shape_out, dt, rng, own)
        step, phases, window = self.step, self.phases, self.window

        def round_on(t: float, x: np.ndarray) -> np.ndarray:
            n = int(round(t / dt))
            phase = n % phases
            recent[n % window] = x if filtered is None else filtered(t, x)
            wanted = recent.mean(axis=0) + rest[phase]
            given = step * np.rint(wanted / step)
            rest[phase] = wanted - given
            return np.asarray(given)

        return round_on


@Builder.register(WithRemainder)
def build_with_remainder(model: Any, own: WithRemainder, sig_in: Any, mode: str = "update") -> Any:
    """Build it with the step of delay that the user's filter has, and none without one."""
    return build_process(model, own, sig_in, mode="set" if own.synapse is None else mode)
