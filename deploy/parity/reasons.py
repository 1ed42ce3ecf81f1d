"""Why a run may differ as it does, where the runs show it, and what helps.

A neuron of the chip fires every so many whole steps. Of what varies that is right in the mean; of
what is held it is the same number each time, so that rates are a part of a step off and waves of
spikes keep their places. Nengo's neurons carry over what is left of a step.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Dict, List

import numpy as np

from deploy.parity.floors import QUANTITIES
from deploy.parity.measures import SMALLEST, Yardstick, ripple, seen
from deploy.parity.metrics.pair import flat
from deploy.parity.together import HELD
from deploy.traces.trace import Trace

LONGEST = 10  # steps of an interval: lines of longer ones are as close as those of any noise
WIDTH = 2  # bins beside a line that a Hann window gives it
SMOOTH = 0.01  # of a current, that noise less than it is not seen of
POPULATION = 50  # neurons, of which the floor of a gain is
LARGER = frozenset({"noise", "synchrony", "rates apart"})  # quantities that these make larger


def reasons_of(trace: Trace, yard: Yardstick) -> Dict[str, List[str]]:
    """For each quantity and value of a run why it may be as it is, in words; empty if not so.

    Parameters
    ----------
    trace : Trace
        Of the judged run.
    yard : Yardstick
        Of the same trace.
    """
    if trace.kind in ("decoded", "value") and trace.period <= 1:
        return {"noise": [_of_noise(k, trace, yard) for k in range(yard.path.shape[1])]}
    if trace.sparse and yard.together.why_not == HELD:
        said = _of_rates(yard)
        return {"rates apart": [said], "synchrony": [said]} if said else {}
    if trace.kind == "current":
        return {"noise": [_of_input(yard)]}
    if trace.kind == "activity" and flat(trace).shape[1] < POPULATION:
        said = _of_few(yard)
        return {"gain": [said], "offset": [said]} if said else {}
    return {}


def _of_noise(k: int, trace: Trace, yard: Yardstick) -> str:
    """Of the noise of a dimension that is held: whether it is more by whole intervals alone."""
    if not yard.noisy[k]:
        return ""
    others = [seen(each, yard.dt)[:, k] for each in yard.repeats]
    scale = yard.scale[k]

    def size(power: float) -> float:
        return float(0.5 * np.log(power / scale**2 + SMALLEST**2))

    left = size(without_lines(seen(trace, yard.dt)[:, k]))
    more = left - float(np.mean([size(without_lines(each)) for each in others]))
    if more > QUANTITIES["noise"].floor:
        return ""
    return (
        "neurons that are given a held value fire every so many whole steps of "
        f"{1000 * yard.dt:g} ms, so that their waves do not cancel as the CPU's do; without these "
        f"the noise is {np.exp(more):.2g} times as large. A longer synapse of the probe, more "
        "neurons, or an input that varies makes it less"
    )


def without_lines(x: np.ndarray) -> float:
    r"""Variance of a path (n_samples,) but for that at the frequencies of whole intervals.

    Neurons that fire every k steps give lines at :math:`m / (k\,\Delta t)` for all whole m. What is
    left out of a spectrum without lines is made up for by the share of its bins.
    """
    window = np.hanning(len(x))
    spectrum = np.abs(np.fft.rfft((x - x.mean()) * window)) ** 2
    lines = {Fraction(m, k) for k in range(2, LONGEST + 1) for m in range(1, k // 2 + 1)}
    bins = np.arange(len(spectrum))
    near = np.zeros(len(spectrum), bool)
    for line in lines:
        near |= np.abs(bins - float(line) * len(x)) <= WIDTH
    left = float(np.where(near, 0.0, spectrum)[1:].sum()) / max(float(spectrum[1:].sum()), 1e-300)
    return float(x.var()) * left


def _of_rates(yard: Yardstick) -> str:
    """Of neurons that are given a held value: how far off whole intervals are at the best."""
    counts = np.mean([each.counts() for each in yard.repeats], axis=0)
    active = counts > 1
    if not active.any():
        return ""
    steps = yard.first.n_steps / counts[active]
    nearest = yard.first.n_steps / np.maximum(np.round(steps), 1)
    apart = float(np.abs(nearest - counts[active]).sum() / counts[active].sum())
    return (
        "neurons that are given a held value fire every so many whole steps; those that are the "
        f"nearest to the CPU's intervals, of {np.median(steps):.2g} steps, have rates that are "
        f"{100 * apart:.2g} % apart. Lower rates (max_rates), a shorter step, or an input that "
        "varies makes it less"
    )


def _of_input(yard: Yardstick) -> str:
    """Of what enters neurons, where on the CPU no spikes do."""
    mine = flat(yard.first)
    sampling = yard.first.period * yard.dt
    waves, size = (np.sqrt(np.mean(x**2)) for x in (ripple(mine, sampling), mine))
    if waves > SMOOTH * size:
        return ""
    return (
        "on the CPU values of nodes enter neurons as they are; on the chip they come as spikes, "
        "with whose waves currents go up and down. What is represented, or spikes, tell what "
        "of it matters"
    )


def _of_few(yard: Yardstick) -> str:
    """Of filtered spikes of a few neurons."""
    mean = float(np.mean([flat(each).mean() for each in yard.repeats]))
    if mean <= 0:
        return ""
    n = flat(yard.first).shape[1]
    return (
        f"of {'one neuron' if n == 1 else f'{n} neurons'}, whose intervals are whole steps on the "
        f"chip: at {mean:.3g} Hz a step is {100 * mean * yard.dt:.2g} % of one, which is right in "
        "the mean of a population. More neurons, or what they represent, tell of it"
    )
