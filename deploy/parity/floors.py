"""What a verdict asks of a run, and below which effect nobody minds: data, each with its reason.

A quantity is judged as an effect: the judged run's value less the mean of the CPU's repeats. The
margin is the floor or `decision.K` standard deviations of equally good builds, whichever is
larger. Ratios are judged by their logarithm, so that twice and half are equally far.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Mapping

KNOWN_FROM = 2.0  # s, from which on 95 % intervals of driven paths cover 95 % of typical runs


@dataclass(frozen=True)
class Quantity:
    r"""One thing that is asked of a trace.

    Attributes
    ----------
    name : str
    floor : float
        Effect, in the unit of the judgement, that is never judged against a run.
    why : str
        Where the floor comes from.
    ratio : bool
        Whether it is a ratio, judged by its logarithm.
    unit : str
        Of the effect as it is shown; empty for a part of one.
    scale : float
        From the unit of the judgement to the unit shown.
    more, less : str
        What an effect is called, with ``{}`` for its size, and ``{of}`` for what it is a part of.
    expected : float
        What the value shown is without an effect.
    plain : bool
        Whether an effect is shown as a number, and not as a part in percent.
    run, build : float
        Standard deviations of runs, and of builds, where no spread was made: the largest, over
        built-in systems at their own length, of the median over a system's values
        (``benchmarks/verdict.py typical`` on all but spoken-digit, noise-suppression and
        backprop); of free signals, over an integrator and an oscillator of 4 s.
    power : int
        Of its length, that a run is more precise by. Membranes that were filled otherwise soon
        fire together, as their input is the same: two runs differ for a time :math:`t_0` at the
        start, by :math:`\epsilon`. Of a mean over T that is :math:`\epsilon t_0 / T`. The slope
        of a lag that is :math:`\epsilon` there,
        :math:`\int t\,\epsilon(t)\,dt / \int t^2\,dt` from :math:`-T/2` to :math:`T/2`, is
        :math:`6 \epsilon t_0 / T^2`.
    """

    name: str
    floor: float
    why: str
    more: str
    less: str
    ratio: bool = False
    unit: str = ""
    scale: float = 1.0
    expected: float = 0.0
    plain: bool = False
    run: float = 0.0
    build: float = 0.0
    power: int = 1

    def run_of(self, seconds: float) -> float:
        """`run`, of runs of such a length."""
        return self.run * max(1.0, KNOWN_FROM / seconds) ** self.power

    def shown(self, value: float) -> float:
        """A value in the unit in which people read it."""
        return math.exp(value) if self.ratio else self.expected + self.scale * value

    def judged(self, shown: float) -> float:
        """The inverse of `shown`."""
        if not self.ratio:
            return (shown - self.expected) / self.scale
        return math.log(shown) if shown > 0 else -math.inf


_ALL = (
    Quantity(
        "gain",
        0.03,
        "decoders of 50 to 100 neurons are this good",
        "{} too large",
        "{} too small",
        expected=1.0,
        run=0.0013,
        build=0.005,
    ),
    Quantity(
        "offset",
        0.02,
        "of {of}: what a decoder of 50 neurons is wrong by",
        "{} of {of} too high",
        "{} of {of} too low",
        run=0.0006,
        build=0.0015,
    ),
    Quantity(
        "lag",
        0.003,
        "three steps, less than any synapse of Nengo's default",
        "{} late",
        "{} early",
        unit="ms",
        scale=1000.0,
        run=0.0005,
        build=0.0005,
    ),
    Quantity(
        "time base",
        0.001,
        "a millisecond in a second",
        "slower, by {} of its time",
        "faster, by {} of its time",
        run=0.0003,
        build=0.0003,
        power=2,
    ),
    Quantity(
        "gain drift",
        0.04,
        "over the run; more than the floor of the gain, as it is less precise",
        "growing by {} in the run",
        "shrinking by {} in the run",
        run=0.001,
        build=0.0125,
    ),
    Quantity(
        "drift",
        0.04,
        "of {of} over the run; twice the floor of the offset, from end to end",
        "drifting upwards by {} of {of} in the run",
        "drifting downwards by {} of {of} in the run",
        run=0.0013,
        build=0.0052,
    ),
    Quantity(
        "noise",
        math.log(1.5),
        "what 1 / 1.5², 44 %, of the neurons would have",
        "noise {} as large",
        "noise {} as large",
        ratio=True,
        run=0.0116,
        build=0.053,
    ),
    Quantity(
        "residual",
        math.log(1.5),
        "as noise, which is a part of it; the other is what a build makes of the values otherwise",
        "what is not explained {} as large",
        "what is not explained {} as large",
        ratio=True,
        run=0.0117,
        build=0.1332,
    ),
    Quantity(
        "shape",
        0.02,
        "of {of}: the same as an offset, of a part of the range",
        "{} of {of} too high",
        "{} of {of} too low",
        run=0.0004,
        build=0.0049,
    ),
    Quantity(
        "level",
        0.02,
        "of {of}, as an offset",
        "mean {} of {of} too high",
        "mean {} of {of} too low",
        run=0.0003,
        build=0.018,
    ),
    Quantity(
        "amplitude",
        math.log(1.1),
        "three floors of the gain: a free signal's size is its own and not its input's",
        "amplitude {} as large",
        "amplitude {} as large",
        ratio=True,
        run=0.0007,
        build=0.0116,
    ),
    Quantity(
        "quantile",
        0.05,
        "of {of}: where a free signal is a twentieth, half, and most of its time",
        "{} of {of} too high",
        "{} of {of} too low",
        run=0.0013,
        build=0.017,
    ),
    Quantity(
        "frequency",
        math.log(1.02),
        "a synapse's time constant is good to a step: 1 ms of 50 ms or more",
        "frequency {} as high",
        "frequency {} as high",
        ratio=True,
        run=0.0004,
        build=0.0019,
    ),
    Quantity(
        "phase diffusion",
        math.log(1.5),
        "as noise, which it comes of",
        "phase wanders {} as much",
        "phase wanders {} as much",
        ratio=True,
        run=0.0026,
        build=0.0108,
    ),
    Quantity(
        "population rate",
        math.log(1.05),
        "a neuron of 100 Hz has intervals of 10 steps, and half a step is 5 %",
        "{} as many spikes",
        "{} as many spikes",
        ratio=True,
        run=0.0032,
        build=0.1233,
    ),
    Quantity(
        "rates apart",
        0.05,
        "of the mean rate, neuron by neuron: the same half step",
        "rates of single neurons {} further apart",
        "rates of single neurons {} closer",
        run=0.0003,
        build=0.0003,
    ),
    Quantity(
        "silenced",
        0.02,
        "of the neurons; a neuron at its threshold may fall silent",
        "{} of the neurons silenced",
        "{} fewer of the neurons silent",
        run=0,
        build=0,
    ),
    Quantity(
        "runaway",
        0.02,
        "of the neurons; as for those that are silenced",
        "{} of the neurons fire at twice their rate and more",
        "{} fewer of the neurons run away",
        run=0,
        build=0,
    ),
    Quantity(
        "fastest neuron",
        math.log(1.5),
        "the rate of the fastest; of 400 Hz the chip makes whole steps, 333 or 500",
        "the fastest neuron fires {} as fast",
        "the fastest neuron fires {} as fast",
        ratio=True,
        run=0.005,
        build=0.02,
    ),
    Quantity(
        "modulation",
        0.1,
        "of how far the activity goes up and down: half a step of an interval at either end, as of "
        "the population rate",
        "activity goes up and down {} too far",
        "activity goes up and down {} too little",
        expected=1.0,
        run=0.0005,
        build=0.0005,
    ),
    Quantity(
        "activity lag",
        0.005,
        "half an interval of a neuron of 100 Hz: rates know of time no more",
        "activity {} late",
        "activity {} early",
        unit="ms",
        scale=1000.0,
        run=0.0001,
        build=0.0001,
    ),
    Quantity(
        "activity time base",
        0.003,
        "three times a value's: rates know of time to an interval",
        "activity slower, by {} of its time",
        "activity faster, by {} of its time",
        run=0.0001,
        build=0.0001,
        power=2,
    ),
    Quantity(
        "apart",
        0.2,
        "of how far the activity goes up and down: 4 % of its variance, rates of single neurons "
        "that are 5 % off leave half of it",
        "activity goes up and down in another way, by {} of it",
        "activity goes up and down more alike by {} of it",
        run=0.005,
        build=0.005,
    ),
    Quantity(
        "waveform",
        0.5,
        "of how far the activity goes up and down: what voltages do between spikes is left to "
        "chance",
        "goes up and down otherwise, by {} of how far it does",
        "goes up and down more alike, by {} of how far it does",
        run=0.02,
        build=0.02,
    ),
    Quantity(
        "regularity",
        0.1,
        "of CV₂, 0 of a clock and 1 of a Poisson process: a tenth of what lies between",
        "intervals less regular, CV₂ {} higher",
        "intervals more regular, CV₂ {} lower",
        plain=True,
        run=0.0036,
        build=0.0418,
    ),
    Quantity(
        "synchrony",
        math.log(1.2),
        "a fifth of a statistic that is itself 1/√n of n neurons that have nothing in common",
        "synchrony {} as large",
        "synchrony {} as large",
        ratio=True,
        run=0.0147,
        build=0.129,
    ),
    Quantity(
        "voltages apart",
        0.05,
        "thresholds, mean over all that the membrane passes through: one step of 20 to the spike",
        "voltages {} thresholds further apart",
        "voltages {} thresholds closer",
        plain=True,
        run=0,
        build=0,
    ),
    Quantity(
        "learning speed",
        0.1,
        "a learning rate on the chip is a product of whole numbers",
        "learns {} too fast",
        "learns {} too slowly",
        expected=1.0,
        run=0.0007,
        build=0.0007,
    ),
    Quantity(
        "time to half",
        0.05,
        "of the run: the error's own noise",
        "the error is halved {} of the run later",
        "the error is halved {} of the run sooner",
        run=0.0001,
        build=0.0009,
    ),
    Quantity(
        "final error",
        math.log(1.25),
        "between the floors of noise and of gain, which it is made of",
        "final error {} as large",
        "final error {} as large",
        ratio=True,
        run=0.0069,
        build=0.1505,
    ),
    Quantity(
        "error to ideal",
        math.log(1.25),
        "the same as of the final error",
        "{} as far from its ideal",
        "{} as far from its ideal",
        ratio=True,
        run=0.0023,
        build=0.0576,
    ),
    Quantity(
        "weights, size",
        0.1,
        "of their change: the same whole numbers as of the learning speed",
        "weights have changed {} too much",
        "weights have changed {} too little",
        expected=1.0,
        run=0.0005,
        build=0.0005,
    ),
    Quantity(
        "weights, direction",
        0.15,
        "of their change; what is not along the CPU's",
        "weights have changed in another direction by {}",
        "weights have changed more alike by {}",
        run=0.0005,
        build=0.0005,
    ),
)

QUANTITIES: Mapping[str, Quantity] = MappingProxyType({each.name: each for each in _ALL})
