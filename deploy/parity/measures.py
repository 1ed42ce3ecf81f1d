"""The numbers of one run that a verdict is drawn from, by kind of trace.

Each measure takes a trace and the yardstick, and gives values by quantity, one for each
dimension or range; NaN where there is no such value. To add one, write it and list it in
`MEASURES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Callable, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import nengo
import numpy as np

from deploy.parity.metrics.pair import flat
from deploy.parity.statistics.design import TERMS, Mixed, Precision
from deploy.parity.statistics.learning import (
    along,
    besides,
    drive,
    final_error,
    half_level,
    mean_between,
    rate,
    steadiness,
    time_to_half,
    while_taught,
)
from deploy.parity.statistics.path import (
    OCTILES,
    PathFit,
    fit_path,
    lost_gain,
    mixed_terms,
    moving_mean,
    path_precision,
)
from deploy.parity.statistics.population import SYNAPSE
from deploy.parity.statistics.process import QUANTILES, describe_process
from deploy.parity.statistics.trains import regularity, synchrony
from deploy.parity.together import (
    ASKED,
    BRIEF,
    MODULATION,
    SHORT,
    TIME_BASE,
    UNLIKE,
    WAVEFORM,
    Together,
    rhythm,
)
from deploy.traces.dynamics import DRIVEN, FREE, LEARNED, UNSUPERVISED
from deploy.traces.trace import Trace

START = 0.1  # s, or a tenth of the run: membranes fill, filters settle
FOLLOWS = 0.5  # of the variance that CPU runs share, from which on a path can be followed
SEEN = 0.1  # of its variance that a path has to share with the model's, to be late
MOST_DIMENSIONS = 64  # that are judged one by one, evenly chosen
MOST_NEURONS = 32  # whose filtered spikes or currents are followed
MOST_DIGITS = 4  # of the ends of a range
RADIUS = "the radius"  # what values are a part of, where one is known
LOST = 0.25  # of a gain by one pair of runs, that may be for the reference's own noise
SMALLEST = 0.003  # of the radius: noise that no reader of the value sees
ACTIVE = 2.0  # Hz, below which a neuron is not missed
EXCESS = 20.0  # Hz above twice its rate, from which on a neuron runs away
VOLTAGE_SAMPLES = 400
FEWEST_SPIKES = 5.0  # of a neuron, before it is missed; and more than twice as many run away
COUNTED = 100.0  # degrees of freedom of what is known by counting
WINDOW = 0.05  # s; a state of a free population is where it is for so long
NEAREST = 5  # windows of other runs in which a population is in the same state

Values = Dict[str, np.ndarray]


@dataclass(frozen=True)
class Yardstick:
    """The CPU's runs of one trace.

    Attributes
    ----------
    repeats, builds : tuple of Trace
        See `deploy.parity.spread.Spread`.
    dt : float
        Step in seconds.
    """

    repeats: Tuple[Trace, ...]
    builds: Tuple[Trace, ...]
    dt: float

    @property
    def first(self) -> Trace:
        return self.repeats[0]

    def others(self, trace: Trace) -> List[Trace]:
        """The repeats but for this one."""
        others = [each for each in self.repeats if each is not trace]
        return others or list(self.repeats)

    @cached_property
    def path(self) -> np.ndarray:
        """(n_samples, n) where the model leads: the mean of builds, else of repeats."""
        runs = self.builds or self.repeats
        return np.asarray(np.mean([seen(trace, self.dt) for trace in runs], axis=0))

    def path_without(self, trace: Trace) -> np.ndarray:
        """`path` as a run outside it sees it: a build is led by the others and the first repeat.

        A run's own noise in its reference would pin it there. Of lags of builds a tenth was left,
        and any run from outside was far away.
        """
        if not any(each is trace for each in self.builds):
            return self.path
        own, stand_in = seen(trace, self.dt), seen(self.first, self.dt)
        return np.asarray(self.path + (stand_in - own) / len(self.builds))

    def own_path(self, trace: Trace) -> np.ndarray:
        """(n_samples, n) where the same neurons go: the mean of the other repeats.

        For any run of one repeat less than there are, so that its noise is alike for all.
        """
        if not any(each is trace for each in self.repeats):
            return self._led_by_own[0]
        return next(path for each, path in zip(self.repeats, self._led_by_own) if each is trace)

    @cached_property
    def _led_by_own(self) -> List[np.ndarray]:
        """For each repeat the mean path of the others."""
        paths = [seen(each, self.dt) for each in self.repeats]
        whole = np.sum(paths, axis=0)
        return [np.asarray((whole - path) / (len(paths) - 1)) for path in paths]

    @cached_property
    def mixed(self) -> List[Mixed]:
        """For each dimension what `path` cannot tell from something simpler; for all runs."""
        return mixed_terms(self.path, self.first.period * self.dt)

    @cached_property
    def scale(self) -> np.ndarray:
        """(n,) by which values are divided: the radius, or what each dimension reaches."""
        if self.first.radius > 0:
            return np.full(self.path.shape[1], self.first.radius)
        reach = np.abs(self.path).max(axis=0)
        most = float(reach.max())
        return np.where(reach > 0.01 * most, reach, most or 1.0)

    @property
    def scale_in_words(self) -> str:
        """What `scale` is."""
        return RADIUS if self.first.radius > 0 else "its largest value"

    @cached_property
    def places(self) -> Mapping[str, Tuple[str, ...]]:
        """Which dimension, and which range of it, each value of `value` is of."""
        return value_places(self)

    @cached_property
    def followed(self) -> np.ndarray:
        """(n,) whether equally good runs stay together, so that a path can be followed.

        Of what is free it takes more than one run to know.
        """
        if len(self.repeats) < 2 and self.first.dynamics == FREE:
            return np.zeros(self.path.shape[1], bool)
        sampling = self.first.period * self.dt
        fits = [fit_path(self.path, seen(t, self.dt), sampling, self.mixed) for t in self.repeats]
        noise = np.median([fit.residual for fit in fits], axis=0)
        explained = np.median([fit.explained for fit in fits], axis=0)
        return np.asarray((explained >= FOLLOWS) | (noise <= SMALLEST * self.scale))

    @cached_property
    def noisy(self) -> np.ndarray:
        """(n,) whether what varies is noise, as of a signal that is held.

        Of what no loop leads on, runs have the path that their input leads them in common, if there
        is any; what they do not have in common is noise, and no amplitude.
        """
        alone = len(self.repeats) < 2 or self.first.dynamics == FREE
        return ~self.followed & (not alone)

    @cached_property
    def together(self) -> Together:
        """The activity of the same neurons."""
        return Together(list(self.repeats), self.dt)

    def in_time(self, trace: Trace) -> Values:
        """How the activity of a run follows it; nothing of other neurons."""
        if any(each is trace for each in self.builds):
            return {name: np.array([np.nan]) for name in self.together.asked}
        return self.together.values(trace)

    @cached_property
    def taught(self) -> np.ndarray:
        """(n_samples,) where an error teaches, see `while_taught`."""
        return while_taught(np.array([flat(trace) for trace in self.repeats], float))

    @cached_property
    def half(self) -> float:
        """Half way down of an error, see `half_level`."""
        errors = np.array([flat(trace) for trace in self.repeats], float)
        return half_level(errors[:, self.taught])


def seen(trace: Trace, dt: float) -> np.ndarray:
    """(n_samples, n) a value as it is judged: through a filter if it is raw decoded spikes, without
    its start, and of a learned one the second half, when learning has settled."""
    samples = flat(trace)[:, _chosen(flat(trace).shape[1])]
    sampling = trace.period * dt
    if trace.seen_through > 0 and len(samples) > 1:
        samples = nengo.Lowpass(trace.seen_through).filt(samples, dt=sampling)
    begin = min(int(round(START / sampling)), len(samples) // 10)
    if trace.dynamics == LEARNED:
        begin = len(samples) // 2
    return np.asarray(samples[begin:], float)


def _chosen(n: int) -> np.ndarray:
    if n <= MOST_DIMENSIONS:
        return np.arange(n)
    return np.unique(np.round(np.linspace(0, n - 1, MOST_DIMENSIONS)).astype(int))


def value(trace: Trace, yard: Yardstick) -> Values:
    """Of decoded values and nodes: how it follows the path that the model leads it.

    What is free, or cannot be followed, as CPU runs part, is described by itself.
    """
    path, sampling = seen(trace, yard.dt), trace.period * yard.dt
    scale, follows = yard.scale, yard.followed
    fit: PathFit = fit_path(yard.path_without(trace), path, sampling, yard.mixed)
    own = describe_process(path, sampling)
    values = {
        "gain": fit.gain - 1,
        "offset": fit.offset / scale,
        "lag": fit.lag,
        "time base": fit.time_base,
        "gain drift": fit.gain_drift,
        "drift": fit.offset_drift / scale,
        "residual": 0.5 * np.log((fit.residual / scale) ** 2 + SMALLEST**2),
        "noise": 0.5 * np.log((fit.noise / scale) ** 2 + SMALLEST**2),
    }
    noisy = yard.noisy
    values["noise"] = np.where(noisy, values["residual"], values["noise"])  # all of it
    unseen = fit.explained < SEEN
    if len(yard.repeats) < 2:  # a run has no noise against itself
        values["noise"] = values["residual"] = np.full(len(scale), np.nan)
        vary = fit.residual**2 >= SEEN * yard.path.var(axis=0)
        apart = (fit.explained < FOLLOWS) & vary
        if not yard.builds:  # else the path is their mean, without much noise
            pairs = zip(yard.path.T, path.T, yard.mixed)
            apart |= np.array([lost_gain(r, o, sampling, mixed) > LOST for r, o, mixed in pairs])
        values["gain"] = np.where(apart, np.nan, values["gain"])  # see NOISE_OR_SIGNAL
        unseen |= apart
    for name in ("lag", "time base", "gain drift"):  # of nothing
        values[name] = np.where(unseen, np.nan, values[name])
    asked_of_all = {name: follows | noisy if name in OF_NOISY else follows for name in values}
    asked_of_all["gain"] = follows | (noisy & ~unseen)
    followed = {name: np.where(asked_of_all[name], found, np.nan) for name, found in values.items()}
    shape = np.where(follows[:, None], fit.shape / scale[:, None], np.nan)
    free = {
        "level": own.level / scale,
        "amplitude": np.where(noisy, np.nan, np.log(np.maximum(own.amplitude / scale, SMALLEST))),
        "frequency": np.log(own.frequency),
        "phase diffusion": np.log(own.diffusion),
    }
    asked = ~follows | (trace.dynamics == FREE)
    rhythmic = asked & (trace.dynamics != DRIVEN)  # else it is its input's, or noise
    free = {
        name: np.where(rhythmic if name in RHYTHM else asked, found, np.nan)
        for name, found in free.items()
    }
    quantiles = np.where(asked[:, None], own.quantiles / scale[:, None], np.nan)
    return {**followed, "shape": shape.ravel(), **free, "quantile": quantiles.ravel()}


def precision_of(trace: Trace, yard: Yardstick) -> Mapping[str, Precision]:
    """How well one pair of runs knows how a value follows the path, by what the fit leaves.

    Empty where there are more runs, which tell that better, and of what is no value.
    """
    if len(yard.repeats) > 1:
        return {}
    if trace.sparse or trace.kind == "current":
        own = counted(trace, yard) if trace.sparse else {}
        return {**own, **yard.together.precision(trace)}
    if trace.kind not in ("decoded", "value"):
        return {}
    path, sampling, scale = seen(trace, yard.dt), trace.period * yard.dt, yard.scale
    found = [
        path_precision(reference, own, sampling, without)
        for reference, own, without in zip(yard.path.T, path.T, yard.mixed)
    ]
    known = {}
    for k, name in enumerate(TERMS):
        error = np.array([each.terms.error[k] for each in found])
        freedom = np.array([each.terms.freedom[k] for each in found])
        known[name] = Precision(error / scale if name in OF_RADIUS else error, freedom)
    errors = np.concatenate([each.shape.error / size for each, size in zip(found, scale)])
    freedoms = np.concatenate([each.shape.freedom for each in found])
    return {**known, "shape": Precision(errors, freedoms)}


OF_NOISY = frozenset({"noise", "drift"})  # what is asked beside a level of what is held
OF_RADIUS = frozenset({"offset", "drift"})
OF_PATHS = ("gain", "offset", "lag", "time base", "gain drift", "drift")
FEWEST_OWN = 3  # repeats, of which two lead a third


def beside_own(trace: Trace, yard: Yardstick) -> Values:
    """How a value follows the path of the same neurons; ``"slow"`` is what else it does, slowly.

    Not of what is free: there builds part in just what is asked, and in little else.
    """
    if trace.dynamics == FREE or len(yard.repeats) < FEWEST_OWN:
        return {}
    path, sampling = seen(trace, yard.dt), trace.period * yard.dt
    fit = fit_path(yard.own_path(trace), path, sampling, yard.mixed)
    scale = yard.scale
    found = (fit.gain - 1, fit.offset / scale, fit.lag, fit.time_base, fit.gain_drift)
    values = dict(zip(OF_PATHS, (*found, fit.offset_drift / scale)))
    follows = (fit.explained >= FOLLOWS) | (fit.residual <= SMALLEST * scale)
    known = {name: np.where(follows, found, np.nan) for name, found in values.items()}
    return {**known, "slow": fit.slow / scale}


def _apart(edges: np.ndarray) -> List[str]:
    """Edges of ranges with as few digits as they are different with; at most `MOST_DIGITS`."""
    for digits in range(2, MOST_DIGITS + 1):
        shown = [f"{edge:.{digits}g}" for edge in edges]
        if len(set(shown)) == len(shown):
            break
    return shown


def value_places(yard: Yardstick) -> Dict[str, Tuple[str, ...]]:
    """`Yardstick.places`, which are the same for all runs."""
    n = flat(yard.first).shape[1]
    dimensions = [f"dimension {k}" if n > 1 else "" for k in _chosen(n)]
    path = yard.path
    ranges, quantiles = [], []
    for k, name in enumerate(dimensions):
        edges = np.quantile(path[:, k], np.arange(OCTILES + 1) / OCTILES)
        shown = _apart(edges)
        for low, high in zip(shown, shown[1:]):
            ranges.append(", ".join(filter(None, (name, f"from {low} to {high}"))))
        quantiles += [", ".join(filter(None, (name, f"{100 * q:g} % quantile"))) for q in QUANTILES]
    places = {
        "shape": tuple(ranges),
        "quantile": tuple(quantiles),
    }
    return {"": tuple(dimensions), **places}


def filtered(trace: Trace, yard: Yardstick) -> Values:
    """Of currents, and filtered spikes, of single neurons: means over neurons.

    A neuron is compared with itself in the other repeats; other builds have other neurons.
    """
    own = flat(trace)
    begin = min(int(round(START / (trace.period * yard.dt))), len(own) // 10)
    every = max(1, -(-own.shape[1] // MOST_NEURONS))
    own = own[begin:, ::every]
    mean = np.mean([flat(t)[begin:, ::every] for t in yard.others(trace)], axis=0)
    sampling = trace.period * yard.dt
    fit = fit_path(mean, own, sampling)
    known = np.isfinite(fit.gain) & (fit.explained > FOLLOWS)
    if len(yard.repeats) < 2:  # whose own noise is in what others are compared with
        lost = [lost_gain(r, o, sampling, ()) for r, o in zip(mean.T, own.T)]
        known &= np.array(lost) <= LOST  # see NOISE_OR_SIGNAL
    size = float(np.sqrt(np.mean(mean**2))) or 1.0
    weight = mean.var(axis=0) * known
    gain = (
        float(np.sum(weight * (np.nan_to_num(fit.gain) - 1)) / weight.sum())
        if known.any()
        else np.nan
    )
    noise = float(np.sqrt(np.mean(ripple(own, trace.period * yard.dt) ** 2))) / size
    offset = float(np.mean(own - mean)) / size
    found = {"gain": gain, "offset": offset}
    if len(yard.repeats) > 1:
        found["noise"] = 0.5 * np.log(noise**2 + 0.01**2)
    alone = {name: np.array([each]) for name, each in found.items()}
    return {**alone, **yard.in_time(trace)}


def ripple(samples: np.ndarray, sampling: float) -> np.ndarray:
    """(n_samples, n) what of a filtered spike train goes up and down with its spikes.

    That is, less the mean of as long as spikes are looked at together. It is the run's own, and no
    difference: repeats soon fire at the same steps, as their input is the same, and have a spike's
    every wave in common; of a run that fires a step later each is another.
    """
    width = max(2, int(round(2 * SYNAPSE / sampling)))
    slow = np.stack([moving_mean(each, width) for each in samples.T], axis=1)
    return np.asarray(samples - slow)


def spikes(trace: Trace, yard: Yardstick) -> Values:
    """Rates, of all and by neuron; neurons that fall silent or run away; regularity; synchrony;
    how all of them go up and down in time."""
    counts = trace.counts().astype(float)
    mean = (
        _expected_counts(trace, yard)
        if trace.dynamics == FREE
        else np.mean([t.counts() for t in yard.others(trace)], axis=0)
    )
    seconds = trace.n_steps * yard.dt
    active = mean >= max(ACTIVE * seconds, FEWEST_SPIKES)
    total, n = float(mean.sum()), max(1, trace.n_neurons)
    of_neuron = {
        "rates apart": float(np.abs(counts - mean).sum()) / total if total else np.nan,
        "silenced": float(np.sum(active & (counts < 0.1 * mean))) / n,
        "runaway": float(np.sum(counts > 2 * mean + EXCESS * seconds + FEWEST_SPIKES)) / n,
    }
    alone = {
        "population rate": np.log((counts.sum() + 1) / n / seconds),
        "fastest neuron": np.log((counts.max(initial=0.0) + FEWEST_SPIKES) / seconds),
        "regularity": regularity(trace.spike_steps, trace.spike_neurons),
        "synchrony": np.log(
            synchrony(
                trace.spike_steps, trace.spike_neurons, trace.n_neurons, trace.n_steps, yard.dt
            )
        ),
    }
    found = {name: np.array([each]) for name, each in {**of_neuron, **alone}.items()}
    if trace.dynamics == FREE:
        found.update(rhythm(trace, yard.dt))
    return {**found, **yard.in_time(trace)}


def counted(trace: Trace, yard: Yardstick) -> Mapping[str, Precision]:
    """How well one pair of runs knows rates: a neuron has a spike more or less."""
    counts = yard.first.counts()
    total, freedom = float(counts.sum()), np.array([COUNTED])
    if not total:
        return {}
    error = float(np.sum(counts > 0)) / total / 2
    return {
        "rates apart": Precision(np.array([error]), freedom),
        "population rate": Precision(np.array([error / np.sqrt(np.sum(counts > 0))]), freedom),
    }


def _expected_counts(trace: Trace, yard: Yardstick) -> np.ndarray:
    """(n_neurons,) spikes of a free population that the states it goes through are worth.

    Runs part, and other states have other rates, which are not the neurons' fault. Each window of
    the run is therefore compared with those of the repeats in which all neurons together fire the
    most alike.
    """
    own = _windows(trace, yard.dt)
    others = np.concatenate([_windows(each, yard.dt) for each in yard.others(trace)])
    a, b = np.sqrt(own), np.sqrt(others)  # whose noise is alike at all rates
    apart = np.sum(a**2, axis=1)[:, None] + np.sum(b**2, axis=1) - 2 * a @ b.T
    count = min(NEAREST, len(others))
    nearest = np.argpartition(apart, count - 1, axis=1)[:, :count]
    return np.asarray(others[nearest].mean(axis=1).sum(axis=0))


def _windows(trace: Trace, dt: float) -> np.ndarray:
    """(n_windows, n_neurons) spike counts."""
    width = max(1, int(round(WINDOW / dt)))
    n = -(-trace.n_steps // width)
    flat_index = (trace.spike_steps - 1) // width * trace.n_neurons + trace.spike_neurons
    counts = np.bincount(flat_index.astype(np.int64), minlength=n * trace.n_neurons)
    return counts.reshape(n, trace.n_neurons).astype(float)


def voltage(trace: Trace, yard: Yardstick) -> Values:
    """How far the distribution of each neuron's voltage is from that of the other repeats."""
    every = max(1, len(flat(trace)) // VOLTAGE_SAMPLES)
    step = max(1, flat(trace).shape[1] // MOST_NEURONS)
    own = np.sort(flat(trace)[::every, ::step], axis=0)
    others = np.concatenate([flat(t)[::every, ::step] for t in yard.others(trace)])
    at = (np.arange(len(own)) + 0.5) / len(own)
    apart = np.abs(own - np.quantile(others, at, axis=0))  # the first Wasserstein distance
    return {"voltages apart": np.array([float(np.mean(apart))]), **yard.in_time(trace)}


def error(trace: Trace, yard: Yardstick) -> Values:
    """How soon an error is halved, and what is left of it, of the time in which it teaches."""
    own = flat(trace)[yard.taught]
    left = final_error(own)
    level = yard.half
    halved = np.nan
    if np.isfinite(level):
        found = time_to_half(own, level)
        halved = found if np.isfinite(found) else 1.0  # not in this run
    return {
        "final error": np.array([np.log(left) if left > 0 else np.nan]),
        "time to half": np.array([halved]),
    }


NOTHING = 1e-3  # of a represented value: no run shows it
RATE = 200.0  # Hz, of a neuron that is active


def weights(trace: Trace, yard: Yardstick) -> Values:
    """How far weights have come along the way of the other repeats.

    Where an error teaches, many decoders compute one function: what was learnt shows in the
    values, and how fast in `learning_speed`. Where the rule has no error, weights are what it
    makes of the activities, and are looked at where they end.
    """
    if trace.dynamics != UNSUPERVISED:
        return {}
    own = flat(trace)
    mean = np.mean([flat(t) for t in yard.others(trace)], axis=0)
    change = mean - mean[0]
    way = np.sqrt(np.sum(change**2, axis=1))
    n = np.shape(trace.samples)[-1]
    if way[-1] == 0 or RATE * np.sqrt(n) * float(np.linalg.norm(mean[-1])) < NOTHING:
        return {}
    found = {
        "weights, size": along(own[-1] - own[0], change[-1]) - 1,
        "weights, direction": besides(own[-1] - own[0], change[-1]),
    }
    return {name: np.array([each]) for name, each in found.items()}


class Lesson(NamedTuple):
    """What a connection was taught and what it made of it, part by part of a run.

    Attributes
    ----------
    change : (n_parts, size_out, n_pre) ndarray
        Of the weights.
    error : (n_parts, size_out) ndarray
        Mean.
    steady : (n_parts, size_out) ndarray
        See `steadiness`.
    """

    change: np.ndarray
    error: np.ndarray
    steady: np.ndarray


def lesson_of(weights_: Trace, error_: Trace) -> Optional[Lesson]:
    """None where they do not belong together, or weights were sampled too seldom."""
    w, e = np.asarray(weights_.samples, float), flat(error_)
    if w.ndim != 3 or len(w) < 3 or w.shape[1] != e.shape[1]:
        return None
    parts = e, error_.steps, weights_.steps
    return Lesson(np.diff(w, axis=0), mean_between(*parts), steadiness(*parts))


def learning_speed(lesson: Lesson, others: Sequence[Lesson]) -> float:
    """How fast a connection learns, as a part of how fast others of the same neurons do."""
    changes = np.array([other.change for other in others])
    errors = np.array([other.error for other in others])
    steady = np.min([each.steady for each in (lesson, *others)], axis=0)
    return rate(lesson.change, lesson.error, drive(changes, errors), steady) - 1


# Quantities with several values a dimension, which are not alike: a range's ends spread more
PARTS = {"shape": OCTILES, "quantile": len(QUANTILES)}


class Measure(NamedTuple):
    """How a kind of trace is measured.

    Attributes
    ----------
    values : callable
    of_neurons : frozenset of str
        Quantities that compare neurons with themselves: other builds have other neurons, and
        the repeats are their only yardstick.
    """

    values: Callable[[Trace, Yardstick], Values]
    of_neurons: FrozenSet[str] = frozenset()


MEASURES: Mapping[str, Measure] = {
    "decoded": Measure(value),
    "value": Measure(value),
    "spikes": Measure(spikes, frozenset({"rates apart", "silenced", "runaway", *ASKED})),
    "activity": Measure(filtered, frozenset({"gain", "offset", "noise", WAVEFORM})),
    "current": Measure(filtered, frozenset({"gain", "offset", "noise", *ASKED})),
    "voltage": Measure(voltage, frozenset({"voltages apart", WAVEFORM})),
    "weights": Measure(weights, frozenset({"weights, size", "weights, direction"})),
    "error": Measure(error),
}


RHYTHM = frozenset({"frequency", "phase diffusion"})
FREE_ALONE = RHYTHM | {"level", "amplitude", "quantile"}
NOISE_OR_SIGNAL = (
    "what the two runs vary by may be noise, of which they have little in common, and no signal; "
    "one run has no other to tell (--spread)"
)
HELD_VALUE = (
    "what varies is noise, which CPU runs do not have in common, as of a value that is held: its "
    "level, its drift and its noise are judged"
)
PARTING = "equally good CPU runs part, so that there is no path to follow"
MAY_PART = (
    "in a loop equally good runs may part, and one run has no other to tell; judge by more runs "
    "(--spread)"
)
ALONE = "one run has no other to show its noise; judge by more runs (--spread)"
UNKNOWN = {  # of what is asked of a kind of trace, why it may have no value
    "noise": ALONE,
    "residual": ALONE,
    "frequency": "it has fewer than four periods of one rhythm",
    "phase diffusion": "it has fewer than four periods of one rhythm",
    "rates apart": "no spikes on the CPU",
    "regularity": "too few spikes to have intervals",
    "synchrony": "a single neuron, no spikes, or a run of less than 50 ms",
    "final error": "the error is zero",
    "time to half": "the error does not fall by a fifth on the CPU",
    "weights, size": "the weights give nothing",
    "weights, direction": "the weights give nothing",
}


def why_unknown(quantity: str, yard: Yardstick) -> str:
    """Why runs have no value of a quantity; empty if it is not asked of such a trace."""
    trace = yard.first
    alone = len(yard.repeats) < 2 and quantity in UNKNOWN and quantity not in FREE_ALONE
    if trace.kind in ("decoded", "value") and not alone:
        free = trace.dynamics == FREE or not yard.followed.any()
        if quantity in RHYTHM and trace.dynamics == DRIVEN:
            return ""
        if quantity in FREE_ALONE:
            if quantity == "amplitude" and yard.noisy.any():
                return HELD_VALUE if yard.noisy.all() else ""
            return UNKNOWN.get(quantity, "") if free else ""
        if len(yard.path) < 4 * OCTILES:
            return f"{len(yard.path)} samples, of {4 * OCTILES} that are needed; run longer"
        if yard.noisy.all():
            return HELD_VALUE
        if not yard.followed.any():
            return PARTING if len(yard.repeats) > 1 else MAY_PART
        if not (np.ptp(yard.path, axis=0) > 0).any():
            return "the signal does not vary"
        if quantity == "gain" and len(yard.repeats) < 2:
            return NOISE_OR_SIGNAL
        return "the run has less than a tenth of its variance in common with the CPU's"
    if quantity == WAVEFORM or quantity in ASKED:
        if yard.together.why_not == SHORT and quantity in (MODULATION, WAVEFORM):
            return SHORT
        if yard.together.why_not or quantity != MODULATION or len(yard.repeats) > 1:
            brief = BRIEF if quantity == TIME_BASE and yard.together.is_brief else ""
            return yard.together.why_not or brief or UNLIKE
        return NOISE_OR_SIGNAL
    if quantity == "gain" and trace.kind in ("activity", "current") and len(yard.repeats) < 2:
        return NOISE_OR_SIGNAL
    return UNKNOWN.get(quantity, "no neuron follows a path that the others share")


def why_mixed(quantity: str, yard: Yardstick) -> str:
    """Why dimensions have no value of a quantity that their signal does not tell; empty if none."""
    if yard.first.kind not in ("decoded", "value"):
        return ""
    found = [
        (k, each[quantity])
        for k, (each, followed) in enumerate(zip(yard.mixed, yard.followed))
        if followed and quantity in each
    ]
    if not found:
        return ""
    others = [name for name in TERMS if any(name in names for _, names in found)]
    where = ", ".join(yard.places[""][k] for k, _ in found if yard.places[""][k])
    stand = "stands" if len(others) == 1 else "stand"
    return (
        f"{where + ': ' if where else ''}the signal does not tell it from {' and '.join(others)}, "
        f"which {stand} for it too; let the input vary otherwise, or for longer"
    )


def instead(yard: Yardstick, quantity: str) -> List[str]:
    """For each dimension what else an effect of a quantity may be that the signal does not tell."""
    if yard.first.kind not in ("decoded", "value") or quantity not in TERMS:
        return []
    return [
        " or ".join(name for name in TERMS if quantity in mixed.get(name, ()))
        for mixed in yard.mixed
    ]


def places(yard: Yardstick, quantity: str, n: int) -> Sequence[str]:
    """What each of n values of a quantity is of, in words."""
    if yard.first.kind not in ("decoded", "value"):
        return [""] * n
    known = yard.places
    return known.get(quantity, known[""])
