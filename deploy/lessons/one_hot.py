"""One-hot: the right neuron fires, at its rate, and no other does."""

from __future__ import annotations

from typing import List, Mapping, NamedTuple

import nengo
import numpy as np

from deploy.lessons.base import Lesson, Measured, panels
from deploy.parity.comparison import Comparison
from deploy.parity.tolerances import Tolerance
from deploy.report.picture import IDEAL, OTHER, REFERENCE, Picture, svg
from deploy.traces.traces import Traces
from loihi_rules.blocks.one_hot import INTERCEPT, decode, latency, refractory_time, representable
from loihi_rules.systems.one_hot import SHOWN

SETTLING = 0.02  # s after a change, in which the filters of 5 ms settle
MOST_SHOWN = 20  # times a class was shown, in the raster


class Shown(NamedTuple):
    """What was shown, and what was made of it.

    Attributes
    ----------
    classes : (n_shown,) ndarray
    decoded : (n_shown,) ndarray
        By the most spikes of each whole time that a class was shown.
    counts : (n_shown,) ndarray
        Spikes of the right neuron, once settled.
    stray : int
        Spikes of other neurons, once settled.
    seconds : float
        For which spikes were counted, of each class.
    latencies : (n_shown,) ndarray
        Steps until the class was decoded from the spikes of one and a half intervals.
    """

    classes: np.ndarray
    decoded: np.ndarray
    counts: np.ndarray
    stray: int
    seconds: float
    latencies: np.ndarray


def shown(run: Traces) -> Shown:
    """Cut a run into the times of its classes."""
    each, settling = round(SHOWN / run.dt), round(SETTLING / run.dt)
    n = run.n_steps // each
    classes = run["class shown"].samples[: n * each, 0].astype(int)
    spikes = run["spikes"]
    steps, neurons = spikes.spike_steps - 1, spikes.spike_neurons
    inside = steps < n * each
    steps, neurons = steps[inside], neurons[inside]
    settled = steps % each >= settling
    right = neurons == classes[steps]
    dense = np.zeros((n * each, spikes.n_neurons), bool)
    dense[steps, neurons] = True
    begin = np.arange(n) * each
    counts = np.bincount(steps[settled & right] // each, minlength=n)
    interval = (each - settling) / max(1.0, float(counts.mean()))
    window = min(each, int(np.ceil(1.5 * interval)))
    return Shown(
        classes[begin + each // 2],
        np.array([decode(dense[b : b + each], each)[-1] for b in begin]),
        counts,
        int(np.count_nonzero(settled & ~right)),
        (each - settling) * run.dt,
        latency(decode(dense, window), classes),
    )


def measure(run: Traces) -> List[Measured]:
    """Accuracy, stray spikes, rate and latency."""
    seen = shown(run)
    late = seen.latencies[seen.latencies >= 0]
    return [
        Measured(
            "right classes",
            float(np.mean(seen.decoded == seen.classes)) if len(seen.classes) else 0.0,
            goal=Tolerance(low=1.0, why="each neuron looks along its own class alone"),
        ),
        Measured(
            "stray spikes",
            float(seen.stray),
            goal=Tolerance(high=0.0, why="at 0 the others are far below their threshold"),
        ),
        Measured("rate of the right neuron", float(seen.counts.mean() / seen.seconds), "Hz"),
        Measured("latency, median", float(np.median(late)) if len(late) else np.inf, "ms"),
    ]


def accepts(run: Traces) -> Mapping[str, Tolerance]:
    """One spike more or less while a class is shown, of the few that fit into that time."""
    showings = run.duration / SHOWN
    fit = max(1.0, len(run["spikes"].spike_steps) / showings)
    part = 1.25 / fit  # one, and a quarter for showings that have two
    why = f"a tenth of a second has room for {fit:.0f} intervals, or one more or less"
    return {
        "population rate": Tolerance(1 / (1 + part), 1 + part, why),
        "rates apart": Tolerance(high=part, why=why),
    }


# ------------------------------------------------------------------------------------ pictures


def draw(parity: Comparison) -> List[Picture]:
    """The step that each neuron is, and the staircase of the raster."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    seen = [shown(run) for run, _ in runs]
    rate = float(seen[0].counts.max() / seen[0].seconds)
    rate = representable(min(rate, 500.0))
    neurons = nengo.LIF(tau_ref=refractory_time(rate))
    gain, bias = neurons.gain_bias(np.array([rate]), np.array([INTERCEPT]))
    x = np.linspace(-0.2, 1.1, 400)
    figure, (tuning, counts) = panels(2.2)
    tuning.plot(x, neurons.rates(x, gain, bias), color=IDEAL)
    for (run, colour), one in zip(runs, seen):
        tuning.plot(
            [0, 1],
            [0, one.counts.mean() / one.seconds],
            "o",
            color=colour,
            label=run.target,
            mfc="none" if run is parity.reference else colour,
        )
    tuning.set_xlabel("x of the neuron's own class")
    tuning.set_ylabel("Hz")
    tuning.legend()
    low = min(one.counts.min() for one in seen)
    high = max(one.counts.max() for one in seen)
    bins = np.arange(low - 1, high + 3) - 0.5
    counts.hist([one.counts for one in seen], bins, color=[c for _, c in runs])
    counts.set_xlabel("spikes of the right neuron, each time shown")
    counts.set_ylabel("times")
    first = Picture(
        "A step up at one half",
        "Above: the tuning curve that all neurons share, and mean rates as measured at 0 "
        "and 1. Below: how often the right neuron fired.",
        svg(figure, "one-hot tuning"),
    )
    each = parity.reference.n_steps // max(1, len(seen[0].classes))
    end = min(MOST_SHOWN, len(seen[0].classes)) * each
    figure, axes = panels(2.4, sharex=True, sharey=True)
    for axis, (run, colour) in zip(axes, runs):
        spikes = run["spikes"]
        early = spikes.spike_steps <= end
        staircase = run["class shown"].samples[:end, 0]
        order = {c: k for k, c in enumerate(dict.fromkeys(staircase.astype(int)))}
        rows = np.array([order.get(n, -1) for n in spikes.spike_neurons[early]])
        axis.plot(
            np.arange(1, end + 1) * run.dt,
            [order[int(c)] for c in staircase],
            color=IDEAL,
            lw=5,
            alpha=0.25,
            label="shown",
        )
        axis.plot(spikes.spike_steps[early] * run.dt, rows, "|", ms=7, color=colour)
        axis.set_title(run.target, fontsize=9)
        axis.set_ylabel("class, in the order shown")
    axes[-1].set_xlabel("time (s)")
    axes[0].legend()
    raster = Picture(
        "Each class its neuron",
        "Spikes over the classes shown; a spike off the band would be a stray one.",
        svg(figure, "one-hot raster"),
    )
    return [raster, first]


LESSON = Lesson(
    needs=frozenset({"class shown", "spikes"}), measure=measure, draw=draw, accepts=accepts
)
