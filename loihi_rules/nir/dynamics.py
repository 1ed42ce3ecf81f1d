"""NIR's neurons as recurrences over steps, a row a kind.

With a current u and a voltage v, the weighted input x, and what a step leaves of a time constant,
κ(τ) (`Conventions.kept`), all of them are

    u_t = α u_{t−1} + g x_t,        v_t = β v_{t−1} + u_t + k.

The bias of the Affine or convolution before a neuron is an input of each step, and so part of x.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, Mapping, Tuple

import numpy as np

from loihi_rules.nir.conventions import Conventions
from loihi_rules.nir.errors import NirError

PARAMETERS: Mapping[str, Tuple[str, ...]] = {
    "I": ("r",),
    "IF": ("r", "v_threshold", "v_reset"),
    "LI": ("tau", "r", "v_leak"),
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLI": ("tau_syn", "tau_mem", "r", "v_leak", "w_in"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "w_in", "v_threshold", "v_reset"),
    "Threshold": ("threshold",),
}
Numbers = Dict[str, np.ndarray]


@dataclass(frozen=True)
class Dynamics:
    """What a population does in a step; arrays of one, or of one a neuron.

    Attributes
    ----------
    gain : ndarray
        g, by which all weights into a neuron are multiplied.
    current_kept, voltage_kept : ndarray
        α and β.
    leak : ndarray
        k.
    threshold, v_reset : ndarray
        A threshold is infinite where nothing spikes.
    filters : bool
        Whether there is a current that outlasts a step.
    resets : bool
        Whether a spike does something to the voltage.
    fires : bool
        Whether its output are spikes, and not its voltage.
    """

    gain: np.ndarray
    current_kept: np.ndarray
    voltage_kept: np.ndarray
    leak: np.ndarray
    threshold: np.ndarray
    v_reset: np.ndarray
    filters: bool
    resets: bool = True
    fires: bool = True

    @property
    def spikes(self) -> bool:
        """Whether any of it can fire."""
        return bool(np.isfinite(self.threshold).any())


def is_neuron(node: Any) -> bool:
    """Whether a node has a state, or fires."""
    return type(node).__name__ in KINDS


def parameters_of(node: Any, name: str) -> Tuple[Numbers, Tuple[int, ...]]:
    """A neuron node's parameters as flat arrays, and the shape of its population.

    Raises
    ------
    NirError
        If one is no array of finite numbers, or two have different shapes.
    """
    found: Numbers = {}
    shape: Tuple[int, ...] = ()
    for key in PARAMETERS[type(node).__name__]:
        array = np.asarray(getattr(node, key))
        if array.dtype.kind not in "fiub":
            raise NirError(f"node {name}: its {key} is {array.dtype}, not numbers")
        if not array.size:
            raise NirError(f"node {name}: its {key} is empty")
        array = array.astype(float)
        infinite = key in ("v_threshold", "threshold")  # of what never fires
        if np.isnan(array).any() or not (infinite or np.isfinite(array).all()):
            raise NirError(f"node {name}: its {key} holds what is no finite number")
        if array.size > 1:
            if int(np.prod(shape)) > 1 and shape != array.shape:
                raise NirError(f"node {name}: {key} has the shape {array.shape}, others {shape}")
            shape = array.shape
        elif not shape:
            shape = array.shape
        found[key] = array.ravel()
    return found, shape or (1,)


def dynamics_of(node: Any, name: str, conventions: Conventions) -> Dynamics:
    """A neuron node's recurrence.

    Raises
    ------
    NirError
        If its numbers are none that a neuron can have.
    """
    numbers, _ = parameters_of(node, name)
    found = KINDS[type(node).__name__](numbers, name, conventions)
    found = replace(found, fires=bool({"v_threshold", "threshold"} & set(numbers)))
    if np.any(found.threshold <= found.v_reset):
        above, threshold = np.broadcast_arrays(found.threshold - found.v_reset, found.threshold)
        k = int(np.argmin(above))
        raise NirError(
            f"node {name}: the threshold of neuron {k}, {threshold[k]:g}, is not above its reset"
        )
    return found


NO = np.zeros(1)
NEVER = np.full(1, np.inf)


def _integrator(p: Numbers, name: str, c: Conventions) -> Dynamics:
    """v̇ = r x."""
    gain = p["r"] * (c.dt if c.integrate == "seconds" else 1.0)
    threshold = p.get("v_threshold", NEVER)
    return Dynamics(gain, NO, np.ones(1), NO, threshold, p.get("v_reset", NO), False)


def _into_voltage(taken: np.ndarray, p: Numbers, c: Conventions) -> np.ndarray:
    return np.ones(1) if c.gain in ("one", "decayed") else taken * p["r"]


def _leaky(p: Numbers, name: str, c: Conventions) -> Dynamics:
    """τ v̇ = (v_leak − v) + r x."""
    kept, taken = c.kept(p["tau"], name), c.taken(p["tau"], name)
    threshold = p.get("v_threshold", NEVER)
    gain, reset = _into_voltage(taken, p, c), p.get("v_reset", NO)
    return Dynamics(gain, NO, kept, taken * p["v_leak"], threshold, reset, False)


def _current_based(p: Numbers, name: str, c: Conventions) -> Dynamics:
    """τ_syn İ = −I + w_in x,  τ_mem v̇ = (v_leak − v) + r I;  u is the part of I in a step of v."""
    current, voltage = c.kept(p["tau_syn"], name), c.kept(p["tau_mem"], name)
    taken = c.taken(p["tau_mem"], name)
    gain = _into_voltage(taken, p, c)
    if c.gain == "equation":
        gain = c.taken(p["tau_syn"], name) * p["w_in"] * gain
    elif c.gain == "decayed":
        gain = current
    threshold, reset = p.get("v_threshold", NEVER), p.get("v_reset", NO)
    leak = taken * p["v_leak"]
    return Dynamics(gain, current, voltage, leak, threshold, reset, True)


def _threshold(p: Numbers, name: str, c: Conventions) -> Dynamics:
    """z = [x > θ], of the step alone; [x + 1 − θ > 1] where θ is not above a voltage of 0."""
    threshold = p["threshold"]
    shift = np.where(threshold > 0, 0.0, 1 - threshold)
    return Dynamics(np.ones(1), NO, NO, shift, threshold + shift, NO, False, resets=False)


KINDS: Mapping[str, Callable[[Numbers, str, Conventions], Dynamics]] = {
    "I": _integrator,
    "IF": _integrator,
    "LI": _leaky,
    "LIF": _leaky,
    "CubaLI": _current_based,
    "CubaLIF": _current_based,
    "Threshold": _threshold,
}
