"""Noise, of which nobody knows the numbers: which there are, how they fall, and what seeds them."""

from __future__ import annotations

from typing import List, Optional, Sequence

import numpy as np
from scipy.stats import ks_2samp

from deploy.emulator.silicon import Silicon
from deploy.nengo_loihi.conformance.differences import SURE, Difference
from deploy.nengo_loihi.conformance.experiment import Core, Observation
from deploy.nengo_loihi.conformance.experiments.noise import NOISE
from deploy.nengo_loihi.conformance.explaining import SEEDS, Finding
from deploy.nengo_loihi.conformance.running import emulated

REGISTER = "somaRandom"


def explain_noise(runs: Sequence[Observation]) -> List[Finding]:
    """Hold a board's noise against the emulator's.

    Parameters
    ----------
    runs : sequence of Observation
        Of `NOISE`: two of one seed, and one of another.
    """
    emulator = [emulated(NOISE, Silicon(), seed) for seed in SEEDS]
    found = []
    for core in NOISE.cores:
        name = f"{core.name}/{core.keys[0]}"
        its = np.stack([of[name] for of in emulator])
        found.append(Finding(NOISE.name, core.name, _other_numbers(core, runs[0][name], its), {}))
    return [*found, _seed(runs)]


def _other_numbers(core: Core, own: np.ndarray, its: np.ndarray) -> Optional[Difference]:
    """Values that the emulator's noise never has, or other shares of them."""

    def difference(step: int, what: str, board: str, emulator: str) -> Difference:
        at = core.compartments[0]
        of = NOISE.name, core.name, "noise", at.register
        return Difference(*of, step, what, board, emulator)

    possible = np.unique(its)
    beyond = np.argwhere(~np.isin(own, possible))
    if len(beyond):
        step, k = beyond[0]
        low, high = possible[[0, -1]]
        return difference(
            step + 1, "its value", str(own[step, k]), f"one of {len(possible)} from {low} to {high}"
        )
    if ks_2samp(own.ravel(), its.ravel()).pvalue < SURE:
        sizes = [f"{np.abs(of).mean():.4g} in the mean" for of in (own, its)]
        return difference(len(own), "its size", *sizes)
    one = (own == own[:, :1]).all(axis=1)
    if one.mean() > 0.5 and not (its == its[:, :, :1]).all(axis=2).mean() > 0.5:
        return difference(1, "that of all compartments", "one number", "a number each")
    return None


def _seed(runs: Sequence[Observation]) -> Finding:
    first, again, other = (np.concatenate([of[k].ravel() for k in sorted(of)]) for of in runs)
    repeats, follows = np.array_equal(first, again), not np.array_equal(first, other)
    if repeats and follows:
        return Finding(NOISE.name, "seed", None, {})
    what = "another in runs of one seed" if not repeats else "the same, whatever the seed"
    difference = Difference(
        NOISE.name, "seed", "noise in three runs", REGISTER, 1, "it", what, "that of its seed"
    )
    return Finding(NOISE.name, "seed", difference, {"noise": "unseeded"})
