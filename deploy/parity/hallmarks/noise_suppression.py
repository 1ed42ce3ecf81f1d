"""Noise suppression: the noise's drive and its spikes go, the spike of each second stays."""

from __future__ import annotations

from typing import List, NamedTuple

import numpy as np

from deploy.parity.hallmarks.base import Hallmark, Measured
from deploy.parity.tolerances import Tolerance
from deploy.traces import Traces
from loihi_rules.systems.noise_suppression import BEGIN, EVERY, LASTS

SETTLED = 0.1  # s
LAST = 6.0  # s at the end of a run, in which it is judged
LATE = 0.06  # s after a pulse, in which a spike still counts as its


class Suppression(NamedTuple):
    """What the neuron heard before it learnt, and in the last seconds.

    Attributes
    ----------
    before, after : float
        RMS of the noise's drive.
    spurious_before, spurious_after : float
        Spikes a second that belong to no pulse.
    kept : float
        Share of the pulses after learning began that have their spike.
    """

    before: float
    after: float
    spurious_before: float
    spurious_after: float
    kept: float


def belongs(times: np.ndarray) -> np.ndarray:
    """Which spikes belong to a pulse."""
    phase = times % EVERY
    return (phase >= EVERY - LASTS) | (phase <= LATE)


def suppression(run: Traces) -> Suppression:
    """Measure a run that is longer than its teacher waits."""
    drive, times = run["drive by noise"].samples[:, 0], run["drive by noise"].times(run.dt)
    end = run.duration
    early, late = (times > SETTLED) & (times <= BEGIN), times > max(BEGIN, end - LAST)
    spikes = run["post spikes"].spike_times(run.dt)
    stray = spikes[~belongs(spikes)]
    pulses = np.arange(np.ceil(BEGIN / EVERY), np.floor((end - LATE) / EVERY)) + 1
    kept = [bool(np.any((spikes >= p - LASTS) & (spikes <= p + LATE))) for p in pulses * EVERY]
    seconds = end - max(BEGIN, end - LAST)
    return Suppression(
        float(drive[early].std()),
        float(drive[late].std()) if late.any() else np.inf,
        np.count_nonzero((stray > SETTLED) & (stray <= BEGIN)) / (BEGIN - SETTLED),
        np.count_nonzero(stray > end - seconds) / max(seconds, run.dt),
        float(np.mean(kept)) if kept else 0.0,
    )


def measure(run: Traces) -> List[Measured]:
    """How much of the noise is gone."""
    s = suppression(run)
    drive = 100 * (1 - s.after / s.before) if s.before else 0.0
    spikes = 100 * (1 - s.spurious_after / s.spurious_before) if s.spurious_before else 0.0
    return [
        Measured(
            "noise's drive falls by", drive, "%", Tolerance(low=90.0, why="what PES is there for")
        ),
        Measured("spurious spikes before", s.spurious_before, "Hz"),
        Measured(
            "spurious spikes fall by", spikes, "%", Tolerance(low=95.0, why="they came of noise")
        ),
        Measured(
            "pulses that have their spike",
            100 * s.kept,
            "%",
            Tolerance(low=100.0, why="the wanted synapse must stay"),
        ),
    ]


HALLMARK = Hallmark(frozenset({"drive by noise", "drive by wanted", "post spikes"}), measure)
