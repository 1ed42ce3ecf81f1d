"""A pilot run of what a population represents: on the CPU, and on the chip.

Signals go through one population, and what is decoded of its spikes through another, as values come
to it in a model. What comes out is compared with what went in: how much there is of it, how late it
comes, and what is left, which is noise. The other has the same neurons at other values: it is given
−x, of which the negative is taken, so that no neuron is driven by one of its own rate throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Callable, NamedTuple, Tuple

import nengo
import numpy as np

from loihi_rules.chip.decoding import Decoding, curves_of
from loihi_rules.chip.tuning import MOST_POINTS
from loihi_rules.pilots.steps import IN_NUMPY, PilotSteps

SHOWN = 0.45  # s, of each signal
SETTLING = 0.15  # s of those
HIGHEST = 3.0  # Hz, of the signals
FARTHEST = 0.9  # radii, which each of them reaches
READ = 0.02  # s, of the filter through which all is looked at
REGULARISATION = 0.1  # of Nengo's usual solver

Values = Callable[[np.ndarray], np.ndarray]  # signals, in radii, to those that are decoded


class Given(NamedTuple):
    """What is decoded of a population.

    Attributes
    ----------
    gain : float
    lag : float
        Seconds, that of filters aside.
    noise : float
        Root mean square of what is neither, in radii.
    """

    gain: float
    lag: float
    noise: float


class Stages(NamedTuple):
    """Of a population that is given signals, and of one that is given what that one gives."""

    first: Given
    second: Given


class Compared(NamedTuple):
    """The same population on the CPU and on the chip."""

    cpu: Stages
    chip: Stages

    def later(self, spikes: bool) -> float:
        """By how many seconds one population answers later on the chip than on the CPU.

        Parameters
        ----------
        spikes : bool
            Whether spikes of others come to it.
        """
        first, second = (chip.lag - cpu.lag for cpu, chip in zip(self.cpu, self.chip))
        return second - first if spikes else first


@dataclass(frozen=True)
class Population:
    """An ensemble that has its neuron type, gains and biases of the chip, and is run on both.

    Attributes
    ----------
    ens : nengo.Ensemble
    own : nengo.neurons.NeuronType
        The CPU's.
    built : nengo.builder.ensemble.BuiltEnsemble
        As the user asked for it.
    dt : float
        Step in seconds.
    steps : PilotSteps
        Steps the neurons.
    """

    ens: nengo.Ensemble
    own: nengo.neurons.NeuronType
    built: Any
    dt: float
    steps: PilotSteps = IN_NUMPY

    @cached_property
    def decoders(self) -> Tuple[np.ndarray, np.ndarray]:
        """The CPU's and the chip's, (n_neurons, dimensions), of what is represented, in radii."""
        ens, every = self.ens, self.built.eval_points
        curves = curves_of(ens, self.own, self.built, self.dt)
        points = every[:: max(len(every) // (2 * MOST_POINTS), 1)]
        solver = nengo.solvers.LstsqL2(reg=REGULARISATION)
        cpu, _ = solver(curves.cpu(points), points / ens.radius)
        chip = Decoding().decoders(ens, curves, REGULARISATION, points, points.copy())
        return np.asarray(cpu), chip.T / ens.radius

    def compared(self, tau: float, n_signals: int, seed: int = 0) -> Compared:
        """Run both.

        Parameters
        ----------
        tau : float
            Of the filter through which values come to it, seconds.
        n_signals : int
        seed : int
            Of signals and first voltages.
        """
        shown = signals(self.built.encoders.shape[1], n_signals, self.dt, seed)
        return Compared(
            *(
                run((of(seed + 1), of(seed + 2)), shown, tau, self.dt, self.steps)
                for of in (self._on_cpu, self._on_chip)
            )
        )

    def _on_cpu(self, seed: int) -> Values:
        built, decoders = self.built, self.decoders[0].astype(np.float32)

        def values_of(values: np.ndarray) -> np.ndarray:
            current = values @ built.encoders.T
            current *= built.gain
            current += built.bias
            rng = np.random.RandomState(seed)
            return np.asarray(
                self.steps.cpu(self.own, current, self.dt, rng, len(values)) @ decoders
            )

        return values_of

    def _on_chip(self, seed: int) -> Values:
        ens = self.ens
        height = float(getattr(ens.neuron_type, "amplitude", 1.0)) / self.dt
        decoders = (height * self.decoders[1]).astype(np.float32)
        each = ens.gain, ens.bias, self.built.encoders
        gain, bias, encoders = (np.asarray(of, np.float32) for of in each)

        def values_of(values: np.ndarray) -> np.ndarray:
            current = values.astype(np.float32) @ encoders.T
            current *= gain
            current += bias
            spikes = self.steps.spikes(ens.neuron_type, current, self.dt, len(values), seed)
            return np.asarray(spikes @ decoders)

        return values_of


def signals(dimensions: int, number: int, dt: float, seed: int) -> np.ndarray:
    """(n_steps, number, dimensions) in radii, band-limited; by half a step's frequency at most."""
    highest = min(HIGHEST, 0.5 / dt)
    shown = max(SHOWN, 1 / highest)  # a period at least, where steps are long
    steps = round(shown / dt)
    found = np.empty((steps, number, dimensions))
    for k in range(number):
        process = nengo.processes.WhiteSignal(2 * shown, highest, rms=0.5, seed=seed + k, y0=0)
        found[:, k] = process.run_steps(steps, d=dimensions, dt=dt)
    return np.asarray(found * (FARTHEST / np.linalg.norm(found, axis=2).max(axis=0)[:, np.newaxis]))


def run(
    populations: Tuple[Values, Values],
    x: np.ndarray,
    tau: float,
    dt: float,
    steps: PilotSteps = IN_NUMPY,
) -> Stages:
    """Let signals go through one population, and what it gives through another.

    Parameters
    ----------
    populations : two callables
    x : (n_steps, n_signals, dimensions) ndarray
    tau : float
        Of the filter before each, seconds.
    dt : float
        Step in seconds.
    steps : PilotSteps
        Steps the filters.
    """

    def through(signal: np.ndarray) -> np.ndarray:
        return steps.filtered(signal, nengo.Lowpass(tau), dt) if tau else signal

    smooth, given = [through(x)], []
    smooth.append(through(smooth[0]))
    given.append(-populations[0](-smooth[0]))
    given.append(populations[1](through(given[0])))
    read = nengo.Lowpass(READ)
    wanted, found = (
        [steps.filtered(each, read, dt).astype(float) for each in of] for of in (smooth, given)
    )
    settled = round(SETTLING / dt)
    return Stages(*(_given(wanted[k], found[k], settled, dt) for k in range(2)))


def _given(wanted: np.ndarray, found: np.ndarray, settled: int, dt: float) -> Given:
    """Least squares of ``found = gain · wanted − gain · lag · d wanted / dt``."""
    slope = np.gradient(wanted, dt, axis=0)
    terms = np.stack([part[settled:].ravel() for part in (wanted, slope)], axis=1)
    outcome = found[settled:].ravel()
    (gain, late), *_ = np.linalg.lstsq(terms, outcome, rcond=None)
    noise = np.sqrt(np.mean((outcome - terms @ (gain, late)) ** 2) * wanted.shape[2])
    return Given(float(gain), float(-late / gain) if gain else 0.0, float(noise))
