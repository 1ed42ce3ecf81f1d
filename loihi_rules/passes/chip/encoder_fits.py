"""Gains and biases of ensembles by what they represent, fitted side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generator, List, NamedTuple, Optional, Sequence, Tuple

import nengo
import numpy as np

from loihi_rules.chip.neurons import (
    every_other,
    refractory_steps,
    shorter_for_some,
    shorter_refractory,
)
from loihi_rules.chip.tuning import (
    RateFit,
    chip_rates,
    drives,
    first_current,
    fit_together,
    has_a_threshold,
    mean_chip_rates,
    silenced,
    spiking_rates,
)
from loihi_rules.learning_rules.pes import TRAIN_EPOCH
from loihi_rules.solutions import Solution, Solutions

MOST_LOST = 0.02  # of all spikes, before fewer high rates are taken for it where functions bend
MOST_SILENCED = 0.01  # of the values that are represented
Gains = Tuple[np.ndarray, np.ndarray]
Solving = Generator[RateFit, Gains, Solution]  # asks for fits, one after the other


class Fit(NamedTuple):
    """Gains and biases on the chip, and how well they do, as shares of the CPU's rates.

    ``together`` is what all neurons' rates are off by, squared, where that is asked for.
    """

    error: float
    lost: float
    neuron_type: nengo.neurons.NeuronType
    gain: np.ndarray
    bias: np.ndarray
    together: float = 0.0


@dataclass(frozen=True)
class EncoderFit:
    """An ensemble that is to be fitted to what it represents.

    Attributes
    ----------
    ens : nengo.Ensemble
    built : nengo.builder.ensemble.BuiltEnsemble
        As the user asked for it.
    gain, bias : (n_neurons,) ndarray
        To begin with.
    known : (n_samples, n_neurons) ndarray or None
        Inputs along the encoders, in radii, where it is known which there are.
    learned, bent, looped, traced : bool
        Whether what it is given is learned, whether functions of its values are decoded, whether
        it is in a loop, and whether the chip learns from its spikes.
    dt : float
        Step in seconds.
    """

    ens: nengo.Ensemble
    built: Any
    gain: np.ndarray
    bias: np.ndarray
    known: Optional[np.ndarray]
    learned: bool
    bent: bool
    looped: bool
    traced: bool
    dt: float

    @property
    def may_be_shorter(self) -> bool:
        """Whether neurons may rest for less: not in a loop, nor where traces miss spikes then."""
        shortest = refractory_steps(self.ens.neuron_type, self.dt).min() - 1
        return not self.looped and not (self.traced and shortest < TRAIN_EPOCH - 1)

    @property
    def may_be_mixed(self) -> bool:
        """Whether half of them may.

        In a loop whole steps hold a value: an integrator of 1,000 neurons, 0.8 % off, was 1.4 %
        off. And where an ensemble has a threshold, what is given next to it hangs on few rates: of
        two layers with intercepts of 0.95 to 0.999 the second gave twice the CPU's.
        """
        own = type(self.ens.neuron_type) is nengo.LIF
        return own and self.may_be_shorter and (self.traced or not self.has_a_threshold)

    @cached_property
    def has_a_threshold(self) -> bool:
        """See `loihi_rules.chip.tuning.has_a_threshold`."""
        return has_a_threshold(self.ens, self.built)

    @cached_property
    def highest(self) -> float:
        """Of the intercepts of neurons that fire within the radius, in radii."""
        first = first_current(self.ens.neuron_type)
        with np.errstate(divide="ignore", invalid="ignore"):
            intercepts = (first - self.bias) / self.gain
        within = intercepts[(self.gain > 0) & (intercepts < 1)]
        return float(within.max(initial=-1.0))

    def problem(self) -> Tuple[Any, ...]:
        """All that its solution depends on."""
        ens, built = self.ens, self.built
        tuning = built.eval_points, built.encoders, built.gain, built.bias, ens.radius
        uses = self.learned, self.bent, self.looped, self.traced
        given = self.gain, self.bias, self.dt, ens.dimensions, self.known, uses
        return ("fit to encoders", ens.neuron_type, *tuning, *given)

    def solve(self) -> Solving:
        """Errors before and after, those of held values, the highest rate, the gains, and which
        neurons have a refractory time of a step less.

        With Nengo's refractory time the chip's rates end too soon, and fitted to make up for it
        they are too high where neurons fire slowly; with a step less it is the other way round.
        With half of either, what all neurons give together is within 1 % of the CPU's at any
        value, where it was 3 to 5 % off, and PES, whose speed goes by the squares of rates, 6 to
        15 %. And neurons of two kinds fire less in step with each other, so that values are less
        noisy: that of 100 neurons by 14 %.

        Nothing of neurons that never fire. Intercepts stay where there are values at which no
        neuron fires, or none would on the chip: the user set a threshold, and what is given in
        values near it depends on where the first neurons begin.
        """
        ens, built, dt, known = self.ens, self.built, self.dt, self.known
        own, shorter = ens.neuron_type, shorter_refractory(ens.neuron_type, dt)
        drive, often = drives(ens.dimensions, known, self.highest)
        drive = drive * np.ones(ens.n_neurons)
        wanted = spiking_rates(own, drive, built.gain, built.bias, dt)
        if not wanted.any():
            return ()

        some = every_other((often * wanted).sum(axis=0))

        def share(off: np.ndarray) -> float:
            return float(np.sqrt(np.sum(often * off**2) / np.sum(often * wanted**2)))

        def judged(chip: nengo.neurons.NeuronType, g: np.ndarray, b: np.ndarray) -> Fit:
            off = mean_chip_rates(chip, g * drive + b, dt) - wanted
            lost = -np.sum(often * off) / np.sum(often * wanted)
            together = np.sum(often * off.sum(axis=1, keepdims=True) ** 2)
            return Fit(share(off), float(lost), chip, g, b, float(together))

        def held_error(fit: Fit) -> float:
            return share(chip_rates(fit.neuron_type, fit.gain * drive + fit.bias, dt) - wanted)

        def asked(chip: nengo.neurons.NeuronType, keep: bool = False) -> RateFit:
            return RateFit(
                own, self.gain, self.bias, dt, ens.dimensions, known, chip, keep, self.highest
            )

        def between(longer: Gains, less: Gains) -> Gains:
            gain, bias = (np.where(some, b, a) for a, b in zip(longer, less))
            return gain, bias

        before = judged(own, self.gain, self.bias)
        longer = yield asked(own)
        best = min(before, judged(own, *longer), key=lambda fit: fit.error)
        worth = best.lost > MOST_LOST or not self.bent
        half = False
        if shorter is not None and self.learned and best.lost > MOST_LOST:
            best = judged(shorter, *(yield asked(shorter)))  # whose rates end where Nengo's do
        elif shorter is not None and self.may_be_mixed:
            mixed = judged(
                shorter_for_some(own, some, dt), *between(longer, (yield asked(shorter)))
            )
            half = mixed.together < best.together
            best = mixed if half else best
        elif shorter is not None and self.may_be_shorter and worth:
            of_shorter = judged(shorter, *(yield asked(shorter)))
            best = min(best, of_shorter, key=lambda fit: fit.error)
        free = held = held_error(best)
        of_best = best.neuron_type, best.gain, best.bias
        if self.has_a_threshold or silenced(ens, built, *of_best, dt) > MOST_SILENCED:
            if half and shorter is not None:
                kept = between((yield asked(own, True)), (yield asked(shorter, True)))
            else:
                kept = yield asked(best.neuron_type, True)
            best = min(before, judged(best.neuron_type, *kept), key=lambda fit: fit.error)
            held = held_error(best)
        errors = before.error, best.error, free, held
        steps = refractory_steps(own, dt) - refractory_steps(best.neuron_type, dt)
        is_shorter = np.broadcast_to(steps > 0, ens.n_neurons).astype(float)
        return np.array([*errors, wanted.max()], float), best.gain, best.bias, is_shorter


def solve_all(fits: Sequence[EncoderFit], solutions: Solutions) -> List[Solution]:
    """What `EncoderFit.solve` gives for each; fits that several ask for at once, side by side."""
    return solutions.of_all(
        [fit.problem() for fit in fits], lambda which: _solved([fits[k].solve() for k in which])
    )


def _solved(solving: Sequence[Solving]) -> List[Solution]:
    found: List[Solution] = [()] * len(solving)
    asked: List[Tuple[int, RateFit]] = []

    def proceed(k: int, gains: Optional[Gains]) -> None:
        try:
            asked.append((k, next(solving[k]) if gains is None else solving[k].send(gains)))
        except StopIteration as end:
            found[k] = end.value

    for k in range(len(solving)):
        proceed(k, None)
    while asked:
        now, asked = asked, []
        for (k, _), gains in zip(now, fit_together([fit for _, fit in now])):
            proceed(k, gains)
    return found
