"""Noise suppression: the noise's drive and its spikes go, the spike of each second stays."""

from __future__ import annotations

from typing import List, NamedTuple

import numpy as np

from deploy.lessons.base import Lesson, Measured, panels
from deploy.parity.comparison import Comparison
from deploy.parity.tolerances import Tolerance
from deploy.report.picture import IDEAL, OTHER, REFERENCE, WIDE, Picture, new_figure, svg
from deploy.traces.traces import Traces
from loihi_rules.systems.noise_suppression import BEGIN, EVERY, LASTS

SETTLED = 0.1  # s
LAST = 6.0  # s at the end of a run, in which it is judged
LATE = 0.06  # s after a pulse, in which a spike still counts as its


class Suppression(NamedTuple):
    """What reached the neuron before it learnt, and in the last seconds.

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


# ------------------------------------------------------------------------------------ pictures


def synaptic_weights(run: Traces) -> np.ndarray:
    """(n_seconds, 2) what the wanted and the noisy synapse make of their inputs, each second.

    The least-squares factor between what goes in and what comes out, which is 1 at first.
    """
    each = round(EVERY / run.dt)
    n = run.n_steps // each
    pairs = []
    for source, drive in (("teacher", "drive by wanted"), ("hiss", "drive by noise")):
        x, y = (run[label].samples[: n * each, 0] for label in (source, drive))
        lag = int(np.argmax([np.dot(x[: -k or None], y[k:]) for k in range(40)]))
        x = np.roll(x, lag)
        rows = [(a - a.mean(), b - b.mean()) for a, b in zip(x.reshape(n, -1), y.reshape(n, -1))]
        pairs.append([float(a @ b / max(a @ a, 1e-12)) for a, b in rows])
    return np.array(pairs).T


def draw(parity: Comparison) -> List[Picture]:
    """Both weights, and a row of spikes for each second."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    figure = new_figure(WIDE, 2.8)
    axis = figure.subplots()
    for run, colour in runs:
        weights = synaptic_weights(run)
        times = (np.arange(len(weights)) + 0.5) * EVERY
        axis.plot(times, weights[:, 0], "-", color=colour, label=f"wanted, {run.target}")
        axis.plot(times, weights[:, 1], "--", color=colour, label=f"noise, {run.target}")
    axis.axvline(BEGIN, color=IDEAL, lw=0.8)
    axis.annotate("learning begins", (BEGIN, 1.2), xytext=(4, 0), textcoords="offset points")
    axis.set_ylim(-0.1, 1.3)
    axis.set_xlabel("time (s)")
    axis.set_ylabel("weight of the synapse")
    axis.legend(loc="center right")
    weights_picture = Picture(
        "One synapse stays, the other goes",
        "What each learned synapse makes of its input, second by second: 1 hands it on as it is.",
        svg(figure, "noise weights"),
    )
    figure, axes = panels(2.6, sharex=True, sharey=True)
    for axis, (run, colour) in zip(axes, runs):
        times = run["post spikes"].spike_times(run.dt)
        shifted = times + EVERY / 2  # so that a pulse lies in the middle of its row
        rows, phase = shifted // EVERY, shifted % EVERY - EVERY / 2
        good = belongs(times)
        axis.axvspan(-LASTS, 0, color=IDEAL, alpha=0.3)
        axis.axhline(BEGIN, color=IDEAL, lw=0.8)
        axis.plot(phase[good], rows[good], "|", ms=8, mew=1.5, color=colour)
        axis.plot(phase[~good], rows[~good], "x", ms=4, color=IDEAL)
        axis.set_title(run.target, fontsize=9)
        axis.set_ylabel("second")
    axes[-1].set_xlabel("time to the end of the pulse (s)")
    axes[0].invert_yaxis()
    raster = Picture(
        "Spikes before and after",
        "A row for each second. The band is the pulse; crosses are spikes that the noise made. "
        "Learning begins at the line.",
        svg(figure, "noise raster"),
    )
    return [weights_picture, raster]


LESSON = Lesson(
    needs=frozenset({"drive by noise", "drive by wanted", "post spikes"}),
    measure=measure,
    draw=draw,
    draw_needs=frozenset({"teacher", "hiss"}),
)
