"""By how much later a population answers on the chip than on the CPU, and filters for that.

Two things make a population early or late. *While they fire*, neurons whose phases are spread out
answer a current that changes slowly m − T / 2 later: T is their interval, and m how long before a
spike, on average, that was which brought it about. *Where they begin to fire*, on the way up, they
give other spikes than where they cease, on the way down. Neurons count by how much they add to
what the population represents.
"""

from __future__ import annotations

from typing import Any, Optional

import nengo
import numpy as np

from loihi_rules.chip.tuning import MOST_POINTS, cpu_rates, first_current
from loihi_rules.nengo_parts.leads import steps_of
from loihi_rules.nengo_parts.settings import TYPICAL_FREQUENCY

BINS = 40  # of the inputs along an encoder
LEAST_RATE = 1e-3  # Hz
LEAST_SHARE = 0.5  # of its values, which a population that has a lag represents
LEAST_LEFT = 0.5  # of a filter from which a lag is taken out; noise grows as its root falls
FINEST = 1e-5  # s, to which a lag is rounded
STEEPNESS = 2.0 ** np.arange(-5, 5)  # of a ramp, see `_on_the_way_up`
MORE_SPIKES = np.array([0.90, 0.76, 0.61, 0.43, 0.23, 0.05, -0.11, -0.22, -0.29, -0.36])
ALL_FORGOTTEN = -0.5  # spikes
RECTIFIED = (nengo.SpikingRectifiedLinear, nengo.RectifiedLinear)


def later(
    ens: nengo.Ensemble,
    own: nengo.neurons.NeuronType,
    built: Any,
    dt: float,
    drive: Optional[np.ndarray] = None,
) -> float:
    """By how many seconds what an ensemble represents is later on the chip than on the CPU.

    With T(s) the interval at an input s along a neuron's encoder, c the s at which it begins to
    fire and p(s) how often each is had, it is, over neurons i,

        Σ_i d_i·e_i { ∫ p(s) [h(T − τ) − h(T − τ')] dr  −  [D' p(c') − D p(c)] / 2 }
        ────────────────────────────────────────────────────────────────────────────,
                               Σ_i d_i·e_i ∫ p(s) dr

    with ' on the chip, r = 1 / T the rate, d decoders and e encoders. τ is the refractory time, and
    τ' = τ_ref' + dt / 2, as the chip loses half a step at each spike. The first term is the
    difference of m − T / 2 at the same T, with m = τ_RC − h(T − τ),

        h(t) = t / (e^(t / τ_RC) − 1),      −t / 2 (and a constant) without a leak.

    D is how many more spikes a neuron gives on the way up than on the way down
    (`_on_the_way_up`). Nengo's SpikingRectifiedLinear keep what they have under currents below
    zero, D = 0, where the chip's voltage falls to 0 and they begin anew, half a spike behind,
    D' = −1/2. So what 100 of them with rates of 200 to 400 Hz represent is 0.6 ms later. LIF
    forget alike, but have other gains on the chip. Nengo's RegularSpiking of rectified linear
    rates is the same as SpikingRectifiedLinear.

    Parameters
    ----------
    ens : nengo.Ensemble
        As it is on the chip, with its neuron type, gains and biases.
    own : nengo.neurons.NeuronType
        The CPU's.
    built : nengo.builder.ensemble.BuiltEnsemble
        As the user asked for it.
    dt : float
        Step in seconds.
    drive : (n_samples, n_neurons) ndarray, optional
        Samples of s; those of a ball's even values if not given.

    Returns
    -------
    float
        Negative where the chip is earlier; 0 for other neuron types than LIF,
        SpikingRectifiedLinear, and for what hardly represents its values.
    """
    leaky = type(own) is nengo.LIF
    if not leaky and type(getattr(own, "base_type", own)) not in RECTIFIED:
        return 0.0
    chip, dimensions = ens.neuron_type, built.encoders.shape[1]
    edges, often = _often(built, drive)
    rates = cpu_rates(own, edges, built.gain, built.bias) / own.amplitude
    adds = often * np.diff(rates, axis=0)
    interval = 1 / np.maximum((rates[1:] + rates[:-1]) / 2, LEAST_RATE)
    tau_rc = getattr(own, "tau_rc", np.inf)
    before, after = getattr(own, "tau_ref", 0.0), getattr(chip, "tau_ref", 0.0) + dt / 2
    lags = _held_back(interval - before, tau_rc) - _held_back(interval - after, tau_rc)
    late = np.sum(adds * lags, axis=0)
    speed = 2 * np.pi * TYPICAL_FREQUENCY / np.sqrt(dimensions + 2)  # of s, in a ball
    for sign, gain, bias in ((-1, ens.gain, ens.bias), (1, built.gain, built.bias)):
        given = gain != 0
        begin = (first_current(own) - bias) / np.where(given, gain, 1.0)
        begins = np.sign(gain) * _at(edges, often, begin)  # on the way down along the encoder
        if leaky:
            more = _on_the_way_up(speed * np.where(given, np.abs(gain), 1.0) * tau_rc)
        else:
            more = np.array(ALL_FORGOTTEN if sign < 0 else 0.0)
        late = late + sign * more * begins / 2
    weights = _weights(own, built, ens.radius)
    whole = float(weights @ adds.sum(axis=0))
    if whole < LEAST_SHARE * dimensions:
        return 0.0
    return float(np.round(weights @ late / whole / FINEST) * FINEST)


