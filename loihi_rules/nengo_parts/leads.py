"""Filters on the host that make up for what the way to the chip, or from it, adds."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

import numpy as np
from nengo.builder import Builder
from nengo.builder.processes import build_process
from nengo.params import NumberParam
from nengo.synapses import Lowpass, Synapse, SynapseParam


def filters(synapse: Optional[Synapse], least: float = 0.0) -> bool:
    """Whether a synapse filters: None does not, nor one of 0 s, which is a step.

    Parameters
    ----------
    synapse : nengo.synapses.Synapse or None
    least : float
        Time constant in seconds below which a low-pass filter counts for none.
    """
    short = isinstance(synapse, Lowpass) and synapse.tau < least
    return synapse is not None and not short and getattr(synapse, "tau", 1.0) != 0


class Lead(Synapse):
    """A filter without the step that Nengo's have, and a difference that makes it early.

    With w the filter's output (nengo ``synapses.py``; the input where there is no filter),

        v[n] = w[n] + g (w[n] − w[n−1]).

    Nengo's simulator gives a synapse's output a step after its input (``builder/connection.py``,
    ``mode="update"``), here it is given in the same (``mode="set"``). The mean delay is that of
    the filter less g steps.

    Before a low-pass filter of a compartment, y[n] = a y[n−1] + (1 − a) v[n], the difference
    of ``g = a / (1 − a)`` is its exact inverse: y = w.

    Parameters
    ----------
    synapse : nengo.synapses.Synapse or None
        The user's filter.
    steps : float
        g, in steps.
    """

    synapse = SynapseParam("synapse", default=None, readonly=True)
    steps = NumberParam("steps", default=0.0, low=0.0, readonly=True)

    def __init__(self, synapse: Optional[Synapse] = None, steps: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.synapse = synapse
        self.steps = steps

    def __str__(self) -> str:
        return "a filter that makes up for the chip's"

    def make_state(
        self, shape_in: Any, shape_out: Any, dt: float, dtype: Any = None, y0: Any = 0
    ) -> Dict[str, np.ndarray]:
        own: Dict[str, np.ndarray] = {}
        if self.synapse is not None:
            own = self.synapse.make_state(shape_in, shape_out, dt, dtype=dtype, y0=y0)
        if self.steps:
            own["before"] = np.zeros(shape_out) + y0
        return own

    def make_step(self, shape_in: Any, shape_out: Any, dt: float, rng: Any, state: Any) -> Any:
        own = {name: value for name, value in state.items() if name != "before"}
        filtered: Any = None
        if self.synapse is not None:
            filtered = self.synapse.make_step(shape_in, shape_out, dt, rng, own)
        return LeadStep(filtered, self.steps, state["before"]) if self.steps else filtered or _same


class LeadStep:
    """One step of a `Lead`.

    Attributes
    ----------
    filtered : callable or None
        The filter's step.
    steps : float
        g.
    before : ndarray
        w of the step before.
    """

    def __init__(self, filtered: Optional[Callable[..., Any]], steps: float, before: np.ndarray):
        self.filtered = filtered
        self.steps = steps
        self.before = before

    def __call__(self, t: float, x: np.ndarray) -> np.ndarray:
        now = x if self.filtered is None else self.filtered(t, x)
        ahead = now + self.steps * (now - self.before)
        self.before[...] = now
        return np.asarray(ahead)


def _same(t: float, x: np.ndarray) -> np.ndarray:
    return x


@Builder.register(Lead)
def build_lead(model: Any, lead: Lead, sig_in: Any, mode: str = "update") -> Any:
    """Build a lead; its output is of the same step as its input, whatever ``mode`` says."""
    return build_process(model, lead, sig_in, mode="set")


def steps_of(tau: float, dt: float) -> float:
    """The g that inverts a compartment's filter: a / (1 − a), a = e^(−dt / τ).

    Parameters
    ----------
    tau, dt : float
        Seconds.
    """
    return float(1 / np.expm1(dt / tau)) if tau else 0.0
