"""Where what a board recorded is not what the emulator records: core, register and step."""

from __future__ import annotations

from typing import NamedTuple, Optional, Sequence

import numpy as np
from scipy.stats import chi2

from deploy.nengo_loihi.conformance.experiment import (
    CHANGED,
    DRAWN,
    Core,
    Experiment,
    Observation,
)
from deploy.nengo_loihi.conformance.model import shifted

SURE = 1e-9  # how unlikely something has to be, to be no chance
FAR = 6.0  # standard deviations of a mean: 2e-9 of all, where it is normal
STEP = 2  # of a mantissa, of mixed weights of 8 bits


class Difference(NamedTuple):
    """The first of a core.

    Attributes
    ----------
    experiment, core : str
    tries, register : str
        Of the compartment.
    step : int
    what : str
        What differs.
    board, emulator : str
        What the two have.
    """

    experiment: str
    core: str
    tries: str
    register: str
    step: int
    what: str
    board: str
    emulator: str

    def __str__(self) -> str:
        return (
            f"{self.experiment}, {self.core}: step {self.step}, {self.tries} ({self.register}): "
            f"{self.what} is {self.board} on the board, {self.emulator} in the emulator"
        )


def first_difference(
    experiment: Experiment, core: Core, board: Observation, emulated: Sequence[Observation]
) -> Optional[Difference]:
    """The first step in which a core differs; None where it does not.

    Parameters
    ----------
    experiment : Experiment
    core : Core
        Of it.
    board : Observation
    emulated : sequence of Observation
        By other seeds each, where random numbers bear on the core; else one is enough.
    """
    if core.kind == DRAWN:
        name = f"{core.name}/weights"
        return _drawn(experiment, core, board[name], np.stack([of[name] for of in emulated]))
    if core.kind == CHANGED:
        name = f"{core.name}/weights"
        return _changed(experiment, core, board[name], emulated[0][name])
    found = [_exact(experiment, core, key, board, emulated[0]) for key in core.keys]
    others = [each for each in found if each is not None]
    return min(others, key=lambda each: each.step) if others else None


def _exact(
    experiment: Experiment, core: Core, key: str, board: Observation, emulated: Observation
) -> Optional[Difference]:
    own, its = board[f"{core.name}/{key}"], emulated[f"{core.name}/{key}"]
    other = np.argwhere(own != its)
    if not len(other):
        return None
    row, k = other[0]
    return _difference(experiment, core, k, row + 1, key, own[row, k], its[row, k])


def _difference(
    experiment: Experiment,
    core: Core,
    k: int,
    step: int,
    what: str,
    board: object,
    emulator: object,
) -> Difference:
    at = core.compartments[int(k)]
    return Difference(
        experiment.name,
        core.name,
        at.tries,
        at.register,
        int(step),
        what,
        str(board),
        str(emulator),
    )


def _changed(
    experiment: Experiment, core: Core, board: np.ndarray, emulated: np.ndarray
) -> Optional[Difference]:
    own, its = (np.diff(of, axis=0, prepend=0) != 0 for of in (board, emulated))
    other = np.argwhere(own != its)
    if not len(other):
        return None
    k, axon, target = other[0]
    words = {True: "changed", False: "the same"}
    return _difference(
        experiment,
        core,
        target,
        core.readouts[k],
        "a learned weight, since it was last read,",
        words[bool(own[k, axon, target])],
        words[bool(its[k, axon, target])],
    )


def _drawn(
    experiment: Experiment, core: Core, board: np.ndarray, emulated: np.ndarray
) -> Optional[Difference]:
    """Changes of weights that chance rounds: axons are as many draws, or all one.

    Four things are asked of the changes of all axons' weights to one target, in one round. Where
    the emulator's are all the same, and chance would have shown otherwise, so have the board's to
    be. Where they differ, so have the board's, and the means may not be far apart; nor those to all
    targets together, where only the weights are rounded by chance. Where one draw is all axons',
    the board's are all the same too, and within a step of it.
    """
    unit = float(shifted(np.array(STEP), core.synapses[0].exponent))
    own = np.diff(board, axis=0, prepend=0) / unit  # (n_rounds, n_axons, n_targets), in steps
    its = np.diff(emulated, axis=1, prepend=0) / unit
    n_seeds, _, n_axons, _ = its.shape
    alike = (its == its[:, :, :1]).all(axis=2)  # (n_seeds, n_rounds, n_targets)
    one_draw = alike.all(axis=(0, 1, 2))
    n_draws = n_seeds if one_draw else n_seeds * n_axons
    low, high = its.min(axis=(0, 2)), its.max(axis=(0, 2))
    settled = (low == high) & ((1 - core.odds) ** n_draws < SURE)
    means, mean = its.mean(axis=(0, 2)), own.mean(axis=1)
    together = (own == own[:, :1]).all(axis=1)
    pooled = np.concatenate([own[np.newaxis], its]).transpose(1, 3, 0, 2)
    spread = pooled.reshape(*pooled.shape[:2], -1).std(axis=-1)
    error = spread * np.sqrt(1 / n_axons + 1 / n_draws)
    far = np.abs(mean - means) > FAR * error
    if core.odds:
        off = np.divide(mean - means, error, out=np.zeros_like(mean), where=error > 0)
        together_far = chi2.sf(np.sum(off**2, axis=1), np.count_nonzero(error, axis=1)) < SURE
        far |= together_far[:, np.newaxis] & (np.abs(off) == np.abs(off).max(axis=1, keepdims=True))
    wrong = np.where(settled, (own != low[:, np.newaxis]).any(axis=1), False)
    if one_draw:
        wrong |= ~together | (mean < low - 1) | (mean > high + 1)
    else:
        varied = np.maximum(means - low, high - means) / np.maximum(high - low, 1) <= 0.8
        varied &= (low != high) & (0.8**n_axons < SURE)
        wrong |= far | (varied & together)
    if not wrong.any():
        return None
    k, target = np.argwhere(wrong)[0]

    def shown(values: np.ndarray, of_mean: float) -> str:
        kind = "all alike" if (values == values[..., :1]).all() else "each by itself"
        return f"{of_mean:.4g} of its steps ({kind})"

    return _difference(
        experiment,
        core,
        target,
        core.readouts[k],
        f"the change of a weight, in the mean of {n_axons} axons,",
        shown(own[k, :, target], mean[k, target]),
        shown(its[:, k, :, target], means[k, target]),
    )
