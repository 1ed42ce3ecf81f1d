"""A network of integers that every emulator of the chip can have: no biases, no refractory time."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np

THRESHOLD = 2000  # mantissa; in units of 2^6
DECAY_U, DECAY_V = 820, 205  # of 2^12: time constants of some 5 and 20 steps
RATE = 0.05  # spikes a step of an input
SMALL = (200, 100, 500, 100)  # neurons, inputs, steps, synapses of each neuron


class Integers(NamedTuple):
    """What all of them run.

    Attributes
    ----------
    inputs : (n_steps, n_inputs) ndarray of bool
        Which spike when.
    into : (n_inputs, n) ndarray of int8
        Weights, in units of 2^6, from inputs to neurons.
    among : (n, n) ndarray of int8
        From neurons to neurons.
    decay_u, decay_v : int
        u ← u − ⌈u·decay_u / 2^12⌉ + input, v ← v − ⌈v·decay_v / 2^12⌉ + u, each toward zero.
    threshold : int
        Mantissa, in units of 2^6.
    """

    inputs: np.ndarray
    into: np.ndarray
    among: np.ndarray
    decay_u: int
    decay_v: int
    threshold: int


def network(n: int, n_inputs: int, n_steps: int, fan_out: int, seed: int = 0) -> Integers:
    """`n` neurons, each with synapses on `fan_out` others; a fifth inhibit, for stability."""
    rng = np.random.RandomState(seed)
    among = np.zeros((n, n), np.int8)
    for i in range(n):
        sign = -4 if i % 5 == 0 else 1
        targets = rng.permutation(n)[:fan_out]
        among[i, targets] = 2 * sign * rng.randint(1, 12, size=fan_out)
    into = 2 * rng.randint(0, 30, size=(n_inputs, n)) * (rng.rand(n_inputs, n) < 0.2)
    inputs = rng.rand(n_steps, n_inputs) < RATE
    return Integers(inputs, into.astype(np.int8), among, DECAY_U, DECAY_V, THRESHOLD)


def digest(spikes: np.ndarray) -> str:
    """Of (n_steps, n) spikes, short."""
    return hashlib.sha256(np.packbits(spikes).tobytes()).hexdigest()[:12]
