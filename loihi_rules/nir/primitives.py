"""NIR's node for neurons of Nengo's, and what it leaves out; a row a kind.

Nengo's LIF (``nengo/neurons.py``) is NIR's with r = 1, a threshold of 1 and its bias as v_leak:

    τ_RC v̇ = (bias − v) + J,

but for its refractory time, its spikes within a step and its least voltage. Lowpass filters before
it are CubaLIF's current. `SteppedNeurons` have their numbers in steps; see ``dynamics``.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple, Type

import nengo
import numpy as np
from nengo.neurons import NeuronType

from loihi_rules.nengo_parts.stepped import SteppedNeurons
from loihi_rules.nir.conventions import Conventions
from loihi_rules.nir.made import shortest

MOST_KEPT = 1 - 1e-12  # NIR's leaky neurons lose something; so little makes no difference


class Primitive(NamedTuple):
    """A node of NIR's.

    Attributes
    ----------
    kind : str
        Its type in NIR.
    numbers : mapping of str to (n,) ndarray
        Its parameters.
    bias : (n,) ndarray
        Of an Affine before it, behind all filters.
    own : NeuronType
        What is carried in the metadata.
    lost : tuple of (str, str, str)
        What it does not say: before, after, why.
    """

    kind: str
    numbers: Dict[str, np.ndarray]
    bias: np.ndarray
    own: NeuronType
    lost: Tuple[Tuple[str, str, str], ...] = ()


class Population(NamedTuple):
    """Neurons as Nengo has built them; ``followed`` where anything gets what they give."""

    neurons: NeuronType
    bias: np.ndarray
    max_rate: float
    state: Mapping[str, np.ndarray]
    followed: bool


def primitive_of(
    population: Population, tau_syn: Optional[float], conventions: Conventions
) -> Primitive:
    """The node for neurons; ``tau_syn`` is of a filter that all that enters them has."""
    return PRIMITIVES[type(population.neurons)](population, tau_syn, conventions)


def is_known(neurons: NeuronType) -> bool:
    """Whether NIR has such neurons."""
    return type(neurons) in PRIMITIVES


def _lif(population: Population, tau_syn: Optional[float], _: Conventions) -> Primitive:
    neurons: Any = population.neurons
    n = len(population.bias)
    one, zero = np.ones(n), np.zeros(n)
    numbers = {"r": one, "v_leak": population.bias, "v_threshold": one, "v_reset": zero}
    if tau_syn is None:
        numbers["tau"] = neurons.tau_rc * one
    else:
        numbers.update(tau_mem=neurons.tau_rc * one, tau_syn=tau_syn * one, w_in=one)
    own = nengo.LIF(
        neurons.tau_rc,
        neurons.tau_ref,
        neurons.min_voltage,
        initial_state={"voltage": population.state["voltage"]},
    )
    kind = "LIF" if tau_syn is None else "CubaLIF"
    return Primitive(kind, numbers, zero, own, tuple(_lost_of_lif(population)))


def _lost_of_lif(population: Population) -> List[Tuple[str, str, str]]:
    neurons: Any = population.neurons
    rate, lost = population.max_rate, []
    if neurons.tau_ref > 0:
        free = 1 / rate - neurons.tau_ref if rate > 0 else 0.0
        said = f"; {rate:.0f} Hz become {1 / free:.0f} Hz" if free > 0 else ""
        lost.append(
            (
                f"a refractory time of {1000 * neurons.tau_ref:g} ms",
                f"none{said}",
                "NIR's LIF has no refractory time",
            )
        )
    lost.append(("spikes within a step", "spikes at its end", "NIR says nothing of steps"))
    if np.isfinite(neurons.min_voltage):
        why = "NIR's voltages have no bound"
        lost.append((f"a voltage of {neurons.min_voltage:g} at least", "any voltage", why))
    if np.any(population.state["voltage"]):
        lost.append(("initial voltages", "0", "NIR has no initial states"))
    return lost


def _rectified(population: Population, _: Optional[float], c: Conventions) -> Primitive:
    n = len(population.bias)
    one = np.ones(n)
    numbers = {"r": c.dt * one, "v_threshold": one, "v_reset": 0 * one}
    own = nengo.SpikingRectifiedLinear(initial_state={"voltage": population.state["voltage"]})
    lost = [
        ("no voltage is lost by inhibition", "it is", "NIR's IF adds what it gets, of either sign"),
        ("several spikes in a step", "one", "NIR's neurons fire once"),
    ]
    if np.any(population.state["voltage"]):
        lost.append(("initial voltages", "0", "NIR has no initial states"))
    return Primitive("IF", numbers, population.bias, own, tuple(lost))


def _stepped(population: Population, _: Optional[float], c: Conventions) -> Primitive:
    """With all weights as they are: r, and w_in, make up for what a step takes of the rest."""
    own: Any = population.neurons
    n = len(population.bias)
    p = {
        name: np.broadcast_to(np.asarray(getattr(own, name), float), (n,))
        for name in ("current_kept", "voltage_kept", "threshold", "bias", "leak", "v_reset")
    }
    if np.any(population.bias):
        p["bias"] = p["bias"] + population.bias * c.dt
    fires = bool(np.isfinite(p["threshold"]).any()) or (population.followed and not own.graded)
    numbers = {"v_threshold": p["threshold"], "v_reset": p["v_reset"]} if fires else {}
    bias = np.array(p["bias"])
    if not p["current_kept"].any() and np.all(p["voltage_kept"] == 1):
        kind, bias = "I", bias + p["leak"]
        numbers["r"] = np.full(n, 1.0 if c.integrate == "steps" else 1 / c.dt)
    else:
        tau = c.time_constant(np.minimum(p["voltage_kept"], MOST_KEPT))
        taken = c.taken(tau, "")
        numbers["r"], numbers["v_leak"] = 1 / taken, p["leak"] / taken
        kind = "LI"
        if p["current_kept"].any():
            kind, numbers["tau_mem"] = "CubaLI", tau
            numbers["tau_syn"] = c.time_constant(np.minimum(p["current_kept"], MOST_KEPT))
            numbers["w_in"] = 1 / c.taken(numbers["tau_syn"], "")
        else:
            numbers["tau"] = tau
    lost: List[Tuple[str, str, str]] = []
    state = {name: each for name, each in population.state.items() if np.any(each)}
    if state:
        lost.append((f"initial {' and '.join(sorted(state))}", "0", "NIR has no initial states"))
    if fires and (own.reset, own.late_reset) != (c.reset, c.reset_at == "next"):
        what = f"reset {own.reset}{', a step later' if own.late_reset else ''}"
        lost.append((what, f"reset {c.reset} at {c.reset_at}", "a graph has one way to reset"))
    own = SteppedNeurons(
        **{name: shortest(each) for name, each in p.items()},
        reset=own.reset,
        late_reset=own.late_reset,
        graded=own.graded,
        initial_state=state or None,
    )
    return Primitive(f"{kind}F" if fires else kind, numbers, bias, own, tuple(lost))


PRIMITIVES: Mapping[
    Type[NeuronType], Callable[[Population, Optional[float], Conventions], Primitive]
] = {
    nengo.LIF: _lif,
    nengo.SpikingRectifiedLinear: _rectified,
    SteppedNeurons: _stepped,
}