def without(tau: float, lag: float, dt: float) -> float:
    """The time constant of a low-pass filter that is so much earlier than another.

    The mean delay of a filter is a / (1 − a) steps, a = e^(−dt / τ). Half of it stays at least.

    Parameters
    ----------
    tau : float
        τ, of the other filter, seconds.
    lag : float
        Seconds.
    dt : float
        Step in seconds.
    """
    steps = steps_of(tau, dt)
    left = max(steps - lag / dt, LEAST_LEFT * steps)
    return float(dt / np.log1p(1 / left)) if left else tau


def _on_the_way_up(steepness: np.ndarray) -> np.ndarray:
    """D, how many more spikes a leaky neuron gives on the way up than down, of a ramp of currents.

    Both ways take as long, from 0 to where it fires fast. With dJ/dt = b / τ_RC, D depends on b
    alone. It is what a neuron without a refractory time gives, integrated in small steps: an
    average over all phases in which the ramp may find it or leave it. For b → ∞ all is forgotten
    between, and D = −1/2.
    """
    return np.asarray(np.interp(np.log2(steepness), np.log2(STEEPNESS), MORE_SPIKES))


def _often(built: Any, drive: Optional[np.ndarray]) -> Any:
    """Edges of inputs s, and how often each part of them is had, per radius."""
    if drive is None:
        edges = np.linspace(-1, 1, BINS + 1)
        middle = (edges[1:, None] + edges[:-1, None]) / 2
        often = (1 - middle**2) ** ((built.encoders.shape[1] - 1) / 2)
    else:
        edges = np.linspace(drive.min() - FINEST, drive.max() + FINEST, BINS + 1)
        of = np.searchsorted(edges, drive, side="right") - 1
        often = np.zeros((BINS, drive.shape[1]))
        np.add.at(often, (of, np.arange(drive.shape[1])), 1.0)
    return edges[:, None], often / (often.sum(axis=0) * (edges[1] - edges[0]))


def _at(edges: np.ndarray, often: np.ndarray, s: np.ndarray) -> np.ndarray:
    """How often each neuron's s is had."""
    of = np.searchsorted(edges[:, 0], s, side="right") - 1
    inside = (of >= 0) & (of < len(often))
    column = np.arange(len(s)) if often.shape[1] > 1 else 0
    return np.asarray(np.where(inside, often[np.clip(of, 0, len(often) - 1), column], 0.0))


def _held_back(t: np.ndarray, tau_rc: float) -> np.ndarray:
    """h of `later`; the same for all shorter times than none."""
    t = np.maximum(t, 0.0)
    if not np.isfinite(tau_rc):
        return -t / 2
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.where(t > 0, t / np.expm1(t / tau_rc), tau_rc))


def _weights(own: nengo.neurons.NeuronType, built: Any, radius: float) -> np.ndarray:
    """Σ d e of each neuron, d being decoders of what is represented, in radii."""
    points = built.eval_points[:MOST_POINTS] / radius
    rates = cpu_rates(own, points @ built.encoders.T, built.gain, built.bias) / own.amplitude
    if not rates.any():
        return np.zeros(len(built.gain))
    decoders, _ = nengo.solvers.LstsqL2()(rates, points)
    return np.asarray(np.sum(decoders * built.encoders, axis=1))
