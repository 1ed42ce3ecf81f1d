"""Which neurons a population of a graph becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional

import nengo
import numpy as np
from nengo.neurons import NeuronType
from nengo.synapses import Synapse

from loihi_rules.nengo_parts.stepped import SteppedNeurons
from loihi_rules.nir.carried import CLOSE, Carried, same_stepped
from loihi_rules.nir.conventions import Conventions
from loihi_rules.nir.dynamics import Dynamics, parameters_of
from loihi_rules.nir.errors import NirError
from loihi_rules.nir.filters import stands_for
from loihi_rules.nir.graph import Population


@dataclass(frozen=True)
class Made:
    """What a population becomes.

    Attributes
    ----------
    neurons : NeuronType or None
        None where it is but a filter of Nengo's, behind a node that adds up.
    gain : (n,) ndarray
        By which all weights into it are multiplied.
    bias : (n,) ndarray
        Of Nengo's neurons.
    synapse : Synapse or None
        Filters all that enters, or what leaves where there are no neurons.
    """

    neurons: Optional[NeuronType]
    gain: np.ndarray
    bias: np.ndarray
    synapse: Optional[Synapse] = None

    @property
    def own_gain(self) -> np.ndarray:
        """(n,) gains of the ensemble, which it multiplies what its neurons are given by.

        One that takes all of LIF's neurons above their threshold at a value of 1, as Nengo works
        out a rate there, and warns of what it has no number for. A power of two, so that it
        comes off the weights without rounding.
        """
        if not isinstance(self.neurons, nengo.LIF):
            return np.ones(len(self.bias))
        return np.asarray(np.exp2(np.maximum(np.frexp(1 - self.bias)[1], 0)))


def made_of(
    population: Population, node: Any, conventions: Conventions, carried: Carried, followed: bool
) -> Made:
    """The neurons of a population.

    Parameters
    ----------
    population : Population
    node : nir.NIRNode
        That it was read from.
    conventions : Conventions
    carried : Carried
        What of Nengo's it was written from, which stands in where the node still agrees with it.
    followed : bool
        Whether anything gets its output.
    """
    own = carried.neurons.get(population.name)
    synapse = carried.filters.get(population.name)
    n = int(np.prod(population.shape))
    ones, zeros = np.ones(n), np.zeros(n)
    kind = type(node).__name__
    filters = own is None and synapse is not None and stands_for(node, synapse, CLOSE)
    if filters and not population.given.bias.any():
        return Made(None, ones, zeros, synapse)
    if isinstance(own, (nengo.LIF, nengo.SpikingRectifiedLinear)):
        bias = _nengos_bias(own, node, population, conventions.dt)
        if bias is not None and (kind == "CubaLIF") == (synapse is not None):
            return Made(own, ones, bias, synapse)
    read = _stepped(population, conventions, followed)
    if isinstance(own, SteppedNeurons) and same_stepped(own, read, n):
        return Made(own, ones, zeros)
    return Made(read, np.broadcast_to(population.dynamics.gain, (n,)), zeros)


def _nengos_bias(
    own: NeuronType, node: Any, population: Population, dt: float
) -> Optional[np.ndarray]:
    """The bias of Nengo's neurons, if a node is what is written for them; see ``primitives``."""
    p, _ = parameters_of(node, population.name)
    needed = {"v_threshold": 1.0, "v_reset": 0.0}
    if isinstance(own, nengo.LIF):
        needed.update({"r": 1.0, "tau_mem" if "tau_mem" in p else "tau": own.tau_rc})
        if "w_in" in p:
            needed["w_in"] = 1.0
    else:
        needed["r"] = dt
    for key, value in needed.items():
        if key not in p or not np.allclose(p[key], value, rtol=CLOSE, atol=0):
            return None
    return population.given.bias + p.get("v_leak", np.zeros(1))


def _stepped(population: Population, conventions: Conventions, followed: bool) -> SteppedNeurons:
    """NIR's own neurons of a population."""
    of = population.dynamics
    bias = of.gain * population.given.bias
    current_bias, leak = (bias, of.leak) if of.filters else (np.zeros(1), of.leak + bias)
    state: Dict[str, np.ndarray] = {}
    late = spikes_first(of, conventions)  # what is constant begins a step later too
    if of.filters and (late or conventions.first == "voltage"):
        state["current"] = _first_is_zero(current_bias, of.current_kept, population)
    if late:
        state["voltage"] = _first_is_zero(leak, of.voltage_kept, population)
    resets = of.spikes and of.resets
    return SteppedNeurons(
        current_kept=shortest(of.current_kept),
        voltage_kept=shortest(of.voltage_kept),
        threshold=shortest(of.threshold),
        bias=shortest(current_bias),
        leak=shortest(leak),
        v_reset=shortest(of.v_reset),
        reset=conventions.reset if resets else "zero",
        late_reset=resets and conventions.reset_at == "next",
        graded=followed and not of.fires,
        initial_state={key: value for key, value in state.items() if np.any(value)} or None,
    )


def spikes_first(of: Dynamics, conventions: Conventions) -> bool:
    """Whether its spikes are of the voltage before the step."""
    return conventions.first == "spikes" and of.spikes and of.resets


def _first_is_zero(constant: np.ndarray, kept: np.ndarray, population: Population) -> np.ndarray:
    """(n,) state x from which a step leads to 0: κ x + constant = 0."""
    n = int(np.prod(population.shape))
    constant, kept = (np.broadcast_to(part, (n,)) for part in (constant, kept))
    if np.any((constant != 0) & (kept == 0)):
        raise NirError(
            f"node {population.name}: a neuron keeps nothing of a step and has a bias, which "
            "begins a step too early with this order of updates; give another, as first=current"
        )
    before: np.ndarray = np.divide(-constant, kept, out=np.zeros(n), where=kept > 0)
    return before


def shortest(values: np.ndarray) -> np.ndarray:
    """One number where all are the same."""
    values = np.atleast_1d(np.asarray(values, float))
    return values[:1] if np.all(values == values[0]) else values
