"""What the chip's integers can be worth for each neuron of a core, so that weights keep bits.

Of a compartment with the threshold v, the bias b and weights w, with the decays δ_u of its
current and δ_v of its voltage, the chip has

    g v,        g δ_v b,        g δ_u δ_v w

in integers (nengo-loihi 1.1.0, ``builder/discretize.py``, ``discretize_compartment``). Any g
gives the same neuron; the larger it is, the finer are its weights, whose steps are 64 or more
(``discretize_weights``, ``lossy_shift``). Neurons of a core may have g of their own, as long as
that makes no more than eight different thresholds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, Optional

import numpy as np

from loihi_rules.chip.limits import LOIHI

STEP = 1 << LOIHI.threshold_shift  # of thresholds, and the least of weights
WEIGHT_MAX = (LOIHI.weight_max - 1) * STEP  # at exponent 0: 128 a step are within 21 bits
FINE_WEIGHT_MAX = WEIGHT_MAX // 2  # of as many steps, 64 apart, not 128
CURRENT_MAX = 2**LOIHI.current_bits - 1
INPUT_MAX = 2**LOIHI.input_bits - 1
LEAST_MANTISSA = 8  # of a threshold
ROUNDING = 1e-6  # of what is kept in 32 bits of floating point
BINS_AN_OCTAVE = 16  # of the g that are tried
DECAY_START = 2**21  # from where rounded decays are summed up
NEARLY, TRIED = 15 / 16, 128  # of the largest threshold, and how many between
BIAS_LOSS = 2.0**-8  # of what a neuron is given, which weights of 8 bits lose too
MOST_ROUNDING = 0.05  # of what a neuron gets, in most of them, or all together
MOST_OFF = 0.03  # of a filter's time constant, up to which nothing is said
DECAY_LOSS = 0.494  # of a rounded decay in each step, as nengo-loihi's authors measured it


class Decays(NamedTuple):
    """What currents and voltages are multiplied with, so that their integrals are kept.

    Attributes
    ----------
    current, voltage : float
        δ_u and δ_v, as rounded; 1 where none is to be made up for.
    """

    current: float
    voltage: float

    @property
    def weight(self) -> float:
        return self.current * self.voltage


def decays_of(decay_u: float, decay_v: float, scale_u: bool = True, scale_v: bool = True) -> Decays:
    """The chip's decays for those of floating point, ``1 − exp(−dt / τ)``.

    The chip has δ_u in 12 bits less one, which it adds, and δ_v in 12 bits
    (``discretize_compartment``); a value decays by them to integers below.
    """
    most = 2**LOIHI.decay_bits - 1
    u = _decay_of_current(decay_u)
    v = int(np.round(decay_v * most))
    return Decays(
        1 / _summed(2**LOIHI.decay_bits - 1 - u) if scale_u else 1.0,
        1 / _summed(2**LOIHI.decay_bits - v) if scale_v else 1.0,
    )


@lru_cache(maxsize=1024)
def filter_of(tau: float, dt: float) -> float:
    """The time constant of a compartment's filter in seconds, for one that is asked for.

    With δ_u of 12 bits, of which 1 is added (nengo-loihi ``emulator/interface.py``,
    ``CompartmentState``, ``decay_u``), a current keeps (2^12 − 1 − δ_u) / 2^12 in a step:

        τ' = −dt / ln((2^12 − 1 − δ_u) / 2^12),    δ_u = round((2^12 − 1) (1 − e^(−dt/τ)) − 1)

    0 where it keeps nothing.
    """
    most = 2**LOIHI.decay_bits - 1
    kept = most - _decay_of_current(-np.expm1(-dt / tau))
    return float(-dt / np.log(kept / (most + 1))) if kept else 0.0


def off_filter(tau: float, dt: float, most: float = MOST_OFF) -> float:
    """By which part a compartment's time constant is off the one that is asked for; 0 if little.

    Decays are whole numbers of 1/4096 a step, which are few where filters are long: beyond 0.25 s,
    at steps of 1 ms, the nearest may be off by more than 3 %, and above 8 s there is none.

    Parameters
    ----------
    tau, dt : float
        Seconds.
    most : float
        What is little.
    """
    off = abs(filter_of(tau, dt) / tau - 1) if tau else 0.0
    return off if off > most else 0.0


def _decay_of_current(decay: float) -> int:
    most = 2**LOIHI.decay_bits - 1
    return int(np.clip(np.round(decay * most - 1), 0, most))


def _summed(kept: int) -> float:
    """The sum over time of a value that decays to ``kept / 2^12`` of it in a step, for one of 1.

    With the loss by rounding down, q in each step (``decay_magnitude``): of x_0 there are, to
    the step n where nothing is left,

        Σ r^i − q / ((1 − r) x_0) · (n + 1 − Σ r^i),    n = −ln(1 + x_0 (1 − r) / q) / ln r.
    """
    r = kept / 2**LOIHI.decay_bits
    if r <= 0:
        return 1.0
    n = -np.log1p(DECAY_START * (1 - r) / DECAY_LOSS) / np.log(r)
    powers = (1 - r ** (n + 1)) / (1 - r)
    return float(powers - DECAY_LOSS / ((1 - r) * DECAY_START) * (n + 1 - powers))


def largest_unit(
    decays: Decays,
    threshold: np.ndarray,
    bias: np.ndarray,
    weight: np.ndarray,
    current: Optional[np.ndarray] = None,
) -> np.ndarray:
    """The largest g of each neuron at which all that belongs to it is within its range.

    The threshold within 17 bits ≪ 6, the bias within 12 bits ≪ 7, and the current within 23 bits;
    the largest weight within 8 bits ≪ 5, as mantissas are even and steps at least 64, or ≪ 6
    where the threshold had fewer than 8 steps otherwise.

    Parameters
    ----------
    decays : Decays
    threshold, bias : (n,) ndarray
        v and b.
    weight : (n,) ndarray
        Magnitude of each neuron's largest weight.
    current : (n,) ndarray, optional
        The largest current that a neuron can get; unbounded if not given.
    """
    fine = least_unit(threshold)
    with np.errstate(divide="ignore"):
        limits = [
            LOIHI.threshold_max / threshold,
            LOIHI.bias_max / (decays.voltage * np.abs(bias)),
            WEIGHT_MAX / (decays.weight * weight),
            np.maximum(FINE_WEIGHT_MAX / (decays.weight * weight), fine),
        ]
        if current is not None:
            limits.append(np.maximum(CURRENT_MAX / (decays.voltage * current), fine))
    return np.asarray(np.min(limits, axis=0)) * (1 - ROUNDING)


def least_unit(threshold: np.ndarray) -> np.ndarray:
    """The g at which a threshold has the fewest steps that it may have, and a little more."""
    return (1 + 10 * ROUNDING) * LEAST_MANTISSA * STEP / threshold


def doublings(
    decays: Decays,
    unit: np.ndarray,
    threshold: np.ndarray,
    bias: np.ndarray,
    weight: np.ndarray,
    faintest: float,
    step_input: np.ndarray,
    current: np.ndarray,
) -> int:
    """How often all g of a core may be doubled, for the steps of its faintest group of weights.

    The steps of a group are 64 at least, however small its weights are. The largest group loses
    nothing: an exponent may be 7 at most, and each doubling raises it by one.

    Parameters
    ----------
    decays : Decays
    unit : (n,) ndarray
        g of each neuron.
    threshold, bias : (n,) ndarray
        v and b.
    weight : (n,) ndarray
        Magnitude of each neuron's largest weight.
    faintest : float
        The largest g w of the group in which it is least; δ_u δ_v of that is the integer.
    step_input : (n,) ndarray
        The sum of weights of one sign that a step's spikes can add up to; 21 bits.
    current : (n,) ndarray
        The largest current, with the bias; 23 bits.

    Returns
    -------
    int
        0 where there is no room, or the faintest has as many steps as it can use.
    """
    wanted = np.log2(FINE_WEIGHT_MAX / (decays.weight * faintest))
    reached = [
        unit * threshold / LOIHI.threshold_max,
        unit * decays.voltage * np.abs(bias) / LOIHI.bias_max,
        unit * decays.weight * weight / (WEIGHT_MAX * 2.0 ** LOIHI.weight_exponents[1]),
        unit * decays.weight * step_input / INPUT_MAX,
        unit * decays.voltage * current / CURRENT_MAX,
    ]
    room = np.log2((1 - ROUNDING) / np.max(reached))
    return int(max(0, np.floor(min(room, wanted))))


def levels(
    most: np.ndarray, weight: np.ndarray, n_levels: int = LOIHI.thresholds_a_core
) -> np.ndarray:
    """For each neuron one of so many g, none above its ``most``, as near as can be.

    Those with the finest weights: the rounding of a weight is 1 / g w of its neuron's largest
    weight w, and the sum of the squares of that is made least, by dynamic programming over
    sixteenths of octaves.

    Parameters
    ----------
    most : (n,) ndarray
        Of `largest_unit`.
    weight : (n,) ndarray
        Magnitude of each neuron's largest weight, more than 0.
    n_levels : int
    """
    bins, member = np.unique(np.floor(BINS_AN_OCTAVE * np.log2(most)), return_inverse=True)
    member = member.reshape(-1)
    n = len(bins)
    lowest = np.full(n, np.inf)
    np.minimum.at(lowest, member, most)
    squares = np.concatenate([[0.0], np.cumsum(np.bincount(member, np.asarray(weight) ** -2.0))])
    # cost[i, j]: of bins i … j − 1 at the lowest of i
    cost = (squares[np.newaxis, :] - squares[:n, np.newaxis]) / lowest[:, np.newaxis] ** 2
    cost[np.arange(n + 1)[np.newaxis] <= np.arange(n)[:, np.newaxis]] = np.inf
    best = np.concatenate([[0.0], np.full(n, np.inf)])
    starts = []
    for _ in range(min(n_levels, n)):
        through = best[:n, np.newaxis] + cost
        starts.append(through.argmin(axis=0))
        best = through.min(axis=0)
    level, end = np.empty(n), n
    for start in reversed(starts):
        level[start[end] : end] = lowest[start[end]]
        end = int(start[end])
    return np.asarray(level[member])


def biases_matter(unit: np.ndarray, bias: np.ndarray, current: np.ndarray, decays: Decays) -> bool:
    """Whether the 12 bits of biases lose more than weights of 8 bits do.

    Of neurons that are never far from their threshold, as of maximum rates of 5 Hz, the bias is
    nearly all, and what it is off by is much of what they are given.

    Parameters
    ----------
    unit : (n,) ndarray
        g.
    bias : (n,) ndarray
    current : (n,) ndarray
        The most that each is given beside its bias.
    decays : Decays
    """
    lost = _share_lost(decays.voltage * unit, bias, current)
    return bool(np.mean(np.minimum(lost, 1.0)) > BIAS_LOSS**2)


def steady_bias(unit: np.ndarray, bias: np.ndarray, decay_v: float, decays: Decays) -> np.ndarray:
    """A bias at which a voltage stays where it is to stay, to the last bits.

    δ_v makes up for what rounding takes from a value that decays to nothing, 5e-5 of it at
    τ_RC = 20 ms. A voltage that stays at v loses v d / 2^12 in a step, of d of 12 bits, and
    `DECAY_LOSS` by rounding down, so that the integer has to be

        g b d / 2^12 + DECAY_LOSS.

    Parameters
    ----------
    unit : (n,) ndarray
        g.
    bias : (n,) ndarray
    decay_v : float
        ``1 − exp(−dt / τ_RC)``.
    decays : Decays

    Returns
    -------
    (n,) ndarray
        What g δ_v is to be multiplied with; the same where voltages do not decay.
    """
    most = 2**LOIHI.decay_bits
    exact = np.round(decay_v * (most - 1)) / most
    if not 0 < exact < 1:
        return bias
    size = (unit * np.abs(bias) * exact + DECAY_LOSS) / (unit * decays.voltage)
    return np.asarray(np.copysign(size, bias))


def suited_to_biases(
    unit: np.ndarray,
    threshold: np.ndarray,
    bias: np.ndarray,
    current: np.ndarray,
    decays: Decays,
    n_levels: int = LOIHI.thresholds_a_core,
) -> np.ndarray:
    """Each g a little smaller, so that biases lose less by their 12 bits.

    As it is g δ_v b that is rounded, another g, and with it another threshold, is off by another
    part of a step. Thresholds that the core has left are taken one by one, each where the squares
    of what is left, over the current that a neuron is given, become least.

    Parameters
    ----------
    unit : (n,) ndarray
        g, with a whole threshold.
    threshold, bias : (n,) ndarray
    current : (n,) ndarray
        The most that each is given beside its bias.
    decays : Decays
    n_levels : int
        That a core has.

    Returns
    -------
    (n,) ndarray
    """

    def lost(g: np.ndarray, of: np.ndarray) -> np.ndarray:
        return _share_lost(decays.voltage * g, bias[of], current[of])

    own = unit * threshold
    most = np.unique(own)
    found, off, left = unit.copy(), lost(unit, np.arange(len(unit))), n_levels - len(most)
    steps = np.unique(np.floor(np.outer(most, np.linspace(NEARLY, 1, TRIED)) / STEP))
    steps = steps[steps >= LEAST_MANTISSA] * STEP
    fits = [np.flatnonzero((step <= own) & (step >= NEARLY * own)) for step in steps]
    errors = [lost(step / threshold[of], of) for step, of in zip(steps, fits)]
    for _ in range(left):
        gained = [np.maximum(off[of] - error, 0).sum() for of, error in zip(fits, errors)]
        best = int(np.argmax(gained))
        of = fits[best][errors[best] < off[fits[best]]]
        if not len(of):
            break
        found[of] = steps[best] / threshold[of]
        off[of] = lost(found[of], of)
    return found


def _share_lost(unit: np.ndarray, bias: np.ndarray, current: np.ndarray) -> np.ndarray:
    """The square of what rounding takes from or adds to a bias, over what else there is."""
    off, given = _rounded_off(unit * np.abs(bias)), unit * current
    return np.asarray(np.divide(off, given, out=np.zeros_like(off), where=given > 0) ** 2)


def _rounded_off(bias: np.ndarray) -> np.ndarray:
    """What is lost of an integer that becomes a mantissa of 12 bits and an exponent."""
    step = 2.0 ** np.ceil(np.log2(np.maximum(bias / (2**LOIHI.bias_mantissa_bits - 1), 1)))
    return np.asarray(np.abs(bias - step * np.round(bias / step)))


def whole_thresholds(g: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """Each g a little smaller, so that the threshold needs no rounding."""
    steps = np.maximum(np.floor(g * threshold / STEP), 1)
    return np.asarray(steps * STEP / threshold)


def weight_step(largest: float) -> int:
    """Distance of two neighbouring weights in a group with this largest integer.

    The group's exponent is the smallest that holds it; signs are mixed, so that mantissas are
    even; and below an exponent of −1 the chip drops what is less than 64.
    """
    exponent = int(np.ceil(np.log2(max(largest, 1.0) / WEIGHT_MAX)))
    step: int = max(STEP, 2 * STEP * 2 ** min(exponent, 0))
    return step


def bits_left(largest: np.ndarray, step: int) -> np.ndarray:
    """Bits of each neuron's weights, of 8 with their sign, by its largest integer.

    A neuron whose largest weight is k steps has ``1 + log2(k + 1)`` bits; none where that is 0.

    Parameters
    ----------
    largest : (n,) ndarray
        Magnitude of each neuron's largest weight in one group, in the chip's integers.
    step : int
        Of the group; see `weight_step`.
    """
    whole = np.round(np.asarray(largest) / step)
    return np.asarray(np.where(whole > 0, 1 + np.log2(whole + 1), 0.0))


def rounding_error(number: np.ndarray, total: np.ndarray, step: int) -> np.ndarray:
    """How far rounding puts off what each neuron gets, over the most that it gets.

    Weights are off by step / √12 each, independently, so that with half of the sources firing
    alike, k weights w give an error over the sum of

        step / √12 · √(k / 2) / (Σ|w| / 2).

    Parameters
    ----------
    number : (n,) ndarray
        k, the weights of each neuron that are not 0.
    total : (n,) ndarray
        Σ|w|, in the chip's integers.
    step : int
        Of the group.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(step * np.sqrt(np.asarray(number) / 6) / total)
