"""Backpropagation next to PES: accuracies, and how soon they are reached."""

from __future__ import annotations

from typing import List, NamedTuple

import numpy as np

from deploy.parity.hallmarks.base import Hallmark, Measured
from deploy.parity.tolerances import Tolerance
from deploy.traces import Traces
from loihi_rules.systems.backprop import SHOWN, digits, trained_layers
from loihi_rules.trained import evaluate

ENOUGH = 0.95  # of the accuracy at the end, that counts as decided


class Told(NamedTuple):
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


def told(run: Traces) -> Told:
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

    return Told(ends * run.dt, accuracy("backprop rates"), accuracy("read-out by PES"), labels)


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
    found = told(run)
    if not len(found.labels):
        return []
    measured = [
        Measured("float accuracy, all test images", 100 * float_accuracy(), "%"),
        Measured(
            "backpropagation, accuracy",
            100 * float(found.backprop[-1]),
            "%",
            Tolerance(low=93.0, why="97 % and more of all test images; a few are shown here"),
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


HALLMARK = Hallmark(frozenset({"label", "testing", "backprop rates", "read-out by PES"}), measure)
