"""One-hot: the right neuron fires, at its rate, and no other does."""

from __future__ import annotations

from typing import List, Mapping, NamedTuple

import numpy as np

from deploy.parity.hallmarks.base import Hallmark, Measured
from deploy.parity.tolerances import Tolerance
from deploy.traces import Traces
from loihi_rules.one_hot import decode, latency
from loihi_rules.systems.one_hot import SHOWN

SETTLING = 0.02  # s after a change, in which the filters of 5 ms settle


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


HALLMARK = Hallmark(frozenset({"class shown", "spikes"}), measure, accepts)
