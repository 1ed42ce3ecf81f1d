"""Tuning curves of neurons as the chip fires them."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple
from weakref import WeakKeyDictionary

import nengo
import numpy as np

from loihi_rules.chip.neurons import PerNeuronLIF, represented, some_of
from loihi_rules.nengo_parts.stepped import SteppedNeurons

DRIVES = 41  # at which rates are fitted
CLOSER = 1.25  # by how much each is nearer to 1 than the one before it, above high intercepts
FINEST_INTERCEPT = 1e-4  # radii, from 1
FIT_STEPS = 30  # at most
SETTLED = 1e-4  # of what is left of the error, gained in a step
PIECE = 2**16  # drives of neurons that are fitted together
LEAST_LEFT = 0.7  # of them, that have not settled, before the others are left out
MOST_POINTS = 500  # of an ensemble, at which its neurons are looked at
AT_ONCE = 8, 64  # neurons, of the first and at most
MOST_NEURONS = 1024  # of a large ensemble, of whose sum as many are enough
LEAST_SILENT = 0.05  # of the values of an ensemble with a threshold

# what `has_a_threshold` has found, which a fit, ways of entry and decoders ask for
_THRESHOLDS: WeakKeyDictionary[nengo.Ensemble, Tuple[Any, Any, bool]] = WeakKeyDictionary()


def is_chips_own(neuron_type: nengo.neurons.NeuronType) -> bool:
    """Whether a neuron type fires on the CPU as on the chip: nengo-loihi's, and stepped ones."""
    cls = type(neuron_type)
    return cls in (SteppedNeurons, PerNeuronLIF) or cls.__module__.startswith("nengo_loihi.")


def give_gains(ens: nengo.Ensemble, gain: np.ndarray, bias: np.ndarray) -> None:
    """Give an ensemble gains and biases, in the place of what it had to draw them from.

    Nengo warns of maximum rates and intercepts that stand beside gains and biases, as they
    have no effect.
    """
    ens.gain, ens.bias = gain, bias
    ens.max_rates, ens.intercepts = (
        nengo.Ensemble.max_rates.default,
        nengo.Ensemble.intercepts.default,
    )


def has_a_threshold(ens: nengo.Ensemble, built: Any) -> bool:
    """Whether an ensemble is silent at a good part of the values that it may represent.

    As with all encoders on one side and intercepts from 0 up: it rectifies. Values are its
    evaluation points and what is opposite to them, as in `nengo.presets.ThresholdingEnsembles`
    these are chosen to be above the threshold.

    Parameters
    ----------
    ens : nengo.Ensemble
    built : nengo.builder.ensemble.BuiltEnsemble
        As the user asked for it.
    """
    first = first_current(ens.neuron_type)
    known = _THRESHOLDS.get(ens)
    if known is None or known[0] is not built or known[1] != (first, ens.radius):
        known = built, (first, ens.radius), _is_silent(ens.radius, built, first)
        _THRESHOLDS[ens] = known
    return known[2]


def _is_silent(radius: float, built: Any, first: float) -> bool:
    points = built.eval_points[:MOST_POINTS]
    silent = np.concatenate([points, -points]) / radius
    most, n_neurons = LEAST_SILENT * len(silent), len(built.gain)
    start, (at_once, largest) = 0, AT_ONCE
    while start < n_neurons:
        if len(silent) <= most:  # after a few neurons as a rule, whose others need not be asked
            return False
        some = slice(start, start + at_once)
        start, at_once = start + at_once, min(2 * at_once, largest)
        current = built.gain[some] * (silent @ built.encoders[some].T) + built.bias[some]
        silent = silent[~(current > first).any(axis=1)]
    return len(silent) > most


