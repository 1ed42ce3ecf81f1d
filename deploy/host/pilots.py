"""Pilot runs of neurons in machine code, with NumPy's bits."""

from __future__ import annotations

from typing import Any, Dict

import nengo
import numpy as np
from nengo.synapses import LinearFilter

from deploy.compiling.jit import HAVE_NUMBA
from deploy.host import pilot_kernels as kernels
from loihi_rules.pilots.steps import IN_NUMPY, ChipNeurons, CpuNeurons, PilotSteps


class CompiledSteps(PilotSteps):
    """Takes the place of NumPy's, where Nengo's numbers have 64 bits, as they have by default."""

    def cpu(
        self, neuron_type: Any, current: np.ndarray, dt: float, rng: Any, n_steps: int
    ) -> np.ndarray:
        if type(neuron_type) is not nengo.LIF or nengo.rc.float_dtype != np.float64:
            return super().cpu(neuron_type, current, dt, rng, n_steps)
        (state,) = CpuNeurons(neuron_type, current.shape[1:], dt, rng).states
        rows = np.ascontiguousarray(current, np.float64).reshape(len(current), -1)
        output = _lif(neuron_type, rows, state, dt, n_steps)
        return output.reshape(n_steps, *current.shape[1:])

    def spikes(
        self,
        neuron_type: nengo.neurons.NeuronType,
        current: np.ndarray,
        dt: float,
        n_steps: int,
        seed: int = 0,
    ) -> np.ndarray:
        unit, nothing = np.ones((1, current.shape[-1]), np.float32), np.zeros_like
        of = ChipNeurons(neuron_type, current.shape[1:], dt, seed)
        spikes = _chip(of, current, unit, nothing(unit), n_steps, 0, each=True)
        return np.asarray(spikes[:, 0], np.bool_)

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
        of = ChipNeurons(neuron_type, given.shape[1:], dt, 0)
        counts = _chip(of, given, gain, bias, n_steps, settled, each=False)
        return np.asarray(counts[0], np.int64)

    def filtered(
        self, signal: np.ndarray, synapse: nengo.synapses.Synapse, dt: float
    ) -> np.ndarray:
        if not isinstance(synapse, nengo.Lowpass) or nengo.rc.float_dtype != np.float64:
            return super().filtered(signal, synapse, dt)
        shape = (2,)  # of more than one value, as a single one has a step of its own
        state = synapse.make_state(shape, shape, dt, y0=0)
        step = synapse.make_step(shape, shape, dt, None, state)
        if type(step) is not LinearFilter.OneX:
            return super().filtered(signal, synapse, dt)
        flat = np.ascontiguousarray(signal, np.float32).reshape(len(signal), -1)
        filtered = np.empty_like(flat)
        kernels.lowpass(flat, float(step.a), float(step.b), filtered)
        return filtered.reshape(signal.shape)


def _chip(
    neurons: ChipNeurons,
    given: np.ndarray,
    gain: np.ndarray,
    bias: np.ndarray,
    n_steps: int,
    settled: int,
    each: bool,
) -> np.ndarray:
    """Counts of spikes, (n_steps or 1, n_runs, n_stimuli, n_neurons), of each step or of all."""
    counts = np.zeros((n_steps if each else 1, len(gain), *given.shape[1:]), np.float32)
    flat = [np.ascontiguousarray(of, np.float32).ravel() for of in (given, gain, bias)]
    kernels.chip_steps(
        *flat, neurons.voltage.ravel(), np.float32(neurons.leaky), neurons.share,
        neurons.refractory, n_steps, settled, counts.reshape(-1), each,
    )  # fmt: skip
    return counts


def _lif(
    neurons: nengo.LIF, rows: np.ndarray, state: Dict[str, np.ndarray], dt: float, n_steps: int
) -> np.ndarray:
    """(n_steps, n) output of `nengo.LIF` at (n_steps or 1, n) currents, float32."""
    n, tau_rc, tau_ref = rows.shape[1], float(neurons.tau_rc), float(neurons.tau_ref)
    least, height = float(neurons.min_voltage), np.float32(neurons.amplitude / dt)
    voltage, resting = state["voltage"], state["refractory_time"]
    late, fires = np.empty((2, n), np.int64)
    arguments, logs = np.empty((2, n))
    output = np.zeros((n_steps, n), np.float32)
    whole = float(np.expm1(np.full(16, -dt / tau_rc))[0])
    for t in range(n_steps):
        row = rows[t % len(rows)]
        n_late, n_fires = kernels.lif_step(
            row, voltage, resting, dt, tau_rc, whole, least, late, arguments, fires, logs
        )
        if n_late:
            decays = np.expm1(arguments[:n_late])
            n_fires = kernels.lif_parts(
                row, voltage, least, late[:n_late], decays, fires, logs, n_fires
            )
        if n_fires:
            with np.errstate(divide="ignore"):  # of a voltage that has come to J, as Nengo has it
                ends = np.log1p(logs[:n_fires])
            kernels.lif_fired(
                output[t], height, resting, fires[:n_fires], ends, dt, tau_rc, tau_ref
            )
    return output


def pilot_steps() -> PilotSteps:
    """Compiled where there is numba."""
    return CompiledSteps() if HAVE_NUMBA else IN_NUMPY


def compile_kernels() -> None:
    """Have all of it compiled, by a neuron that rests and fires in ten steps."""
    steps, lif = pilot_steps(), nengo.LIF(tau_ref=0.0015)
    current, one = np.full((1, 1, 1), 40.0), np.ones((1, 1), np.float32)
    steps.counts(lif, current.astype(np.float32), one, one, 0.001, 10, 0)
    output = steps.cpu(lif, current, 0.001, np.random.RandomState(0), 10)
    steps.filtered(output, nengo.Lowpass(0.005), 0.001)
