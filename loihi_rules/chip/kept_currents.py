"""Neurons with two memories, whose spikes take the threshold away, as currents with one memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loihi_rules.chip.levels import CURRENT_MAX, LEAST_MANTISSA, STEP
from loihi_rules.chip.limits import LOIHI
from loihi_rules.nengo_parts.stepped import SteppedNeurons

FAINT = 2.0 ** (1 - LOIHI.weight_bits)  # of a weight: its least step, one of its bits is the sign
LONGEST_KEPT = 1 - 2.0**-LOIHI.decay_bits  # of a current, after a step

# thresholds of biases and currents; beside more, one is fewer steps than are left of it anywhere
MOST_BIAS = LOIHI.bias_max / (LEAST_MANTISSA * STEP)
MOST_CURRENT = CURRENT_MAX / (LEAST_MANTISSA * STEP)


@dataclass(frozen=True)
class KeptCurrents:
    r"""What leads into neurons of which only the current has a memory.

    By z-transforms, with α and β what is left of current and voltage after a step, S the spikes,
    and c = β, or 1 where the threshold is taken after the leak, the voltage is

    .. math::
        V = \frac{X}{(1 - α z^{-1}) (1 - β z^{-1})} - \frac{c θ z^{-1} S}{1 - β z^{-1}} .

    The current keeps p, the larger of α and β; q, the other, is in weights of the steps behind a
    spike, as far as they are not faint beside the first.

    Attributes
    ----------
    kept : (n,) ndarray
        p; `LONGEST_KEPT` at most.
    taps : (n_taps, n) ndarray
        By what weights are multiplied that arrive 0, 1, … steps later.
    resets : (n_resets, n) ndarray
        Weights of each neuron with itself, of 1, 2, … steps later.
    bias, first : (n,) ndarray
        Of the current: what is added in each step, and what it begins with.
    pulses : (n_pulses, n) ndarray
        What is added besides in the first steps.
    """

    kept: np.ndarray
    taps: np.ndarray
    resets: np.ndarray
    bias: np.ndarray
    first: np.ndarray
    pulses: np.ndarray

    @property
    def leaks(self) -> bool:
        """Whether nothing leaks from the neurons that these stand for, and from these it does."""
        return bool(np.any(self.kept == LONGEST_KEPT))


def kept_currents(neurons: SteppedNeurons, n: int) -> KeptCurrents:
    """Of neurons with a reset by subtraction.

    Parameters
    ----------
    neurons : SteppedNeurons
        Their thresholds are above 0.
    n : int
        How many they are.
    """
    alpha, beta, b, k, threshold = (
        _each(values, n)
        for values in (
            neurons.current_kept,
            neurons.voltage_kept,
            neurons.bias,
            neurons.leak,
            neurons.threshold,
        )
    )
    state = neurons.make_state(n, rng=np.random.RandomState(0))
    u, v = _each(state["current"], n), _each(state["voltage"], n)
    steady = np.divide(b, 1 - alpha, out=np.zeros(n), where=b != 0)
    fires = np.isfinite(threshold)
    taken = np.where(fires, threshold, 0.0) * (1.0 if neurons.late_reset else beta)
    if alpha.max() <= beta.max():
        kept, taps, resets = beta, _powers(alpha), taken[np.newaxis]
        bias, first, pulses = steady + k, v, alpha * (u - steady) * taps
    else:
        kept, taps = alpha, _powers(beta)
        # (1 − α/z) / (1 − β/z)
        back = np.concatenate([np.ones((1, n)), (beta - alpha) * _powers(beta)])
        resets, first = taken * back, (steady + k) / (1 - beta)
        bias = first * (1 - alpha)
        pulses = beta * (v - first) * back
        pulses[:-1] += alpha * (u - steady) * taps
    telling = np.abs(pulses) > FAINT * np.where(fires, threshold, np.inf)
    n_pulses = int(np.max(np.flatnonzero(telling.any(axis=1)), initial=-1)) + 1
    kept = np.minimum(kept, LONGEST_KEPT)
    return KeptCurrents(kept, taps, -resets, bias, first, pulses[:n_pulses])


def _each(values: object, n: int) -> np.ndarray:
    return np.array(np.broadcast_to(np.asarray(values, float), (n,)))


def _powers(q: np.ndarray) -> np.ndarray:
    """(k, n) qᵏ, k from 0, until all are faint; the last has all that would follow."""
    largest, number = float(q.max()), 1
    while largest**number > FAINT:
        number += 1
    powers = np.asarray(q ** np.arange(number)[:, np.newaxis])
    powers[-1] /= 1 - q
    return powers


def bias_of(currents: KeptCurrents, threshold: np.ndarray) -> np.ndarray:
    """(n,) magnitude of B / (1 − p) in thresholds."""
    return np.asarray(np.abs(currents.bias) / (1 - currents.kept) / threshold)
