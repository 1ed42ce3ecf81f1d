"""Neurons of a pilot run, stepped: Nengo's and the chip's.

`PilotSteps` steps them in NumPy. What takes its place, compiled, gives the same bits.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Deque, List, Tuple

import nengo
import numpy as np
from nengo.neurons import RatesToSpikesNeuronType

from loihi_rules.chip.neurons import refractory_steps, represented
from loihi_rules.chip.tuning import is_leaky
from loihi_rules.nengo_parts.parameters import with_parameters

SHOWN = 0.4  # s, that each input is shown
SETTLING = 0.1  # s of those, before rates are counted


def shown(dt: float) -> int:
    """Steps for which each input is shown."""
    return max(2, round(SHOWN / dt))


def settling(dt: float) -> int:
    """Steps of those before rates are counted."""
    return round(SETTLING / SHOWN * shown(dt))


def counted(dt: float) -> int:
    """Steps of those in which rates are counted."""
    return shown(dt) - settling(dt)


def rates_of(output: np.ndarray, dt: float) -> np.ndarray:
    """(n_stimuli, n_neurons) means of spikes or outputs, once they have settled."""
    return np.asarray(output[settling(dt) :].mean(axis=0, dtype=float))


class CpuNeurons:
    """Nengo's own neurons, stepped.

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
    shape : (n_stimuli, n_neurons)
    dt : float
        Step in seconds.
    rng : numpy.random.RandomState
        Of the voltages that they start with.
    """

    def __init__(self, neuron_type: Any, shape: Tuple[int, ...], dt: float, rng: Any):
        kinds = [neuron_type]
        if isinstance(neuron_type, RatesToSpikesNeuronType):  # whose step is given rates
            kinds = [neuron_type.base_type, neuron_type]
        self.kinds = [with_parameters(kind, initial_state=None) for kind in kinds]
        self.shape, self.dt = shape, dt
        self.states = [kind.make_state(int(np.prod(shape)), rng=rng) for kind in self.kinds]
        self.output = np.zeros(int(np.prod(shape)))

    def begin_anew(self, rng: np.random.RandomState) -> None:
        """Draw voltages, as in the midst of a run."""
        for state in self.states:
            if "voltage" in state:
                state["voltage"][...] = rng.uniform(size=state["voltage"].shape)

    def step(self, current: np.ndarray) -> np.ndarray:
        """Output at a current J, normalised, both of ``shape``."""
        given = current.astype(float).ravel()
        for kind, state in zip(self.kinds, self.states):
            with np.errstate(divide="ignore"):  # of a voltage that has come to J
                kind.step(self.dt, given, self.output, **state)
            given = self.output.copy() if len(self.kinds) > 1 else given
        return self.output.reshape(self.shape)


class ChipNeurons:
    """The chip's neurons, stepped, in floating point.

        leaky:      v ← v + (1 − e^(−dt/τ_RC)) (J − v),  then 0 for τ_ref + dt
        not leaky:  v ← v + J dt
        both:       v ← max(v, 0),  a spike and v ← 0 where v > 1

    (nengo-loihi 1.1.0, ``neurons.py``, ``LoihiLIF.step``,
    ``LoihiSpikingRectifiedLinear.step``.)

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
        One of those that `loihi_rules.chip.tuning.chip_rates` takes.
    shape : (n_stimuli, n_neurons), or (n_runs, n_stimuli, n_neurons)
    dt : float
        Step in seconds.
    seed : int
        Of the voltages that they start with, as in the midst of a run, not all at 0; the same
        in all runs.

    Attributes
    ----------
    share : float32
        Of what is missing, or of the current, that a step adds to a voltage.
    refractory : (n_neurons,) ndarray of float32
        Steps.
    voltage : ndarray of float32
    """

    def __init__(
        self, neuron_type: nengo.neurons.NeuronType, shape: Tuple[int, ...], dt: float, seed: int
    ):
        neuron_type = represented(neuron_type, dt)
        base = getattr(neuron_type, "base_type", neuron_type)
        self.leaky = is_leaky(neuron_type)
        decay = dt
        if self.leaky:
            decay = float(-np.expm1(-dt / base.tau_rc)) if base.tau_rc else 1.0
        steps = refractory_steps(neuron_type, dt)
        self.refractory = np.broadcast_to(steps, shape[-1:]).astype(np.float32)
        self.voltage = np.empty(shape, np.float32)
        self.voltage[...] = np.random.RandomState(seed).uniform(size=shape[-2:])
        self.each = self.voltage.reshape(-1)  # the same, one by one
        self.above = np.zeros(self.each.shape, bool)
        self.change, self.share = np.empty_like(self.voltage), np.float32(decay)
        self.lowest = np.zeros_like(self.voltage)  # NumPy takes seven times as long with a number
        self.all_rest = int(steps.min())  # as long as all that fire
        self.fired: Deque[np.ndarray] = deque(maxlen=int(steps.max()))  # which rest now

    def step(self, current: np.ndarray) -> np.ndarray:
        """Which neurons spike at a current J, normalised: where they are in it, one by one."""
        voltage, change = self.voltage, self.change
        apart = np.subtract(current, voltage, change) if self.leaky else current
        voltage += np.multiply(self.share, apart, change)
        np.maximum(voltage, self.lowest, out=voltage)
        each = self.each
        for ago, resting in enumerate(reversed(self.fired)):
            each[resting if ago < self.all_rest else self._longer(resting, ago)] = 0
        fires = np.greater(each, 1, out=self.above).nonzero()[0]
        self.fired.append(fires)  # which holds it at 0 from the next step on
        if not self.all_rest:
            each[fires] = 0
        return fires

    def _longer(self, fired: np.ndarray, ago: int) -> np.ndarray:
        """Those of them that rest for more steps than that."""
        rests = self.refractory[fired % len(self.refractory)]
        return np.asarray(fired[rests > ago])


class PilotSteps:
    """Steps neurons of which none depends on another, in NumPy."""

    def cpu(
        self, neuron_type: Any, current: np.ndarray, dt: float, rng: Any, n_steps: int
    ) -> np.ndarray:
        """What Nengo's neurons give.

        Parameters
        ----------
        neuron_type : nengo.neurons.NeuronType
        current : (n_steps or 1, n_stimuli, n_neurons) ndarray
            J, normalised.
        dt : float
            Step in seconds.
        rng : numpy.random.RandomState
            Of the voltages that they start with.
        n_steps : int

        Returns
        -------
        (n_steps, n_stimuli, n_neurons) ndarray of float32
        """
        neurons = CpuNeurons(neuron_type, current.shape[1:], dt, rng)
        output = np.zeros((n_steps, *current.shape[1:]), np.float32)
        for t in range(n_steps):
            output[t] = neurons.step(current[t % len(current)])
        return output

    def spikes(
        self,
        neuron_type: nengo.neurons.NeuronType,
        current: np.ndarray,
        dt: float,
        n_steps: int,
        seed: int = 0,
    ) -> np.ndarray:
        """(n_steps, n_stimuli, n_neurons) spikes of `ChipNeurons`, bool; ``current`` as above."""
        neurons = ChipNeurons(neuron_type, current.shape[1:], dt, seed)
        spikes = np.zeros((n_steps, *current.shape[1:]), bool)
        for t, fires in enumerate(spikes.reshape(n_steps, -1)):
            fires[neurons.step(current[t % len(current)])] = True
        return spikes

    def counts(
        self,
        neuron_type: nengo.neurons.NeuronType,
        given: np.ndarray,
        gain: np.ndarray,
        bias: np.ndarray,
        dt: float,
        n_steps: int,
        settled: int,
    ) -> np.ndarray:
        """How many spikes `ChipNeurons` give from a step on, at several gains and biases.

        Parameters
        ----------
        neuron_type : nengo.neurons.NeuronType
        given : (n_steps or 1, n_stimuli, n_neurons) ndarray of float32
            Before gain and bias.
        gain, bias : (n_runs, n_neurons) ndarray of float32
        dt : float
            Step in seconds.
        n_steps, settled : int
            From which on they are counted.

        Returns
        -------
        (n_runs, n_stimuli, n_neurons) ndarray of int
        """
        gain, bias = gain[:, np.newaxis], bias[:, np.newaxis]
        current = gain * given[0] + bias
        neurons = ChipNeurons(neuron_type, current.shape, dt, 0)
        counted: List[np.ndarray] = []
        for t in range(n_steps):
            if len(given) > 1:
                np.multiply(gain, given[t], out=current)
                current += bias
            fires = neurons.step(current)
            if t >= settled:
                counted.append(fires)
        counts = np.bincount(np.concatenate(counted), minlength=current.size)
        return counts.reshape(current.shape)

    def filtered(
        self, signal: np.ndarray, synapse: nengo.synapses.Synapse, dt: float
    ) -> np.ndarray:
        """(n_steps, n_stimuli, n) signals of float32, filtered from 0."""
        flat = signal.reshape(len(signal), -1)  # older versions of Nengo filter no more axes
        filtered = np.asarray(synapse.filt(flat, dt=dt, axis=0, y0=0), np.float32)
        return filtered.reshape(signal.shape)


IN_NUMPY = PilotSteps()


def cpu_spikes(
    neuron_type: Any, current: np.ndarray, dt: float, rng: Any, steps: PilotSteps = IN_NUMPY
) -> np.ndarray:
    """(n_steps, n_stimuli, n_neurons) output of `CpuNeurons`, float32.

    ``current`` is (n or 1, n_stimuli, n_neurons), J, normalised.
    """
    return steps.cpu(neuron_type, current, dt, rng, shown(dt))


def chip_spikes(
    neuron_type: nengo.neurons.NeuronType,
    current: np.ndarray,
    dt: float,
    steps: PilotSteps = IN_NUMPY,
) -> np.ndarray:
    """(n_steps, n_stimuli, n_neurons) spikes of `ChipNeurons`, bool; ``current`` as above."""
    return steps.spikes(neuron_type, current.astype(np.float32, copy=False), dt, shown(dt))


def counted_rates(
    neuron_type: nengo.neurons.NeuronType,
    given: np.ndarray,
    gain: np.ndarray,
    bias: np.ndarray,
    dt: float,
    steps: PilotSteps = IN_NUMPY,
) -> np.ndarray:
    """Rates of `ChipNeurons` at several gains and biases, once they have settled.

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
    given : (n or 1, n_stimuli, n_neurons) ndarray
        What they are given, before gain and bias.
    gain, bias : (n_runs, n_neurons) ndarray
    dt : float
        Step in seconds.
    steps : PilotSteps
        What steps them.

    Returns
    -------
    (n_runs, n_stimuli, n_neurons) ndarray
        Hz.
    """
    n_steps, settled = shown(dt), settling(dt)
    given, gain, bias = (each.astype(np.float32, copy=False) for each in (given, gain, bias))
    counts = steps.counts(neuron_type, given, gain, bias, dt, n_steps, settled)
    return np.asarray(counts / counted(dt) / dt)
