"""Backpropagation next to PES: accuracies, how soon they are reached, and some decisions."""

from __future__ import annotations

from typing import List, NamedTuple

import numpy as np

from deploy.lessons.base import Lesson, Measured, panels
from deploy.parity.comparison import Comparison
from deploy.parity.tolerances import Tolerance
from deploy.report.picture import IDEAL, OTHER, REFERENCE, WIDE, Picture, new_figure, svg
from deploy.traces.traces import Traces
from loihi_rules.blocks.trained import evaluate
from loihi_rules.systems.backprop import SHOWN, digits, trained_layers

ENOUGH = 0.95  # of the accuracy at the end, that counts as decided
MOST_SHOWN = 12  # images in the raster


class Accuracies(NamedTuple):
    """Accuracy of both networks by how long they look at each image.

    Attributes
    ----------
    seconds : (n,) ndarray
    backprop, pes : (n,) ndarray
        Accuracies.
    labels : (n_shown,) ndarray
    """

    seconds: np.ndarray
    backprop: np.ndarray
    pes: np.ndarray
    labels: np.ndarray


def accuracies(run: Traces) -> Accuracies:
    """Decide each test image, by the largest output, after ever longer times."""
    each, testing = round(SHOWN / run.dt), np.flatnonzero(run["testing"].samples[:, 0] > 0)
    n = len(testing) // each
    testing = testing[: n * each]
    labels = run["label"].samples[testing, 0].astype(int).reshape(n, each)[:, each // 2]
    ends = np.arange(10, each + 1, 5)

    def accuracy(name: str) -> np.ndarray:
        if name not in run.traces:
            return np.full(len(ends), np.nan)
        outputs = run[name].samples[testing].reshape(n, each, -1)[:, ends - 1]
        return np.asarray((outputs.argmax(axis=2) == labels[:, None]).mean(axis=0))

    return Accuracies(
        ends * run.dt, accuracy("backprop rates"), accuracy("read-out by PES"), labels
    )


def float_accuracy() -> float:
    """Of the trained network before anything is rounded or spikes, on all test images."""
    data = digits()
    scores = evaluate(trained_layers(data), data["test_images"])[-1]
    return float(np.mean(scores.argmax(axis=1) == data["test_labels"]))


def decided(seconds: np.ndarray, accuracy: np.ndarray) -> float:
    """How long it takes to come near the accuracy at the end, ms."""
    return float(1e3 * seconds[np.argmax(accuracy >= ENOUGH * accuracy[-1])])


def measure(run: Traces) -> List[Measured]:
    """Both accuracies; the goals hold for the lesson's own length."""
    found = accuracies(run)
    if not len(found.labels):
        return []
    measured = [
        Measured("float accuracy, all test images", 100 * float_accuracy(), "%"),
        Measured(
            "backpropagation, accuracy",
            100 * float(found.backprop[-1]),
            "%",
            Tolerance(
                low=93.0, why="97 % of all test images are right; of sixty, four may be wrong"
            ),
        ),
        Measured(
            "PES, accuracy",
            100 * float(found.pes[-1]),
            "%",
            Tolerance(low=65.0, why="600 images are less than half of a lesson; a guess has 10 %"),
        ),
        Measured("backpropagation, time to decide", decided(found.seconds, found.backprop), "ms"),
        Measured("PES, time to decide", decided(found.seconds, found.pes), "ms"),
    ]
    work = run.record.get("work")
    if work:
        images = run.duration / SHOWN
        measured += [
            Measured("synaptic operations a test's time", work["synaptic_operations"] / images),
            Measured("energy a test's time, an estimate", 1e6 * work["energy"] / images, "µJ"),
        ]
    return measured


# ------------------------------------------------------------------------------------ pictures


def draw(parity: Comparison) -> List[Picture]:
    """How soon each network knows, and the spikes by which it tells."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    figure = new_figure(WIDE, 2.8)
    axis = figure.subplots()
    axis.axhline(100 * float_accuracy(), color=IDEAL, lw=1, ls=":")
    for run, colour in runs:
        found = accuracies(run)
        if not len(found.labels):
            return []
        axis.plot(
            1e3 * found.seconds,
            100 * found.backprop,
            "-",
            color=colour,
            label=f"backpropagation, {run.target}",
        )
        axis.plot(
            1e3 * found.seconds, 100 * found.pes, "--", color=colour, label=f"PES, {run.target}"
        )
    axis.set_ylim(0, 102)
    axis.set_xlabel("time that an image is looked at (ms)")
    axis.set_ylabel("right, %")
    axis.legend(loc="lower right")
    accuracy = Picture(
        "Who knows it, and how soon",
        f"Accuracy over {len(accuracies(parity.reference).labels)} images that neither network has "
        "seen. Dotted: the trained network in floating point.",
        svg(figure, "backprop accuracy"),
    )
    figure, axes = panels(2.2, sharex=True, sharey=True)
    for axis, (run, colour) in zip(axes, runs):
        first = int(np.argmax(run["testing"].samples[:, 0] > 0))
        last = min(run.n_steps, first + round(MOST_SHOWN * SHOWN / run.dt))
        rates = run["backprop rates"].samples[first:last]
        label = run["label"].samples[first:last, 0]
        time = (np.arange(len(label)) + 1) * run.dt
        axis.plot(time, label, color=IDEAL, lw=6, alpha=0.3)
        for k in range(rates.shape[1]):
            axis.plot(time, k + 0.8 * rates[:, k] / max(rates.max(), 1.0), color=colour, lw=0.8)
        axis.set_yticks(np.arange(10))
        axis.set_title(run.target, fontsize=9)
        axis.set_ylabel("digit")
    axes[-1].set_xlabel("time since testing began (s)")
    raster = Picture(
        "Ten neurons name the digit",
        "Filtered spikes of the trained network's output neurons over the true digit (band).",
        svg(figure, "backprop raster"),
    )
    return [accuracy, raster]


LESSON = Lesson(
    needs=frozenset({"label", "testing", "backprop rates", "read-out by PES"}),
    measure=measure,
    draw=draw,
)
