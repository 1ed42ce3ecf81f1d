"""Neuron types as the chip has them: in whole steps, with refractory times of their own."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Optional

import nengo
import numpy as np
from nengo.params import NdarrayParam

from loihi_rules.chip.limits import LOIHI
from loihi_rules.nengo_parts.parameters import with_parameters


@lru_cache(maxsize=1024)  # of large models, one for each ensemble
def represented(neuron_type: nengo.neurons.NeuronType, dt: float) -> nengo.neurons.NeuronType:
    """The neuron type with the time constants that the chip has for it.

        τ_RC' = −dt / ln(1 − d / 4095),   d = round(4095 (1 − e^(−dt / τ_RC)))
        τ_ref' = dt · round(τ_ref / dt),  62 steps at most

    (nengo-loihi ``neurons.py``, ``discretize_tau_rc``; ``block.py``, ``configure_lif``, with
    its counter's 6 bits.)

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
        One of those that `chip_rates` takes.
    dt : float
        Step in seconds.
    """
    base = getattr(neuron_type, "base_type", neuron_type)
    if not isinstance(base, nengo.LIFRate):  # nengo.LIF is one
        return neuron_type
    most = 2**LOIHI.decay_bits - 1
    decay = max(round(-np.expm1(-dt / base.tau_rc) * most), 1) if base.tau_rc else most
    tau_rc = float(-dt / np.log1p(-decay / most)) if decay < most else base.tau_rc
    steps = np.minimum(refractory_steps(base, dt), LOIHI.refractory_steps[1] - 1)
    tau_ref = dt * steps if np.ndim(steps) else float(dt * steps)
    if _is_close(tau_rc, base.tau_rc, 1e-9) and np.all(_is_close(tau_ref, base.tau_ref, 1e-5)):
        return neuron_type
    chip = with_parameters(base, tau_rc=tau_rc, tau_ref=tau_ref)
    return chip if base is neuron_type else with_parameters(neuron_type, base_type=chip)


def _is_close(number: Any, other: Any, share: float) -> Any:
    """`numpy.isclose`, which takes thirty times as long."""
    most = 1e-8 + share * abs(other)
    return (abs(number - other) <= most) & (most < np.inf)


def refractory_steps(neuron_type: nengo.neurons.NeuronType, dt: float) -> np.ndarray:
    """Refractory time in steps, (n_neurons,) or one for all; 0 of neurons that have none."""
    base = getattr(neuron_type, "base_type", neuron_type)
    return np.asarray(np.round(np.asarray(getattr(base, "tau_ref", 0.0)) / dt))


def reachable_rate(neuron_type: nengo.neurons.NeuronType, rate: float, dt: float) -> float:
    """A usual rate, or half of the highest that neurons have on the CPU and on the chip, in Hz.

    At half of the highest, 1 / max(τ_ref, dt), a neuron waits as long for its threshold as it rests
    after a spike. Tuning curves are steep there; beyond, they have hardly anything left to rise to.

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
    rate : float
        Hz, that is usual for neurons of any kind.
    dt : float
        Step in seconds.
    """
    base = getattr(neuron_type, "base_type", neuron_type)
    own = float(np.max(getattr(base, "tau_ref", 0.0)))
    return min(rate, 0.5 / max(own, dt * float(refractory_steps(neuron_type, dt).max()), dt))


def shorter_refractory(
    neuron_type: nengo.neurons.NeuronType, dt: float
) -> Optional[nengo.neurons.NeuronType]:
    """The neuron type with a refractory time of one step less; None where it has none."""
    base = getattr(neuron_type, "base_type", neuron_type)
    steps = round(getattr(base, "tau_ref", 0.0) / dt)
    if steps < 1:
        return None
    shorter = with_parameters(base, tau_ref=(steps - 1) * dt)
    return shorter if base is neuron_type else with_parameters(neuron_type, base_type=shorter)


class PerNeuronLIF(nengo.LIF):
    """The chip's LIF neurons, with a refractory time for each, where `nengo.LIF` has one for all.

    On the chip a refractory time is a compartment's (nengo-loihi ``block.py``,
    ``Compartment.refract_delay``). On the CPU they fire at whole steps, too (``neurons.py``,
    ``LoihiLIF.step``):

        v ← v + (1 − e^(−dt/τ_RC)) (J − v),  a spike where v > 1, then 0 for τ_ref + dt

    Parameters
    ----------
    tau_ref : (n_neurons,) array_like
        Seconds. The others are those of `nengo.LIF`.
    """

    tau_ref: Any = NdarrayParam("tau_ref", shape=("*",))

    def __hash__(self) -> int:
        """By all its numbers; Nengo draws some of large arrays, which takes far longer."""
        return hash((type(self), self.tau_rc, self.amplitude, self.tau_ref.tobytes()))

    def gain_bias(self, max_rates: Any, intercepts: Any) -> Any:
        """Of all neurons, (n_neurons,) each; see `nengo.LIF.gain_bias`."""
        current = 1 / -np.expm1((self.tau_ref - 1 / np.asarray(max_rates)) / self.tau_rc)
        gain = (current - 1) / (1 - np.asarray(intercepts))
        return gain, 1 - gain * intercepts

    def rates(self, x: Any, gain: Any, bias: Any) -> Any:
        """Tuning curves of all neurons, (n_points, n_neurons), Hz; see `nengo.LIF.rates`."""
        over = self.current(x, gain, bias) - 1
        with np.errstate(divide="ignore"):
            interval = self.tau_ref + self.tau_rc * np.log1p(1 / np.maximum(over, 0))
        return np.where(over > 0, self.amplitude / interval, 0.0)

    def step(
        self,
        dt: float,
        J: np.ndarray,
        output: np.ndarray,
        voltage: np.ndarray,
        refractory_time: np.ndarray,
    ) -> None:
        """See `nengo.LIF.step`; (n_neurons,) each, of which all but J are written."""
        chip: Any = represented(self, dt)
        refractory_time -= dt
        awake = np.clip(dt - refractory_time, 0, dt)
        voltage -= (J - voltage) * np.expm1(-awake / chip.tau_rc)
        fires = voltage > 1
        output[:] = fires * (self.amplitude / dt)
        np.maximum(voltage, self.min_voltage, out=voltage)
        voltage[fires] = 0
        refractory_time[fires] = chip.tau_ref[fires] + dt


def shorter_for_some(own: nengo.neurons.NeuronType, some: np.ndarray, dt: float) -> PerNeuronLIF:
    """The same neurons, of which some have a refractory time of one step less.

    Parameters
    ----------
    own : nengo.neurons.NeuronType
        `nengo.LIF`.
    some : (n_neurons,) ndarray of bool
    dt : float
        Step in seconds.
    """
    steps = refractory_steps(own, dt)
    found: PerNeuronLIF = PerNeuronLIF.__new__(PerNeuronLIF)
    found.__setstate__({**own.__getstate__(), "tau_ref": (steps - some.astype(int)) * dt})
    return found


def every_other(rates: np.ndarray) -> np.ndarray:
    """Half of the neurons, alike to the others: every other one in the order of their rates.

    Parameters
    ----------
    rates : (n_neurons,) ndarray
    """
    chosen = np.zeros(len(rates), bool)
    chosen[np.argsort(rates, kind="stable")[1::2]] = True
    return chosen


def some_of(neuron_type: nengo.neurons.NeuronType, some: Any) -> nengo.neurons.NeuronType:
    """The neuron type of some neurons of an ensemble, by slice, indices or mask."""
    if not isinstance(neuron_type, PerNeuronLIF):
        return neuron_type
    return with_parameters(neuron_type, tau_ref=neuron_type.tau_ref[some])
