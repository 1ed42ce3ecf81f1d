"""Neurons that are defined by what they do in a step, as frameworks train them and chips run them.

Nengo's own integrate-and-fire neurons place spikes within a step (``nengo.LIF.step``); those that
were trained elsewhere do not, and neither do Loihi's.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

import nengo
import numpy as np
from nengo.dists import Choice
from nengo.params import BoolParam, EnumParam, NdarrayParam, NumberParam
from nengo.synapses import LinearFilter, Synapse

from loihi_rules.nengo_parts.wiring import base_of

RESETS = ("zero", "subtract")


class SteppedNeurons(nengo.neurons.NeuronType):
    r"""Current-based integrate-and-fire neurons, one update a step.

    With the weighted spikes x of a step, the current u and the voltage v, of each neuron:

    .. math::
        u_t = \alpha u_{t-1} + x_t + b, \qquad
        v_t = \beta v_{t-1} + u_t + k, \qquad
        s_t = [v_t > \theta],

    and where it spikes v becomes v_reset, or loses θ, at once or (``late_reset``) as the next step
    begins: :math:`\beta v_{t-1} - \theta s_{t-1}`, or :math:`(1 - s_{t-1}) v_t`.

    Weights are of spikes: a connection's transform is what one spike adds to u. Nengo's spikes
    are 1/dt high, so that x is J dt.

    Parameters
    ----------
    current_kept, voltage_kept : (n,) array_like
        α and β, what is left of u and v after a step.
    threshold : (n,) array_like
        θ; infinite for what only integrates.
    bias, leak : (n,) array_like
        b and k, added to current and voltage in each step.
    v_reset : (n,) array_like
        With ``reset="zero"``.
    reset : {"zero", "subtract"}
    late_reset : bool
    graded : bool
        Whether what leaves a neuron is its voltage instead of spikes; 1/dt times, as those are.
    initial_state : mapping of str to array_like, optional
        ``"voltage"`` and ``"current"``; 0 if not given.
    """

    state = {"voltage": Choice([0]), "current": Choice([0]), "spiked": Choice([0])}
    negative = False
    spiking = True

    current_kept = NdarrayParam("current_kept", shape=("*",))
    voltage_kept = NdarrayParam("voltage_kept", shape=("*",))
    threshold = NdarrayParam("threshold", shape=("*",))
    bias = NdarrayParam("bias", shape=("*",))
    leak = NdarrayParam("leak", shape=("*",))
    v_reset = NdarrayParam("v_reset", shape=("*",))
    reset = EnumParam("reset", values=RESETS)
    late_reset = BoolParam("late_reset")
    graded = BoolParam("graded")

    def __init__(
        self,
        current_kept: Any,
        voltage_kept: Any,
        threshold: Any,
        bias: Any = (0.0,),
        leak: Any = (0.0,),
        v_reset: Any = (0.0,),
        reset: str = "zero",
        late_reset: bool = False,
        graded: bool = False,
        initial_state: Optional[Dict[str, Any]] = None,
    ):
        super().__init__(initial_state)
        self.current_kept = current_kept
        self.voltage_kept = voltage_kept
        self.threshold = threshold
        self.bias = bias
        self.leak = leak
        self.v_reset = v_reset
        self.reset = reset
        self.late_reset = late_reset
        self.graded = graded

    @property
    def probeable(self) -> Tuple[str, ...]:
        return ("output", "voltage", "current")

    def gain_bias(self, max_rates: Any, intercepts: Any) -> Tuple[np.ndarray, np.ndarray]:
        """Ones and zeros: what neurons are is in their parameters."""
        n = np.size(max_rates)
        return np.ones(n), np.zeros(n)

    def max_rates_intercepts(self, gain: Any, bias: Any) -> Tuple[np.ndarray, np.ndarray]:
        """Zeros: such neurons represent no value."""
        n = np.size(gain)
        return np.zeros(n), np.zeros(n)

    def rates(self, x: Any, gain: Any, bias: Any) -> np.ndarray:
        """Zeros: such neurons represent no value, and nothing can be decoded from them."""
        return np.zeros_like(self.current(x, gain, bias))

    def step(
        self,
        dt: float,
        J: np.ndarray,
        output: np.ndarray,
        voltage: np.ndarray,
        current: np.ndarray,
        spiked: np.ndarray,
    ) -> None:
        """One step of the equations above; ``output`` is 1/dt where a neuron spikes, or v/dt."""
        current *= self.current_kept
        current += J * dt + self.bias
        voltage *= self.voltage_kept
        if self.late_reset and self.reset == "subtract":
            voltage -= self.threshold * spiked
        voltage += current + self.leak
        if self.late_reset and self.reset == "zero":
            np.copyto(voltage, self.v_reset, where=spiked > 0)
        spiked[...] = voltage > self.threshold
        if not self.late_reset and self.reset == "subtract":
            np.subtract(voltage, self.threshold, out=voltage, where=spiked > 0)
        elif not self.late_reset:
            np.copyto(voltage, self.v_reset, where=spiked > 0)
        output[...] = (voltage if self.graded else spiked) / dt


class InputSpikes(nengo.neurons.NeuronType):
    """What enters from outside, as spikes: each gives in each step what it is given.

    A value of 1 is a spike, one of 2 are two in that step. On the host, before a chip, values that
    are no counts become such of ``unit`` each, and what is left is added to the next step's; what
    is below 0 gives none, and is another neuron's.

    Parameters
    ----------
    unit : float
        What a spike stands for; 0 where values are passed on as they are.
    """

    state = {"left": Choice([0])}
    negative = True
    spiking = True

    unit = NumberParam("unit", low=0)

    def __init__(self, unit: float = 0.0, initial_state: Optional[Dict[str, Any]] = None):
        super().__init__(initial_state)
        self.unit = unit

    @property
    def probeable(self) -> Tuple[str, ...]:
        return ("output",)

    gain_bias = SteppedNeurons.gain_bias
    max_rates_intercepts = SteppedNeurons.max_rates_intercepts
    rates = SteppedNeurons.rates

    def step(self, dt: float, J: np.ndarray, output: np.ndarray, left: np.ndarray) -> None:
        """Counts of ``unit``, the remainder kept; spikes are 1/dt high."""
        if not self.unit:
            output[...] = J / dt
            return
        left += J / self.unit
        counts = np.rint(left)  # to even, so that the opposite gives the opposite
        left -= counts
        output[...] = np.maximum(counts, 0) / dt


def is_stepped(obj: Any) -> bool:
    """Whether an end of a connection, or what a probe is of, are `SteppedNeurons`."""
    return isinstance(getattr(base_of(obj), "neuron_type", None), SteppedNeurons)


def step_delay(steps: int) -> Optional[LinearFilter]:
    """A synapse that delays by whole steps, z⁻ᵏ, and does not filter; None for no step."""
    return LinearFilter([1], [1, *[0] * steps], analog=False) if steps else None


def delay_of(synapse: Optional[Synapse]) -> Optional[int]:
    """By how many steps a synapse delays, if that is all it does."""
    if synapse is None:
        return 0
    if not isinstance(synapse, LinearFilter) or synapse.analog or not _is_one(synapse.num):
        return None
    return (
        len(synapse.den) - 1 if _is_one(synapse.den[:1]) and not np.any(synapse.den[1:]) else None
    )


def _is_one(coefficients: Any) -> bool:
    return np.array_equal(coefficients, [1.0])
