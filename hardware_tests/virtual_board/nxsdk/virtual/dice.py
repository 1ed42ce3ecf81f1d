"""Random numbers of rounding and noise.

Which sequence silicon makes of its seeds is not public. The board's own numbers come from what the
registers are seeded with, a generator a core and use; noise, which no register seeds, starts from
what a board that was just switched on has, so that a run can be repeated. `EmulatorDice` gives
what nengo-loihi's emulator draws, number for number: then arithmetic alone is compared.
"""

from __future__ import annotations

import os
from typing import Any, List, NamedTuple, Sequence

import numpy as np

from nxsdk.virtual.network import Network
from nxsdk.virtual.silicon import Silicon

VARIABLE = "VIRTUAL_BOARD_DICE"  # "emulator:SEED", "emulator:SEED:CORE,CORE,…", or nothing


class Draws(NamedTuple):
    """Of one step: for traces and for weights of each learning core, and for compartments."""

    traces: List[np.ndarray]
    weights: List[np.ndarray]
    noise: np.ndarray


class Dice:
    """What all have in common: how many numbers are drawn when."""

    def __init__(self, network: Network, silicon: Silicon):
        self._network, self._silicon = network, silicon
        self._noisy = bool(network.compartments.noisy.any())
        self._turns = range(len(network.cores))  # of cores, in which numbers are drawn

    def draw(self, t: int) -> Draws:
        """The numbers of step t."""
        network = self._network
        learning = network.learning
        turn = {core: k for k, core in enumerate(self._turns)}
        in_turn = sorted(range(len(learning)), key=lambda k: turn[learning[k].core])
        traces = [np.zeros(0) for _ in learning]
        weights = [np.zeros(0) for _ in learning]
        for k in in_turn:
            if self._silicon.trace_decay != "epoch" or t % learning[k].epoch == 0:
                traces[k] = self._drawn("traces", k, len(learning[k].entries))
        for k in in_turn:
            if is_due(learning[k], t):
                length = network.entries.length[learning[k].entries]
                weights[k] = self._drawn("weights", k, int(length.sum()))
        n = int(network.core_start[-1])
        noise = np.zeros(n, np.int64)
        if self._noisy:
            start = network.core_start
            own = [np.arange(start[core], start[core + 1]) for core in self._turns]
            noise[np.concatenate(own)] = self._noise(n)
        return Draws(traces, weights, noise)

    def _drawn(self, use: str, k: int, n: int) -> np.ndarray:
        if self._silicon.random_numbers == "core":
            return np.repeat(self._uniform(use, k, 1), n)
        return self._uniform(use, k, n)

    def _uniform(self, use: str, k: int, n: int) -> np.ndarray:
        raise NotImplementedError

    def _noise(self, n: int) -> np.ndarray:
        raise NotImplementedError


def is_due(learning: Any, t: int) -> bool:
    """Whether any product of a learning core counts in step t."""
    epochs, rest = divmod(t, learning.epoch)
    return not rest and any(
        epochs % 2**product.epoch == 0
        for products in learning.profiles.values()
        for product in products
    )


class SeededDice(Dice):
    """From the registers' seeds."""

    def __init__(self, network: Network, silicon: Silicon):
        super().__init__(network, silicon)
        cores = [network.cores[of.core] for of in network.learning]
        pre = [core.stdpPreRandom for core in cores]
        self._of = {
            "traces": [np.random.RandomState([r.random0, r.random1, r.random2]) for r in pre],
            "weights": [np.random.RandomState(core.synapseRepackRandom.word) for core in cores],
        }
        seeds = [1]
        if silicon.noise == "seeded":
            soma = [core.somaRandom for core in network.cores]
            seeds = [word for r in soma for word in (r.random0, r.random1, r.random2)]
        self._noise_of = np.random.RandomState(seeds)

    def _uniform(self, use: str, k: int, n: int) -> np.ndarray:
        return self._of[use][k].rand(n)

    def _noise(self, n: int) -> np.ndarray:
        return self._noise_of.randint(-127, 128, size=n)


class EmulatorDice(Dice):
    """One generator for all, in the order of nengo-loihi's emulator.

    Parameters
    ----------
    turns : sequence of int
        The cores, in the order in which the emulator has what is on them; empty where that is the
        board's own.
    """

    def __init__(self, network: Network, silicon: Silicon, seed: int, turns: Sequence[int]):
        super().__init__(network, silicon)
        if turns and sorted(turns) != list(self._turns):
            raise ValueError(f"{VARIABLE}: {list(turns)} are not the cores of this board")
        self._turns = turns or self._turns
        self._noisy = True  # it draws noise in any case
        self._rng = np.random.RandomState(seed)

    def _uniform(self, use: str, k: int, n: int) -> np.ndarray:
        return self._rng.rand(n)

    def _noise(self, n: int) -> np.ndarray:
        return self._rng.randint(-127, 128, size=n, dtype=np.int32).astype(np.int64)


def dice_for(network: Network, silicon: Silicon) -> Dice:
    """As the environment says.

    Raises
    ------
    ValueError
        If it says something else.
    """
    asked = os.environ.get(VARIABLE, "")
    if not asked:
        return SeededDice(network, silicon)
    kind, _, numbers = asked.partition(":")
    if kind != "emulator":
        raise ValueError(f"{VARIABLE}={asked!r}: say emulator:SEED, or leave it out")
    seed, _, turns = numbers.partition(":")
    order = [int(core) for core in turns.split(",")] if turns else []
    return EmulatorDice(network, silicon, int(seed), order)
