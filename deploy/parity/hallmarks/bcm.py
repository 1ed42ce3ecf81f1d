"""BCM: weights grow above θ and shrink below it, and θ slides."""

from __future__ import annotations

from typing import List, NamedTuple

import numpy as np

from deploy.parity.hallmarks.base import Hallmark, Measured
from deploy.parity.tolerances import Tolerance
from deploy.traces import Traces

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


HALLMARK = Hallmark(frozenset({"weights of learned", "post rates", "θ"}), measure)
