"""Voltages and currents of compartments in Nengo's units, where the threshold is 1."""

from __future__ import annotations

from typing import Any, Optional

import nengo
import numpy as np

from deploy.nengo_loihi.load import load_nengo_loihi


def scale_of(probe: Any, dt: float) -> Optional[np.ndarray]:
    """What the samples of a voltage or current probe are to be multiplied by.

    nengo-loihi gives the compartment's own units, integers as a rule. A voltage is to be
    divided by the threshold. At a steady current u a leaky compartment comes to the
    voltage ``u Σ_k (1 − δ)^k``, which is the threshold at J = 1; one that does not leak
    reaches it once a second at J = 1.

    Parameters
    ----------
    probe : nengo_loihi.probe.LoihiProbe
    dt : float
        Step in seconds.

    Returns
    -------
    (n_neurons,) ndarray, or None for a probe of something else.
    """
    scales = {"voltage": _voltage, "current": _current}
    if probe.key not in scales or any(weights is not None for weights in probe.weights):
        return None
    return by_neuron(probe, [scales[probe.key](b.compartment, dt) for b in probe.target])


def bias_of(probe: Any) -> np.ndarray:
    """(n_neurons,) biases of the compartments of a probe, in their own units."""
    return by_neuron(probe, [block.compartment.bias for block in probe.target])


def current_unit(compartment: Any, dt: float) -> np.ndarray:
    """(n,) normalised current J that one unit of a compartment's current is; see `scale_of`."""
    return _current(compartment, dt)


def current_of_a_weight(compartment: Any, dt: float) -> np.ndarray:
    """(n,) normalised current J, in the mean, at one spike a second down a weight of 1.

    A spike adds the weight to the current u, which decays by δ a step, and so comes to
    ``Σ_k (1 − δ)^k`` of it over the steps to follow; nengo-loihi's floating point multiplies it
    with δ first (``block.py``, ``scale_u``).
    """
    decay = compartment.decay_u
    if np.issubdtype(decay.dtype, np.integer):
        total = load_nengo_loihi().builder.discretize.decay_magnitude(decay, x0=2097152, offset=1)
    else:
        total = 1.0 if compartment.scale_u else 1 / decay.astype(float)
    return np.asarray(dt * total * current_unit(compartment, dt))


def by_neuron(probe: Any, values: Any) -> np.ndarray:
    """(n_neurons,) numbers of a probe's neurons, from those of each of its blocks."""
    parts = [value[part] for value, part in zip(values, probe.slice)]
    return np.asarray(probe.weight_outputs(parts)[0], float)


def _voltage(compartment: Any, dt: float) -> np.ndarray:
    unit: np.ndarray = 1.0 / compartment.vth.astype(float)
    return unit


def _current(compartment: Any, dt: float) -> np.ndarray:
    decay, vth = compartment.decay_v, compartment.vth.astype(float)
    if not decay.any():
        return np.asarray(1 / (vth * dt))
    if np.issubdtype(decay.dtype, np.integer):
        magnitude = load_nengo_loihi().builder.discretize.decay_magnitude
        return np.asarray(magnitude(decay, x0=2097152) / vth)
    return np.asarray(1 / vth)


def as_the_cpus(current: np.ndarray, ens: nengo.Ensemble, built: Any) -> np.ndarray:
    """(..., n) currents J, biases with them, that the CPU's neurons would have.

    Where gains g and biases b are fitted to the chip's rates, what comes from synapses is larger
    by the gains' factor:

        J(CPU) = (J(chip) − b(chip)) · g(CPU) / g(chip) + b(CPU)

    Parameters
    ----------
    current : (..., n) ndarray
        Of the chip's, normalised.
    ens : nengo.Ensemble
        Of the network that runs.
    built : nengo.builder.ensemble.BuiltEnsemble or None
        As the CPU has it; None of one that was not fitted.
    """
    if built is None:
        return current
    given = np.asarray(ens.gain) != 0
    ratio = np.where(given, built.gain / np.where(given, ens.gain, 1.0), 1.0)
    return np.asarray((current - np.asarray(ens.bias)) * ratio + built.bias)
