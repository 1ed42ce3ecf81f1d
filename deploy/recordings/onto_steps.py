"""Signals of somebody else's on the steps of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from deploy.recordings.recording import MOST_VALUES, NEUTRAL_UNITS, Recorded, Signal, Trains
from deploy.traces.trace import UNITS, Trace

FAR = 100  # times as long as the run: less than from seconds to milliseconds
BESIDE = 0.05  # of a step: what seconds in single precision lose in ten minutes


class Unfit(Exception):
    """Why a signal cannot be compared."""


class Stepped(NamedTuple):
    """A signal on steps.

    Attributes
    ----------
    trace : Trace
        What is known of it; its samples are those below.
    steps : (n_samples,) ndarray
        Of samples, increasing; empty for spikes.
    end : int or None
        The last step of which something is known; None where nobody wrote it.
    note : str
        What a reader should know of how it was aligned; empty for nothing.
    """

    trace: Trace
    steps: NDArray[np.int64]
    end: Optional[int]
    note: str = ""


def onto_steps(
    recorded: Recorded, about: Trace, dt: float, own_dt: Optional[float], partner: Optional[Trace]
) -> Stepped:
    """A signal on the steps of a run.

    Parameters
    ----------
    recorded : Signal or Trains
    about : Trace
        What is known of it from the other run.
    dt : float
        Seconds a step.
    own_dt : float or None
        Seconds between two of its samples, if it has no times.
    partner : Trace or None
        The other run's, if that is `deploy.Traces`: samples without times are its instants, if
        they are as many.

    Raises
    ------
    Unfit
    """
    if isinstance(recorded, Trains):
        if not about.sparse:
            raise Unfit(f"spikes, where {about.kind} is compared")
        return _spikes(recorded, about, dt)
    times = recorded.times
    if times is None:
        times = _times(recorded, dt, own_dt, partner)
    if len(times) != len(recorded.values):
        raise Unfit(f"{len(recorded.values)} samples, and {len(times)} times")
    if not len(times):
        raise Unfit("no samples")
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise Unfit("times that do not increase from sample to sample")
    if len(times) > 1 and float(np.median(np.diff(times))) >= FAR * dt:
        _check_unit(times, about, dt)
    if abs(times[0]) > MOST_VALUES * dt or abs(times[-1]) > MOST_VALUES * dt:
        raise Unfit(f"samples from {times[0]:g} to {times[-1]:g} s, too many steps of {dt:g} s")
    bad = ~np.isfinite(recorded.values).all(axis=1)
    if bad.any():
        many, first = f"{int(bad.sum())} of {len(times)}", times[bad][0]
        raise Unfit(f"no numbers in {many} samples, the first at {first:g} s")
    if recorded.kind and recorded.kind != about.kind:
        raise Unfit(f"{recorded.kind}, where {about.kind} is compared")
    if about.sparse:
        return _spikes(_trains(recorded, times, dt), about, dt)
    if recorded.unit.lower() not in NEUTRAL_UNITS | {UNITS[about.kind].lower()}:
        raise Unfit(
            f"in {recorded.unit}, not in the probe's unit, {UNITS[about.kind]}; "
            "give its scale in a mapping"
        )
    places = times / dt
    steps = np.rint(places)
    on_step = (np.abs(places - steps) <= BESIDE) & (steps >= 1)
    if not on_step.any():
        raise Unfit(
            f"no sample lies on a step of {dt:g} s: they are of {times[0]:g}, "
            f"{times[min(1, len(times) - 1)]:g} … s; an offset in a mapping moves them"
        )
    early = int((times < dt * (1 - BESIDE)).sum())
    note = (
        ""
        if not early or about.period > 1
        else (
            f"{early} samples from {times[0]:g} s on are before the first step, which ends at "
            f"{dt:g} s, and were left out; if they are not, an offset in a mapping moves them"
        )
    )
    steps, values = steps[on_step].astype(np.int64), recorded.values[on_step]
    return Stepped(replace(about, samples=values), steps, int(steps[-1]), note)


def _check_unit(times: NDArray[np.float64], about: Trace, dt: float) -> None:
    """Refuse times that reach so far beyond the run that they are hardly in seconds."""
    reach, seconds = float(np.ptp(times)), about.n_steps * dt
    if 0 < FAR * seconds <= reach:
        raise Unfit(
            f"its times reach over {reach:g} s, and the run over {seconds:g} s; if they are in ms "
            "or us, give time_unit in a mapping"
        )


def _times(
    recorded: Signal, dt: float, own_dt: Optional[float], partner: Optional[Trace]
) -> NDArray[np.float64]:
    """Of samples without times: the first is of the first step."""
    count = len(recorded.values)
    if own_dt is not None:
        return np.asarray(own_dt * np.arange(1, count + 1))
    if partner is not None and count == len(partner.steps):
        return partner.times(dt)
    raise Unfit(f"{count} samples without times, and not as many as the other run's; give dt")


def _trains(signal: Signal, times: NDArray[np.float64], dt: float) -> Trains:
    """Spikes of samples that are 0, or one other number."""
    values = np.unique(signal.values)
    if np.count_nonzero(values) > 1:
        raise Unfit("values besides 0 and one other, which are no spikes")
    if len(times) > 1 and np.max(np.diff(times)) > (1 + 2 * BESIDE) * dt:
        raise Unfit(f"spikes that are sampled less often than every {dt:g} s")
    rows, neurons = np.nonzero(signal.values)
    return Trains(
        signal.name, times[rows], neurons.astype(np.int64), signal.values.shape[1], float(times[-1])
    )


def _spikes(trains: Trains, about: Trace, dt: float) -> Stepped:
    """Each in the step that ends with it or after it, as Nengo has it."""
    if not np.isfinite(trains.times).all():
        raise Unfit("times of spikes that are no numbers")
    if len(trains.times):
        _check_unit(trains.times, about, dt)
    if len(trains.times) and float(np.abs(trains.times).max()) > MOST_VALUES * dt:
        raise Unfit(f"a spike at {np.abs(trains.times).max():g} s, too many steps of {dt:g} s")
    steps = np.ceil(trains.times / dt - BESIDE).astype(np.int64)
    order = np.lexsort((trains.neurons, steps))
    steps, neurons = steps[order], trains.neurons[order]
    twice = (np.diff(steps) == 0) & (np.diff(neurons) == 0)
    if twice.any():
        k = int(np.flatnonzero(twice)[0])
        raise Unfit(
            f"neuron {neurons[k]} has two spikes within the step of {dt:g} s that ends at "
            f"{steps[k] * dt:g} s"
        )
    seen = int(neurons.max()) + 1 if len(neurons) else 0
    count = trains.n_neurons or max(about.n_neurons, seen)
    end = None if trains.end is None else int(np.floor(trains.end / dt + BESIDE))
    spikes = replace(
        about, spike_steps=steps, spike_neurons=neurons.astype(np.int32), n_neurons=count
    )
    early = int((steps < 1).sum())
    note = f"{early} spikes before the first step were left out" if early else ""
    if end is None:
        note = (
            note or "when its recording ended is not in the file; taken to be as long as the other"
        )
    return Stepped(spikes, np.zeros(0, np.int64), end, note)
