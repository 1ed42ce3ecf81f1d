"""BCM: θ slides, and weights grow above it and shrink below it."""

from __future__ import annotations

from typing import List, NamedTuple

import numpy as np

from deploy.lessons.base import Lesson, Measured, panels
from deploy.parity.comparison import Comparison
from deploy.parity.tolerances import Tolerance
from deploy.report.picture import IDEAL, OTHER, REFERENCE, Picture, svg, thin
from deploy.traces.traces import Traces

CLOSE = 5.0  # Hz; nearer to θ than this, spike noise decides the sign


class Plasticity(NamedTuple):
    """Means over windows of the run, (n_windows, n_post).

    Attributes
    ----------
    rate, theta : ndarray
        a_j and θ_j, Hz.
    change : ndarray
        Of the weights of neuron j, mean over its synapses, per second.
    """

    rate: np.ndarray
    theta: np.ndarray
    change: np.ndarray


def plasticity(run: Traces) -> Plasticity:
    """How weights changed, beside the rate and the threshold at the time."""
    from scipy.interpolate import interp1d  # slow to import, and needed for few models

    weights = run["weights of learned"]
    window = weights.period * run.dt

    def means(label: str) -> np.ndarray:
        trace = run[label]
        so_far = np.cumsum(trace.samples, axis=0) * (trace.period * run.dt)
        at = interp1d(trace.steps, so_far, axis=0, fill_value="extrapolate")(weights.steps)
        return np.asarray(np.diff(at, axis=0) / window)

    change = np.diff(weights.samples.mean(axis=2), axis=0) / window
    return Plasticity(means("post rates"), means("θ"), change)


def measure(run: Traces) -> List[Measured]:
    """Whether the change of weights has the sign of a_j − θ_j, and how far θ went."""
    found = plasticity(run)
    over = found.rate - found.theta
    clear = (np.abs(over) > CLOSE) & (found.change != 0)
    same = np.sign(over) == np.sign(found.change)
    up, down = clear & (over > 0), clear & (over < 0)
    theta = run["θ"].samples
    settled = theta[len(theta) // 6 :]
    slides = float(np.ptp(settled, axis=0).mean())
    sign = Tolerance(low=0.95, why="the rule's sign; half of them would agree by chance")
    return [
        Measured("LTP above θ", float(same[up].mean()) if up.any() else 0.0, goal=sign),
        Measured("LTD below θ", float(same[down].mean()) if down.any() else 0.0, goal=sign),
        Measured("θ slides by", slides, "Hz", Tolerance(low=10.0, why="θ follows the rate")),
    ]


# ------------------------------------------------------------------------------------ pictures


def draw(parity: Comparison) -> List[Picture]:
    """θ beside the rate of one neuron, and ΔW against the rate's distance from θ."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    busiest = int(parity.reference["post rates"].samples.mean(axis=0).argmax())
    figure, axes = panels(2.4, sharex=True, sharey=True)
    for axis, (run, colour) in zip(axes, runs):
        axis.plot(*thin(run["post rates"], busiest, run.dt), color=IDEAL, lw=0.8, label="rate")
        axis.plot(*thin(run["θ"], busiest, run.dt), color=colour, lw=2, label="θ")
        axis.set_title(run.target, fontsize=9)
        axis.set_ylabel("Hz")
        axis.legend(loc="upper left")
    axes[-1].set_xlabel("time (s)")
    slides = Picture(
        "The threshold slides",
        f"Rate of neuron {busiest} of post, and its modification threshold θ, which follows.",
        svg(figure, "bcm threshold"),
    )
    figure, axes = panels(2.4, sharex=True, sharey=True)
    for axis, (run, colour) in zip(axes, runs):
        found = plasticity(run)
        over, change = (found.rate - found.theta).ravel(), 1e3 * found.change.ravel()
        axis.axhline(0, color=IDEAL, lw=0.8)
        axis.axvline(0, color=IDEAL, lw=0.8)
        axis.plot(over, change, ".", ms=2.5, color=colour, alpha=0.5, rasterized=True)
        axis.set_title(run.target, fontsize=9)
        axis.set_ylabel("change (1/1000 a second)")
        axis.annotate("LTP", (0.97, 0.93), xycoords="axes fraction", ha="right")
        axis.annotate("LTD", (0.03, 0.25), xycoords="axes fraction")
    axes[-1].set_xlabel("post rate − θ (Hz)")
    count = np.size(plasticity(parity.reference).change)
    signs = Picture(
        "Growth above θ, decay below",
        f"Each of the {count:,} points is a neuron of post in one short window: how its weights "
        "changed, against how far it fired above or below its θ.",
        svg(figure, "bcm signs"),
    )
    return [slides, signs]


LESSON = Lesson(
    needs=frozenset({"weights of learned", "post rates", "θ"}), measure=measure, draw=draw
)
