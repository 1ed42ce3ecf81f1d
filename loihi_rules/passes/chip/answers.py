"""What ensembles give of their values on the chip, by pilot runs, and warnings of it."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import nengo
import numpy as np

from loihi_rules.chip.lags import FINEST, LEAST_SHARE, RECTIFIED
from loihi_rules.chip.tuning import cpu_rates, is_leaky
from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.figures import figure
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.wiring import driven_one_by_one
from loihi_rules.pilots.decoded import SETTLING, Given, Population
from loihi_rules.solutions import Solution

RULE = "spikes at whole steps"
USUAL_TAU = 0.005  # s, Nengo's filter of connections
FAST = 5.0  # r dt √(n / D), from which on whole steps are as loud as spikes; see `Answers`
MOST, LEAST = 6, 2  # signals
TOGETHER = 6000  # neurons times signals; more of them, and what they have in common shows anyway
LONGER = 4  # times as many signals, where it may be worth a warning
MOST_NEURONS = 4096  # of an ensemble that is looked at
SPREAD = 0.45  # radii, root mean square of values, of which a gain takes a share
MORE = 0.15  # of an error, beside the CPU's, that is worth a warning, and
DRAWN = 1.8  # √(D / n) of it, by which errors of the CPU's differ from draw to draw of its neurons


class Answer(NamedTuple):
    """What an ensemble gives of its values.

    Attributes
    ----------
    later : float
        By how many seconds, on the chip.
    cpu, chip : float
        Errors in radii, root mean square, the lag taken out.
    """

    later: float
    cpu: float
    chip: float

    @property
    def more(self) -> float:
        """By how much the chip's error is larger, as a share of the CPU's."""
        return self.chip / self.cpu - 1 if self.cpu else 0.0


class Both(NamedTuple):
    """What it gives of values that come to it from the host, and of those that spikes bring."""

    values: Answer
    spikes: Answer

    def of(self, spikes: bool) -> Answer:
        """One of them."""
        return self.spikes if spikes else self.values


class Answers:
    """Pilot runs of ensembles (`loihi_rules.pilots.decoded`), one for all that are alike.

    Neurons without a leak are looked at in any case, as currents below zero take from them on the
    chip what the CPU's keep. Of leaky ones those are whose spikes count for little: noise of spikes
    falls as 1 / (r √(n / D)), r being the highest rates, n neurons and D dimensions, and that of
    whole steps more slowly. Below r dt √(n / D) = 5, as 280 neurons at 300 Hz, it is the less.

    Parameters
    ----------
    draft : Draft
    """

    def __init__(self, draft: Draft):
        self._draft = draft
        self._found: Dict[Tuple[Any, ...], Both] = {}
        self._again: Dict[Tuple[Any, ...], Both] = {}  # of those that were looked at longer
        self._into: Dict[Any, List[nengo.Connection]] = {}
        self._one_by_one = driven_one_by_one(draft.network)
        self._decoded = {probe.target for probe in draft.network.all_probes}
        for conn in draft.network.all_connections:
            if conn.learning_rule_type is None:  # a rule learns what whole steps leave of rates
                self._decoded.add(conn.pre_obj)
            if isinstance(conn.post_obj, nengo.Ensemble):
                self._into.setdefault(conn.post_obj, []).append(conn)

    def of(self, ens: nengo.Ensemble, own: Any, built: Any) -> Optional[Answer]:
        """What one gives; None of those that are not looked at. Warns where it is much worse.

        Parameters
        ----------
        ens : nengo.Ensemble
            With its neuron type, gains and biases of the chip.
        own : nengo.neurons.NeuronType
            The CPU's.
        built : nengo.builder.ensemble.BuiltEnsemble
            As the user asked for it.
        """
        into = self._into.get(ens, [])
        dt, (n, dimensions) = self._draft.dt, built.encoders.shape
        if not into or ens in self._one_by_one or ens not in self._decoded or n > MOST_NEURONS:
            return None
        rates = cpu_rates(own, np.ones((1, n)), built.gain, built.bias) / own.amplitude
        rate = float(rates.mean())
        if not _is_looked_at(own, rate * dt * np.sqrt(n / dimensions)):
            return None
        spikes = any(isinstance(conn.pre_obj, nengo.Ensemble) for conn in into)
        filters = [float(getattr(conn.synapse, "tau", 0.0)) for conn in into]
        tau = min((each for each in filters if each), default=USUAL_TAU)
        if is_leaky(own) and tau > SETTLING:
            return None  # what comes by so long a filter has not arrived when the pilot run ends
        likeness = _likeness(own, ens.neuron_type, built, rate), tau
        number = LEAST if is_leaky(own) else int(np.clip(TOGETHER // n, LEAST, MOST))
        population = Population(ens, own, built, dt, self._draft.steps)
        if likeness not in self._found:
            self._found[likeness] = self._run(population, tau, number)
        answer = self._found[likeness].of(spikes)
        worth = MORE + DRAWN * np.sqrt(dimensions / n)
        if answer.more > worth / 2:
            if likeness not in self._again:
                self._again[likeness] = self._run(population, tau, LONGER * number)
            longer = self._again[likeness].of(spikes)
            if longer.more > worth:
                self._warn(ens, own, longer)
        return answer

    def _run(self, population: Population, tau: float, n_signals: int) -> Both:
        ens, own, built, dt = population.ens, population.own, population.built, population.dt

        def solve() -> Solution:
            run = population.compared(tau, n_signals)
            found = []
            for spikes in (False, True):
                cpu, chip = ((each.second if spikes else each.first) for each in run)
                says = cpu.gain > LEAST_SHARE and chip.gain > LEAST_SHARE
                late = np.round(run.later(spikes) / FINEST) * FINEST if says else 0.0
                found.append([late, _error(cpu), _error(chip)])
            return (np.array(found),)

        tuning = built.eval_points, built.encoders, built.gain, built.bias, ens.radius
        own_chip = ens.neuron_type, ens.gain, ens.bias
        problem = ("answers", own, *own_chip, *tuning, dt, tau, n_signals)
        (found,) = self._draft.solutions.of(problem, solve)
        return Both(*(Answer(*map(float, each)) for each in found))

    def _warn(self, ens: nengo.Ensemble, own: Any, answer: Answer) -> None:
        if is_leaky(own):
            why = "its neurons lose what is left of a step at each spike"
            way_out = "take a smaller dt, or lower max_rates, with more neurons for these"
        else:
            why = "currents below zero take from its neurons what the CPU's keep"
            way_out = "use nengo.LIF, or higher max_rates"
        self._draft.warn(
            name_of(ens),
            RULE,
            f"what it represents is {figure(100 * answer.chip, 2)} % of its radius off, for the "
            f"CPU's {figure(100 * answer.cpu, 2)} %, {100 * answer.more:.0f} % more, in a pilot "
            f"run: {why}",
            way_out,
        )


def _is_looked_at(own: Any, fast: float) -> bool:
    if is_leaky(own):
        return type(own) is nengo.LIF and fast >= FAST
    return type(getattr(own, "base_type", own)) in RECTIFIED


def _likeness(own: Any, chip: Any, built: Any, rate: float) -> Tuple[Any, ...]:
    """The same of ensembles that differ by what was drawn for their neurons alone."""
    begin = -built.bias / np.where(built.gain == 0, 1.0, built.gain)  # an intercept, nearly
    spread = np.percentile(begin, (25, 75)) if len(begin) else np.zeros(2)
    coarse = np.round([5 * np.log2(max(rate, 1.0)), *(3 * spread)]).tolist()
    return (*built.encoders.shape, repr(own), repr(chip), *coarse)


def _error(given: Given) -> float:
    return float(np.hypot((given.gain - 1) * SPREAD, given.noise))
