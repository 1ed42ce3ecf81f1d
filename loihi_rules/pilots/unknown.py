"""What a pilot shows where nobody knows what a node gives: vectors of many sizes, held and pulsed.

Neurons that a node drives without encoders have no radius that says how large its values are. Those
from −1 to 1 leave neurons silent that have a gain of one, and held ones say nothing of volleys,
in which what is left of a step at each spike is lost otherwise, nor of what a loop keeps once it is
left to itself.
"""

from __future__ import annotations

from typing import Any, Callable, List

import nengo
import numpy as np
from nengo.ensemble import Neurons

from loihi_rules.chip.neurons import reachable_rate
from loihi_rules.nengo_parts.stepped import SteppedNeurons
from loihi_rules.nengo_parts.transforms import linear_map
from loihi_rules.nengo_parts.wiring import base_of, columns_of, rows_of

REACHED = 200.0  # Hz, that neurons in the middle of a population come to
MOST_REACH = 1000.0
FIRST, LAST = 0.25, 0.5  # parts of the time shown, in which a pulse begins and has ended
SHORTEST = 0.01  # s, of a pulse
PAUSES = 4  # lengths of a pulse from one to the next


def vectors(size: int, stimuli: int, seed: int) -> np.ndarray:
    """(stimuli, size) from −1 to 1, or up to 4 times shorter; every other one not negative."""
    rng = np.random.RandomState(seed)
    values = rng.uniform(-1, 1, (stimuli, size)) * 4.0 ** -rng.uniform(size=(stimuli, 1))
    values[1::2] = np.abs(values[1::2])
    return values


def reach_of(
    network: nengo.Network, node: nengo.Node, built: Callable[[Any], Any], dt: float
) -> float:
    """The size of a node's values at which neurons that it drives fire often; 1 if less will do.

    Parameters
    ----------
    network : nengo.Network
    node : nengo.Node
        With a seed.
    built : callable
        Of an ensemble, its gains and biases on the CPU.
    dt : float
        Step in seconds.
    """
    reaches: List[float] = []
    values = np.abs(vectors(node.size_out, 1 + 2 * PAUSES, node.seed))
    for conn in network.all_connections:
        ens = base_of(conn.post)
        if base_of(conn.pre) is not node or not isinstance(conn.post_obj, Neurons):
            continue
        if conn.function is not None or isinstance(ens.neuron_type, SteppedNeurons):
            continue
        tuning, rows = built(ens), rows_of(conn.post)
        given = (linear_map(conn) @ values[:, columns_of(conn.pre)].T).max(axis=1)
        drive = np.asarray(given).ravel() * tuning.gain[rows]
        reached = reachable_rate(ens.neuron_type, REACHED, dt)
        gain, bias = ens.neuron_type.gain_bias(np.array([reached]), np.zeros(1))
        missing = float(gain[0] + bias[0]) - tuning.bias[rows]
        driven = drive > 0
        if driven.any():
            reaches.append(float(np.median(missing[driven] / drive[driven])))
    return float(np.clip(min(reaches, default=1.0), 1.0, MOST_REACH))


def pulses(stimuli: int) -> np.ndarray:
    """(stimuli,) which inputs are pulsed: every other pair."""
    return np.arange(stimuli) % 4 > 1


def courses(values: np.ndarray, reach: float, steps: int, dt: float, seed: int) -> np.ndarray:
    """(steps, stimuli, size): values as large as they may be, of which every other pair is pulsed.

    One of these ends in the middle, and shows what is left of it then.

    Parameters
    ----------
    values : (stimuli, size) ndarray
    reach : float
        They become as many times as large, or down to the root of that.
    steps : int
        That they are shown for.
    dt : float
        Step in seconds.
    seed : int
    """
    rng = np.random.RandomState(seed + 1)
    values = values * reach ** rng.uniform(0.5, 1, size=(len(values), 1))
    if reach > 1:  # some by one dimension alone, as what chooses one of several
        for each in values[2::4]:
            each[np.arange(len(each)) != rng.randint(len(each))] = 0.0
            np.abs(each, out=each)
    whole = np.repeat(values[np.newaxis], steps, axis=0)
    first, last = round(FIRST * steps), round(LAST * steps)
    shortest = min(SHORTEST / dt / (last - first), 1.0)
    at, is_pulsed = np.arange(steps) - first, pulses(len(values))
    for k in range(len(values)):
        length = max(round((last - first) * shortest ** rng.uniform()), 1)
        if is_pulsed[k]:
            on = (at >= 0) & (at % (PAUSES * length) < length)
            whole[:, k] *= (on & ((k % 4 == 3) | (at < last - first)))[:, np.newaxis]
    return whole
