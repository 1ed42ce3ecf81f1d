"""Gains and biases of ensembles by what they represent, fitted side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generator, List, NamedTuple, Optional, Sequence, Tuple

import nengo
import numpy as np

from loihi_rules.chip.tuning import (
    RateFit,
    chip_rates,
    drives,
    fit_together,
    has_a_threshold,
    mean_chip_rates,
    shorter_refractory,
    silenced,
    spiking_rates,
)
from loihi_rules.solutions import Solution, Solutions

MOST_LOST = 0.02  # of all spikes, before fewer high rates are taken for it where functions bend
MOST_SILENCED = 0.01  # of the values that are represented
Gains = Tuple[np.ndarray, np.ndarray]
Solving = Generator[RateFit, Gains, Solution]  # asks for fits, one after the other


class Fit(NamedTuple):
    """Gains and biases on the chip, and how well they do, as shares of the CPU's rates."""

    error: float
    lost: float
    neuron_type: nengo.neurons.NeuronType
    gain: np.ndarray
    bias: np.ndarray


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
    learned, bent, held : bool
        Whether what it is given is learned, whether functions of its values are decoded, and
        whether its refractory time has to stay.
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
    held: bool
    dt: float

    def problem(self) -> Tuple[Any, ...]:
        """All that its solution depends on."""
        ens, built = self.ens, self.built
        tuning = built.eval_points, built.encoders, built.gain, built.bias, ens.radius
        uses = self.learned, self.bent, self.held
        given = self.gain, self.bias, self.dt, ens.dimensions, self.known, uses
        return ("fit to encoders", ens.neuron_type, *tuning, *given)

    def solve(self) -> Solving:
        """Errors before and after, those of held values, the highest rate, and the gains.

        Nothing of neurons that never fire. Intercepts stay where there are values at which no
        neuron fires, or none would on the chip: the user set a threshold, and what is given in
        values near it depends on where the first neurons begin.
        """
        ens, built, dt, known = self.ens, self.built, self.dt, self.known
        own, shorter = ens.neuron_type, shorter_refractory(ens.neuron_type, dt)
        drive, often = drives(ens.dimensions, known)
        drive = drive * np.ones(ens.n_neurons)
        wanted = spiking_rates(own, drive, built.gain, built.bias, dt)
        if not wanted.any():
            return ()

        def share(off: np.ndarray) -> float:
            return float(np.sqrt(np.sum(often * off**2) / np.sum(often * wanted**2)))

        def judged(chip: nengo.neurons.NeuronType, g: np.ndarray, b: np.ndarray) -> Fit:
            off = mean_chip_rates(chip, g * drive + b, dt) - wanted
            lost = -np.sum(often * off) / np.sum(often * wanted)
            return Fit(share(off), float(lost), chip, g, b)

        def held_error(fit: Fit) -> float:
            return share(chip_rates(fit.neuron_type, fit.gain * drive + fit.bias, dt) - wanted)

        def asked(chip: nengo.neurons.NeuronType, keep: bool = False) -> RateFit:
            return RateFit(own, self.gain, self.bias, dt, ens.dimensions, known, chip, keep)

        before = judged(own, self.gain, self.bias)
        best = min(before, judged(own, *(yield asked(own))), key=lambda fit: fit.error)
        worth = best.lost > MOST_LOST or not self.bent
        if shorter is not None and self.learned and best.lost > MOST_LOST:
            best = judged(shorter, *(yield asked(shorter)))  # whose rates end where Nengo's do
        elif shorter is not None and not self.held and worth:
            of_shorter = judged(shorter, *(yield asked(shorter)))
            best = min(best, of_shorter, key=lambda fit: fit.error)
        free = held_error(best)
        lost = silenced(ens, built, best.neuron_type, best.gain, best.bias, dt)
        if has_a_threshold(ens, built) or lost > MOST_SILENCED:
            kind = best.neuron_type
            best = min(before, judged(kind, *(yield asked(kind, True))), key=lambda f: f.error)
        errors = before.error, best.error, free, held_error(best)
        is_shorter = best.neuron_type is not own
        return np.array([*errors, wanted.max(), is_shorter], float), best.gain, best.bias


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
