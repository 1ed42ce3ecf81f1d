"""A pilot run of what a population represents: on the CPU, and on the chip.

Signals go through one population, and what is decoded of its spikes through another, as values come
to it in a model. What comes out is held against what went in: how much there is of it, how late it
comes, and what is left, which is noise. The other has the same neurons at other values: it is given
−x, of which the negative is taken, so that no neuron is driven by one of its own rate throughout.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Tuple

import nengo
import numpy as np

from loihi_rules.chip.decoding import Curves, Decoding, curves_of
from loihi_rules.chip.tuning import MOST_POINTS
from loihi_rules.pilots.steps import ChipNeurons, CpuNeurons

SHOWN = 0.45  # s, of each signal
SETTLING = 0.15  # s of those
HIGHEST = 3.0  # Hz, of the signals
FARTHEST = 0.9  # radii, which each of them reaches
READ = 0.02  # s, of the filter through which all is looked at
MOST, LEAST = 6, 2  # signals
TOGETHER = 6000  # neurons times signals; more of them, and what they have in common shows anyway
REGULARISATION = 0.1  # of Nengo's usual solver

Population = Callable[[np.ndarray], np.ndarray]  # (n_signals, dimensions) radii to those decoded


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


def compared(
    ens: nengo.Ensemble,
    own: nengo.neurons.NeuronType,
    built: Any,
    dt: float,
    tau: float,
    times: int = 1,
    seed: int = 0,
) -> Compared:
    """Run both, of an ensemble that has its neuron type, gains and biases of the chip.

    Parameters
    ----------
    ens : nengo.Ensemble
    own : nengo.neurons.NeuronType
        The CPU's.
    built : nengo.builder.ensemble.BuiltEnsemble
        As the user asked for it.
    dt : float
        Step in seconds.
    tau : float
        Of the filter through which values come to it, seconds.
    times : int
        How many times as many signals as usual.
    seed : int
        Of signals and first voltages.
    """
    curves = curves_of(ens, own, built, dt)
    points = built.eval_points[:: max(len(built.eval_points) // (2 * MOST_POINTS), 1)]
    n, dimensions = built.encoders.shape
    shown = signals(dimensions, times * int(np.clip(TOGETHER // n, LEAST, MOST)), dt, seed)
    n_signals = shown.shape[1]
    cpu, chip = decoders(ens, curves, points)
    stages = []
    for of, step in ((cpu, _on_cpu(own, built)), (chip, _on_chip(ens, built.encoders))):
        both = tuple(step(of, n_signals, dt, seed + k) for k in (1, 2))
        stages.append(run((both[0], both[1]), shown, tau, dt))
    return Compared(*stages)


def decoders(
    ens: nengo.Ensemble, curves: Curves, points: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """The CPU's and the chip's, (n_neurons, dimensions), of what is represented, in radii."""
    solver = nengo.solvers.LstsqL2(reg=REGULARISATION)
    cpu, _ = solver(curves.cpu(points), points / ens.radius)
    chip = Decoding().decoders(ens, curves, REGULARISATION, points, points.copy())
    return np.asarray(cpu), chip.T / ens.radius


def signals(dimensions: int, number: int, dt: float, seed: int) -> np.ndarray:
    """(n_steps, number, dimensions) in radii, band-limited."""
    steps = round(SHOWN / dt)
    found = np.empty((steps, number, dimensions))
    for k in range(number):
        process = nengo.processes.WhiteSignal(2 * SHOWN, HIGHEST, rms=0.5, seed=seed + k, y0=0)
        found[:, k] = process.run_steps(steps, d=dimensions, dt=dt)
    return np.asarray(found * (FARTHEST / np.linalg.norm(found, axis=2).max(axis=0)[:, np.newaxis]))


def run(populations: Tuple[Population, Population], x: np.ndarray, tau: float, dt: float) -> Stages:
    """Let signals go through one population, and what it gives through another.

    Parameters
    ----------
    populations : two callables
    x : (n_steps, n_signals, dimensions) ndarray
    tau : float
        Of the filter before each, seconds.
    dt : float
        Step in seconds.
    """
    shape = (2, *x.shape)
    smooth, given = np.zeros(shape), np.zeros(shape)
    before = nengo.Lowpass(tau) if tau else None
    smooth[0] = x if before is None else before.filt(x, dt=dt, axis=0, y0=0)
    smooth[1] = smooth[0] if before is None else before.filt(smooth[0], dt=dt, axis=0, y0=0)
    keep = np.exp(-dt / tau) if tau else 0.0
    between = np.zeros(x.shape[1:])
    for t in range(len(x)):
        given[0, t] = -populations[0](-smooth[0, t])
        between = keep * between + (1 - keep) * given[0, t]
        given[1, t] = populations[1](between)
    read = nengo.Lowpass(READ)
    wanted, found = (read.filt(of, dt=dt, axis=1, y0=0) for of in (smooth, given))
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


def _on_cpu(own: Any, built: Any) -> Callable[..., Population]:
    def population(of: np.ndarray, n_signals: int, dt: float, seed: int) -> Population:
        shape = n_signals, len(built.gain)
        neurons = CpuNeurons(own, shape, dt, np.random.RandomState(seed))

        def step(values: np.ndarray) -> np.ndarray:
            current = built.gain * (values @ built.encoders.T) + built.bias
            return np.asarray(neurons.step(current) @ of)

        return step

    return population


def _on_chip(ens: Any, encoders: np.ndarray) -> Callable[..., Population]:
    def population(of: np.ndarray, n_signals: int, dt: float, seed: int) -> Population:
        neurons = ChipNeurons(ens.neuron_type, (n_signals, len(ens.gain)), dt, seed)
        gain, bias = (np.asarray(each, np.float32) for each in (ens.gain, ens.bias))
        spikes = np.zeros((n_signals, len(gain)))
        height = float(getattr(ens.neuron_type, "amplitude", 1.0)) / dt

        def step(values: np.ndarray) -> np.ndarray:
            fires = neurons.step(gain * (values @ encoders.T).astype(np.float32) + bias)
            spikes.fill(0.0)
            spikes.reshape(-1)[fires] = height
            return np.asarray(spikes @ of)

        return step

    return population
