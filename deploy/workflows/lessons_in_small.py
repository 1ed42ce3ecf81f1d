"""The lessons' first steps on a board, compared with the emulator."""

from __future__ import annotations

import warnings
from typing import Dict, List, Mapping, NamedTuple, Sequence

import numpy as np

from deploy.emulator.chip_record import ChipRecord, stepped_again
from deploy.emulator.silicon import Silicon
from deploy.errors import BadInput
from deploy.models.loading import load_model
from deploy.nengo_loihi.board.recording import Recorder
from deploy.targets.on_board import BoardSession
from loihi_rules import fix_seeds
from loihi_rules.rewriting import rewrite_copy
from loihi_rules.systems import SYSTEMS

STEPS, DT = 100, 0.001
SEEDS = range(1, 7)  # of the emulator, where chance has a part
FAR = 6.0  # standard deviations of what these differ by

Samples = Mapping[str, np.ndarray]  # by probe


class Lesson(NamedTuple):
    """What became of a lesson.

    Attributes
    ----------
    name : str
    learns : bool
        Whether something learns on the chip, which chance rounds.
    against : str
        What differs from the emulator, with the board's silicon modes; empty where nothing does.
    """

    name: str
    learns: bool
    against: str


def lessons_on_board(seed: int) -> Dict[str, ChipRecord]:
    """What a board is given and does in the lessons that it can take.

    Raises
    ------
    BoardLost, TargetUnavailable
    """
    found = {}
    for name in SYSTEMS:
        try:
            found[name] = _recorded(name, seed)
        except BadInput:  # which `check --target loihi` says
            continue
    return found


def judge_lessons(board: Mapping[str, ChipRecord], seed: int, silicon: Silicon) -> List[Lesson]:
    """Hold them against the emulator with the silicon modes that a board has.

    The emulator is given what the board was: its numbers, spikes and errors. So nothing that
    is built or reckoned elsewhere has a part in it.

    Raises
    ------
    BadInput
        If a record's numbers do not fit together.
    """
    found = []
    for name, own in board.items():
        samples = {probe: of.samples for probe, of in own.probes.items()}
        seeds = [seed + k for k in SEEDS] if own.learns else [seed]
        try:
            its = [stepped_again(own, silicon, each) for each in seeds]
        except (IndexError, ValueError) as error:
            raise BadInput(f"the record of {name} cannot be stepped ({error})") from None
        against = _apart(samples, its) if own.learns else _different(samples, its[0])
        found.append(Lesson(name, own.learns, against))
    return found


def _recorded(name: str, seed: int) -> ChipRecord:
    network = load_model(name, 0).network
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a run of the lesson says
        copied = fix_seeds(network, 0)
        rewritten = rewrite_copy(copied, DT)
        session = BoardSession(copied, rewritten, DT, seed)
        with session:
            recorder = Recorder(session.board)
            session.run_steps(STEPS)
        return recorder.record()


def _different(own: Samples, its: Samples) -> str:
    """The first step of the first probe that is another."""
    found = []
    for name, samples in own.items():
        if samples.shape != its[name].shape:
            return f"{name}: {len(samples)} samples, not {len(its[name])}"
        other = np.argwhere(samples != its[name])
        if len(other):
            at = tuple(other[0])
            found.append((at[0], f"{name}, step {at[0] + 1}: {samples[at]}, not {its[name][at]}"))
    return min(found)[1] if found else ""


def _apart(own: Samples, its: Sequence[Samples]) -> str:
    """The first probe that is further from the emulator's runs than these are from each other."""
    for name, samples in own.items():
        every = np.stack([of[name] for of in its])
        if samples.shape != every.shape[1:]:
            return f"{name}: {len(samples)} samples, not {every.shape[1]}"
        others = [_off(every[k], np.delete(every, k, axis=0)) for k in range(len(every))]
        most = np.mean(others) + FAR * np.std(others)
        off = _off(samples, every)
        if off > most and not np.isclose(off, most):
            return (
                f"{name}: {off:.3g} off the emulator's runs, which are {np.mean(others):.3g} apart"
            )
    return ""


def _off(one: np.ndarray, every: np.ndarray) -> float:
    """RMS of the difference from the mean of others."""
    return float(np.sqrt(np.mean((one - every.mean(axis=0)) ** 2)))
