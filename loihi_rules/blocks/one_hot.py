"""One neuron a class: it fires while its class is shown, and no other does.

The ensemble represents a vector of as many dimensions as there are classes. Neuron k has the unit
vector of class k for its encoder, so that it sees 1 for its own class and 0 for every other; with
intercepts of one half it is silent below that, and at 1 it fires at one rate, that of all.

On the chip intervals between spikes are whole steps. A rate is therefore chosen whose interval is
one (`representable`), and gain and bias aim at the middle of the last step, where rounding tips
nothing over (`loihi_rules.chip.tuning.steady_rates`). Half of an interval is refractory time, so
that the other half is short and steep: near its threshold a neuron's interval would hang on the
last bits of its weights.
"""

from __future__ import annotations

from typing import Optional

import nengo
import numpy as np
from nengo.dists import Choice

from loihi_rules.chip.limits import LOIHI

NONE = -1  # of no class
INTERCEPT = 0.5


def representable(rate: float, dt: float = LOIHI.step) -> float:
    """The rate nearest to one asked for whose interval is a whole number of steps, Hz.

    Parameters
    ----------
    rate : float
        Hz, more than 0.
    dt : float
        Step in seconds.

    Raises
    ------
    ValueError
        If it is not positive, or above that of an interval of two steps.
    """
    if not 0 < rate <= 0.5 / dt:
        raise ValueError(f"the rate must be more than 0 and at most {0.5 / dt:g} Hz, not {rate:g}")
    steps = max(2, int(np.floor(1 / (rate * dt))))
    nearest = min((steps, steps + 1), key=lambda k: abs(1 / (k * dt) - rate))
    return float(1 / (nearest * dt))


def refractory_time(rate: float, dt: float = LOIHI.step) -> float:
    """Half of the interval in whole steps, s; no more than the chip's counter holds.

    Parameters
    ----------
    rate : float
        Hz, `representable`.
    dt : float
        Step in seconds.
    """
    steps = max(1, int(round(1 / (rate * dt))) // 2)
    return min(steps, LOIHI.refractory_steps[1] - 1) * dt


def one_hot(
    classes: int,
    rate: float = 100.0,
    label: Optional[str] = "one-hot",
    dt: float = LOIHI.step,
) -> nengo.Ensemble:
    """An ensemble with a neuron for each class, in the network that is being built.

    Connect a vector to it that is 1 for the class shown and 0 elsewhere.

    Parameters
    ----------
    classes : int
        Number of classes, and of neurons.
    rate : float
        Hz of the neuron whose class is shown; the nearest that is `representable` is taken.
    label : str, optional
    dt : float
        Step in seconds.

    Returns
    -------
    nengo.Ensemble

    Raises
    ------
    ValueError
        If there are no classes, or the rate is not the chip's.
    """
    if classes < 1:
        raise ValueError(f"there must be 1 class or more, not {classes}")
    rate = representable(rate, dt)
    return nengo.Ensemble(
        classes,
        classes,
        neuron_type=nengo.LIF(tau_ref=refractory_time(rate, dt)),
        encoders=np.eye(classes),
        intercepts=Choice([INTERCEPT]),
        max_rates=Choice([rate]),
        eval_points=np.eye(classes),  # nothing else is ever shown
        label=label,
    )


def decode(spikes: np.ndarray, window: int) -> np.ndarray:
    """Which class is meant at each step: the neuron with most spikes in the steps before.

    Parameters
    ----------
    spikes : (n_steps, classes) ndarray
        Not 0 where a neuron fired.
    window : int
        How many steps are counted, the present one included.

    Returns
    -------
    (n_steps,) ndarray of int
        A class; -1 where none fired, or several equally often.
    """
    fired = np.cumsum(np.asarray(spikes) != 0, axis=0)
    counts = fired.copy()
    counts[window:] -= fired[:-window]
    best = counts.argmax(axis=1)
    top = counts.max(axis=1)
    alone = (counts == top[:, None]).sum(axis=1) == 1
    return np.where((top > 0) & alone, best, NONE)


def latency(decoded: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Steps from each change of the class shown to its being decoded for the first time.

    Parameters
    ----------
    decoded, shown : (n_steps,) ndarray of int

    Returns
    -------
    (n_shown,) ndarray
        -1 where it never was.
    """
    begins = np.flatnonzero(np.diff(shown, prepend=shown[0] - 1))
    ends = np.append(begins[1:], len(shown))
    found = []
    for begin, end in zip(begins, ends):
        right = np.flatnonzero(decoded[begin:end] == shown[begin])
        found.append(int(right[0]) if len(right) else NONE)
    return np.array(found)