def silenced(
    ens: nengo.Ensemble, built: Any, chip: nengo.neurons.NeuronType, gain: Any, bias: Any, dt: float
) -> float:
    """The share of the values that an ensemble may represent at which the chip's hardly fires.

    Where all neurons begin at one value, and each begins later on the chip, the values between are
    given by nobody: less than half of the CPU's spikes, of all neurons together (of 1024, if
    there are more).

    Parameters
    ----------
    ens : nengo.Ensemble
    built : nengo.builder.ensemble.BuiltEnsemble
        As the user asked for it.
    chip : nengo.neurons.NeuronType
        What the chip has.
    gain, bias : (n_neurons,) ndarray
        On the chip.
    dt : float
        Step in seconds.
    """
    some = slice(None, None, -(-ens.n_neurons // MOST_NEURONS))
    drive = built.eval_points[:MOST_POINTS] @ built.encoders[some].T / ens.radius
    asked = cpu_rates(ens.neuron_type, drive, built.gain[some], built.bias[some]).sum(axis=1)
    given = mean_chip_rates(some_of(chip, some), gain[some] * drive + bias[some], dt).sum(axis=1)
    return float(np.mean(given < asked / 2))


def cpu_rates(
    neuron_type: nengo.neurons.NeuronType, drive: np.ndarray, gain: np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """``neuron_type.rates``, of LIF neurons without picking out those that fire.

    Nengo does that three times (``neurons.py``, ``LIFRate.step``), which takes most of its time.

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
    drive : (n_points, n_neurons) ndarray
        Along the encoders, in radii.
    gain, bias : (n_neurons,) ndarray

    Returns
    -------
    (n_points, n_neurons) ndarray
        Hz times the neuron type's amplitude.
    """
    if type(neuron_type) not in (nengo.LIF, nengo.LIFRate):
        return np.asarray(neuron_type.rates(drive * np.ones(len(gain)), gain, bias))
    interval = np.asarray(gain * drive + bias, float)
    interval -= 1
    _put_interval(interval, neuron_type, leaky=True)
    with np.errstate(divide="ignore"):  # without a refractory time, at an endless current
        return np.asarray(np.divide(neuron_type.amplitude, interval, out=interval))


def step_lost(neuron_type: nengo.neurons.NeuronType, dt: float) -> float:
    """What a spike costs Nengo's LIF neurons beside their refractory time, on average, seconds.

    At a spike ``nengo.LIF.step`` (``neurons.py``) keeps what is left of the step as a part of the
    refractory time. Where that ends within the same step, the rest of the step is lost: of phases
    that are spread evenly over it

        (dt − τ_ref)² / (2 dt),        0 from τ_ref = dt up.

    Nengo's tuning curves, by which its decoders are solved, know nothing of it: at τ_ref = 0 what
    is represented is some 10 % smaller than they say.
    """
    left = dt - neuron_type.tau_ref if type(neuron_type) is nengo.LIF else 0.0
    return max(left, 0.0) ** 2 / (2 * dt)


def spiking_rates(
    neuron_type: nengo.neurons.NeuronType,
    drive: np.ndarray,
    gain: np.ndarray,
    bias: np.ndarray,
    dt: float,
) -> np.ndarray:
    """The rates at which the CPU's neurons fire: `cpu_rates`, less what `step_lost` says.

    Nengo's LIF neurons fire once a step at most, whatever their tuning curves say.

    Parameters and returns are those of `cpu_rates`, and dt, the step in seconds.
    """
    rates, lost = cpu_rates(neuron_type, drive, gain, bias), step_lost(neuron_type, dt)
    if not lost:
        return rates
    amplitude = neuron_type.amplitude
    return np.asarray(np.minimum(rates / (1 + rates * (lost / amplitude)), amplitude / dt))


def chip_rates(neuron_type: nengo.neurons.NeuronType, current: np.ndarray, dt: float) -> np.ndarray:
    """Firing rates of chip neurons under a constant current.

    A compartment fires at most once a step, so that an interval is a whole number of
    steps, ``⌈T / dt⌉`` where Nengo's neuron has T (nengo-loihi ``neurons.py``,
    ``loihi_lif_rates``):

        LIF:                 T = τ_ref + τ_RC · ln(1 + 1 / (J − 1)),  J > 1
        rectified linear:    T = 1 / J,                                J > 0

    Parameters
    ----------
    neuron_type : nengo.LIF or nengo.SpikingRectifiedLinear, or nengo.RegularSpiking of
        their rate types
    current : ndarray
        J, normalised.
    dt : float
        Step in seconds.

    Returns
    -------
    ndarray
        Rates in Hz times the neuron type's amplitude, of the shape of ``current``.
    """
    steps = _interval(neuron_type, current, dt)
    steps /= dt
    np.ceil(steps, out=steps)
    steps *= dt
    return np.asarray(np.divide(neuron_type.amplitude, steps, out=steps))


def mean_chip_rates(
    neuron_type: nengo.neurons.NeuronType, current: np.ndarray, dt: float
) -> np.ndarray:
    """Mean firing rates of chip neurons under a current that fluctuates.

    Where `chip_rates` has ``⌈T / dt⌉`` steps, an interval has T + dt / 2 on average: what
    is left of the last step is lost, as the chip sets the voltage to 0 at a spike.

    Parameters and returns are those of `chip_rates`.
    """
    interval = _interval(neuron_type, current, dt)
    interval += dt / 2
    return np.asarray(np.divide(neuron_type.amplitude, interval, out=interval))


def fit_rates(
    neuron_type: nengo.neurons.NeuronType,
    gain: np.ndarray,
    bias: np.ndarray,
    dt: float,
    dimensions: int = 1,
    drive: Optional[np.ndarray] = None,
    chip: Optional[nengo.neurons.NeuronType] = None,
    keep_intercepts: bool = False,
) -> Tuple[np.ndarray, np.ndarray]:
    """Gains and biases at which chip neurons fire at the rates of Nengo's.

    With r(J) Nengo's rate and q(J) = 1 / (T(J) + dt / 2) the chip's, they minimise, neuron
    by neuron, over drives s (the input along the encoder, in radii),

        Σ_s p(s) [ q(g' s + b') − r(g s + b) ]²,        s from −1 to 1,    r of `spiking_rates`,

    weighted with how often points of a ball of D dimensions have the projection s,
    p(s) ∝ (1 − s²)^((D − 1) / 2),

    by Gauss–Newton steps in (g', b'), damped, from (g, b), with g' from g / 2 to 2 g. A
    neuron that is silent or that is not made better keeps what it had.

    Free to move, intercepts go up, by 0.01 to 0.05 radii at 200 to 400 Hz: neurons that fire late
    and then steeply come nearer to high rates that the chip lacks. With J₀ where a neuron starts
    to fire, steps along

        g' = k g,        b' = J₀ + k (b − J₀)

    keep them.

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
        One of those that `chip_rates` takes.
    gain, bias : (n_neurons,) ndarray
    dt : float
        Step in seconds.
    dimensions : int
        D, of the ensemble.
    drive : (n_samples, n_neurons) ndarray, optional
        Samples of s in the place of p(s), where the inputs are not those of a ball.
    chip : nengo.neurons.NeuronType, optional
        What the chip has in the place of ``neuron_type``; the same if not given.
    keep_intercepts : bool
        Whether gains and biases change together, so that each neuron starts to fire where it did.

    Returns
    -------
    gain, bias : (n_neurons,) ndarray
    """
    fit = RateFit(neuron_type, gain, bias, dt, dimensions, drive, chip, keep_intercepts)
    return fit_together([fit])[0]


class RateFit(NamedTuple):
    """What `fit_rates` takes, and the highest intercept, for `drives`."""

    neuron_type: nengo.neurons.NeuronType
    gain: np.ndarray
    bias: np.ndarray
    dt: float
    dimensions: int = 1
    drive: Optional[np.ndarray] = None
    chip: Optional[nengo.neurons.NeuronType] = None
    keep_intercepts: bool = False
    highest: float = -1.0


def fit_together(fits: Sequence[RateFit]) -> List[Tuple[np.ndarray, np.ndarray]]:
    """What `fit_rates` gives for each, with the same bits.

    Those of neurons that are alike are fitted side by side, in arrays that stay in the processor's
    cache: for 50 neurons each NumPy takes longer to begin than to compute.
    """
    found = [(np.array(fit.gain, float), np.array(fit.bias, float)) for fit in fits]
    alike: Dict[Any, List[Tuple[int, slice, np.ndarray]]] = {}
    for k, fit in enumerate(fits):
        drive, _ = drives(fit.dimensions, fit.drive, fit.highest)
        for part, of in _pieces(drive, len(fit.gain)):
            n, own = part.stop - part.start, None if of.shape[1] > 1 else of.tobytes()
            chip = fit.chip or fit.neuron_type
            kind = fit.neuron_type, chip, fit.dt, fit.keep_intercepts
            key = (*kind, fit.drive is None, fit.dimensions, of.shape[0], own, n)
            alike.setdefault(key, []).append((k, part, of))
    for (neuron_type, chip, dt, keep, _, dimensions, rows, shared, n), units in alike.items():
        first = fits[units[0][0]]
        often = np.sqrt(drives(dimensions, first.drive, first.highest)[1])
        most = max(PIECE // (rows * n), 1) if n > 1 else 1  # of one, NumPy adds otherwise
        for start in range(0, len(units), most):
            some = units[start : start + most]
            drive = some[0][2] if shared else np.concatenate([of for *_, of in some], axis=1)
            gain = np.concatenate([fits[k].gain[part] for k, part, _ in some])
            bias = np.concatenate([fits[k].bias[part] for k, part, _ in some])
            gains, biases = _fit(neuron_type, drive, often, gain, bias, dt, chip, keep, n)
            for (k, part, _), own_gain, own_bias in zip(
                some, gains.reshape(-1, n), biases.reshape(-1, n)
            ):
                found[k][0][part], found[k][1][part] = own_gain, own_bias
    return found


def _pieces(drive: np.ndarray, n_neurons: int) -> Iterator[Tuple[slice, np.ndarray]]:
    """Neurons, two at least, of which all that a step computes stays in the processor's cache."""
    number = max(min(len(drive) * n_neurons // PIECE, n_neurons // 2), 1)
    ends = np.linspace(0, n_neurons, number + 1).astype(int)
    for start, end in zip(ends, ends[1:]):
        part = slice(start, end)
        yield part, drive[:, part] if drive.shape[1] > 1 else drive


def is_leaky(neuron_type: nengo.neurons.NeuronType) -> bool:
    """Whether neurons leak, as nengo.LIFRate and those that are made of it, nengo.LIF too."""
    return isinstance(getattr(neuron_type, "base_type", neuron_type), nengo.LIFRate)


def first_current(neuron_type: nengo.neurons.NeuronType) -> float:
    """The normalised current above which a neuron fires."""
    return 1.0 if is_leaky(neuron_type) else 0.0


def drives(
    dimensions: int, drive: Optional[np.ndarray] = None, highest: float = -1.0
) -> Tuple[np.ndarray, np.ndarray]:
    """Inputs s along an encoder, in radii, and how often each is had, p(s) ds; see `fit_rates`.

    Above the highest intercept there are two at least. Where that is above 0.9, inputs up to 1 are
    ever closer to each other, by 1.25 from one to the next: of 50 neurons with intercepts of 0.98
    the only input at which they fire was 1, and they gave 20 % more than the CPU's.

    Parameters
    ----------
    dimensions : int
    drive : (n_samples, n_neurons) ndarray, optional
        Samples of s, where they are known.
    highest : float
        Intercept, in radii.
    """
    if drive is not None:
        return drive, np.ones((1, 1))
    usual = np.linspace(-1, 1, DRIVES)
    apart = usual[1] - usual[0]
    if highest <= 1 - 1.999 * apart:  # 0.9, as it comes out in floating point
        return usual[:, None], (1 - usual[:, None] ** 2) ** ((dimensions - 1) / 2)
    nearest = max(1 - highest, FINEST_INTERCEPT) / DRIVES
    number = int(np.ceil(np.log(2 * apart / nearest) / np.log(CLOSER))) + 1
    near = 1 - np.geomspace(2 * apart, nearest, number)
    closer = np.concatenate([usual[:-3], near, [1.0]])
    often = (1 - closer**2) ** ((dimensions - 1) / 2) * np.gradient(closer) / apart
    return closer[:, None], often[:, None]


def steady_rates(neuron_type: nengo.neurons.NeuronType, rates: np.ndarray, dt: float) -> np.ndarray:
    """The rates to give Nengo's neurons for the chip's to fire at these under a steady input.

    The chip rounds an interval up to whole steps (`chip_rates`). With k the whole number of
    steps nearest to the interval asked for, but no less than the chip's shortest, aim at the
    middle of the last step,

        T' = (k − 1/2) · dt,

    where the rounding of gains, biases and weights tips nothing over.

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
        One of those that `chip_rates` takes.
    rates : ndarray
        Hz, 0 for silent neurons.
    dt : float
        Step in seconds.
    """
    unit = float(neuron_type.amplitude)
    shortest = _interval(neuron_type, np.full(np.shape(rates)[-1:], 1e9), dt) / dt
    asked = np.divide(unit, rates * dt, out=np.full_like(rates, np.inf), where=rates > 0)
    with np.errstate(invalid="ignore"):
        low = np.maximum(np.floor(asked), np.floor(shortest) + 1)
        nearer = np.abs(1 / (low + 1) - 1 / asked) < np.abs(1 / low - 1 / asked)
    steps = low + nearer
    return np.where(rates > 0, unit / ((steps - 0.5) * dt), 0.0)


def _fit(
    neuron_type: nengo.neurons.NeuronType,
    drive: np.ndarray,
    often: np.ndarray,
    gain: np.ndarray,
    bias: np.ndarray,
    dt: float,
    chip: nengo.neurons.NeuronType,
    keep_intercepts: bool,
    n: int,
) -> Tuple[np.ndarray, np.ndarray]:
    """Damped Gauss–Newton steps in gain and bias, neuron by neuron; n at a time settle."""
    unit = float(neuron_type.amplitude)
    chip = represented(chip, dt)
    fastest = 1 / (_represented_interval(chip, np.array(1e9)) + dt / 2)
    wanted = spiking_rates(neuron_type, drive, gain, bias, dt) / unit
    wanted = np.minimum(wanted, fastest)
    found = np.array(gain, float), np.array(bias, float)
    fit = _Fit(neuron_type, drive, often, gain, bias, wanted, dt, chip, keep_intercepts)
    units = np.arange(len(gain) // n)
    left = np.ones(len(units), bool)
    for step in range(FIT_STEPS):
        better, gained, cost = fit.step(np.repeat(left, n))
        settled = better.reshape(-1, n).any(axis=1)
        settled &= gained.reshape(-1, n).sum(axis=1) <= SETTLED * cost.reshape(-1, n).sum(axis=1)
        left &= ~settled
        if left.any() and step < FIT_STEPS - 1 and np.mean(left) > LEAST_LEFT:
            continue
        for all_of, of in zip(found, (fit.gain, fit.bias)):
            all_of.reshape(-1, n)[units] = of.reshape(-1, n)
        if not left.any():
            break
        fit.keep(np.repeat(left, n))
        units, left = units[left], left[left]
    return found


class _Fit:
    """Neurons, side by side, whose gains and biases are fitted."""

    def __init__(
        self,
        neuron_type: nengo.neurons.NeuronType,
        drive: np.ndarray,
        often: np.ndarray,
        gain: np.ndarray,
        bias: np.ndarray,
        wanted: np.ndarray,
        dt: float,
        chip: nengo.neurons.NeuronType,
        keep_intercepts: bool,
    ):
        self.drive, self.often, self.wanted, self.dt, self.chip = drive, often, wanted, dt, chip
        self.keep_intercepts, self.first = keep_intercepts, first_current(chip)
        self.base, self.leaky = getattr(chip, "base_type", chip), is_leaky(chip)
        self.fades = -often * np.ones(wanted.shape)
        self.gain, self.bias = np.array(gain, float), np.array(bias, float)
        self.own_gain, self.own_bias, self.square = np.abs(gain), bias, drive**2
        self.sign = np.sign(gain)
        self.residual, self.slope = self._misfit(self.gain, self.bias)
        self.cost = np.sum(self.residual**2, axis=0)
        self.damping = np.full(len(gain), 1e-3)

    def keep(self, of: np.ndarray) -> None:
        """Go on with some of the neurons."""
        names = ("gain", "bias", "own_gain", "own_bias", "sign", "cost", "damping")
        for name in names:
            setattr(self, name, getattr(self, name)[of])
        for name in ("wanted", "residual", "slope", "drive", "square", "fades"):
            values = getattr(self, name)
            if values.shape[1] > 1:
                setattr(self, name, np.compress(of, values, axis=1))

    def step(self, free: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A step of those that are free: which are better, by how much, and what they missed."""
        slope, residual, drive = self.slope, self.residual, self.drive
        steep, pull = slope**2, residual * slope
        c, v = steep.sum(axis=0), pull.sum(axis=0)
        pull *= drive
        u = pull.sum(axis=0)
        b = np.multiply(steep, drive, out=pull).sum(axis=0)
        steep *= self.square
        a = steep.sum(axis=0)
        damped = 1 + self.damping
        a, c = a * damped + 1e-12, c * damped + 1e-12
        determinant = a * c - b * b
        determinant = np.where(determinant > 0, determinant, np.inf)
        if self.keep_intercepts:  # along (g, b − J₀)
            g, h = self.gain, self.bias - self.first
            along = a * g * g + 2 * b * g * h + c * h * h
            step = (u * g + v * h) / np.where(along > 0, along, np.inf)
            new_gain, new_bias = self.gain - step * g, self.bias - step * h
        else:
            new_gain = self.gain - (c * u - b * v) / determinant
            new_bias = self.bias - (a * v - b * u) / determinant
        new_residual, new_slope = self._misfit(new_gain, new_bias)
        new_cost = np.sum(new_residual**2, axis=0)
        with np.errstate(invalid="ignore"):
            ahead = new_gain * self.sign  # of neurons with a negative gain, too
            near = (ahead > 0.5 * self.own_gain) & (ahead < 2 * self.own_gain)
            near &= np.abs(new_bias - self.own_bias) < np.abs(self.own_bias) + self.own_gain
        better = (new_cost < self.cost) & near & free
        cost = self.cost
        self.gain = np.where(better, new_gain, self.gain)
        self.bias = np.where(better, new_bias, self.bias)
        worse = np.flatnonzero(~better)
        for new, old in ((new_residual, residual), (new_slope, slope)):
            new[:, worse] = old[:, worse]
        self.residual, self.slope = new_residual, new_slope
        gained = np.where(better, cost - new_cost, 0.0)
        self.cost = np.where(better, new_cost, cost)
        self.damping = np.where(better, self.damping / 4, self.damping * 8)
        return better, gained, cost

    def _misfit(self, gain: np.ndarray, bias: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """What is missed at each drive, and how that changes with the current."""
        over = gain * self.drive
        over += bias
        over -= self.first
        fires = np.flatnonzero(over > 0)  # of the others both are 0
        some = over.reshape(-1)[fires]
        slope = _slope(some, self.base, self.leaky)
        rate = _interval_above(some, self.base, self.leaky)
        rate += self.base.tau_ref if self.leaky else 0.0
        rate += self.dt / 2
        np.divide(1, rate, out=rate)
        steep = np.square(rate)
        steep *= self.fades.reshape(-1)[fires]
        steep *= slope
        rates, steeps = np.zeros((2, *over.shape))
        rates.reshape(-1)[fires], steeps.reshape(-1)[fires] = rate, steep
        rates -= self.wanted
        rates *= self.often
        return rates, steeps


def _interval(neuron_type: nengo.neurons.NeuronType, current: np.ndarray, dt: float) -> np.ndarray:
    """T(J) in seconds, ∞ where the neuron is silent."""
    return _represented_interval(represented(neuron_type, dt), current)


def _represented_interval(neuron_type: nengo.neurons.NeuronType, current: np.ndarray) -> np.ndarray:
    """As `_interval`, of a neuron type that has the chip's time constants already."""
    base = getattr(neuron_type, "base_type", neuron_type)
    over = np.array(current, float)
    over -= first_current(neuron_type)
    _put_interval(over, base, leaky=is_leaky(base))
    return over


def _slope(over: np.ndarray, neuron_type: Any, leaky: bool) -> np.ndarray:
    """dT/dJ, of what J is over where neurons begin to fire."""
    least = np.maximum(over, 1e-12)
    return np.asarray(-neuron_type.tau_rc / (least * (least + 1)) if leaky else -1 / least**2)


def _put_interval(over: np.ndarray, neuron_type: Any, leaky: bool) -> None:
    """T in the place of what J is over where neurons begin to fire.

    It is ∞ where that is 0 or less, or not a number. These are left out, as log1p takes longer
    than all the rest. ``over`` is in one piece of memory, in any order.
    """
    flat = over.ravel(order="K")
    fires = np.flatnonzero(flat > 0)
    some = _interval_above(flat[fires] if len(fires) < len(flat) else flat, neuron_type, leaky)
    if some is not flat:
        flat.fill(np.inf)
        flat[fires] = some
    if leaky:
        over += neuron_type.tau_ref


def _interval_above(over: np.ndarray, neuron_type: Any, leaky: bool) -> np.ndarray:
    """The same above 0, without the refractory time; takes the place of what is given."""
    with np.errstate(divide="ignore", over="ignore"):
        np.divide(1, over, out=over)
        if leaky:
            np.log1p(over, out=over)
            over *= neuron_type.tau_rc
    return over
