"""The lessons' first steps on a board, held against the emulator."""

from __future__ import annotations

import hashlib
import warnings
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

import nengo
import numpy as np

from deploy.emulator.silicon import Silicon
from deploy.errors import BadInput
from deploy.models.loading import load_model
from deploy.nengo_loihi.run.flatten import lay_out
from deploy.targets import Target
from deploy.targets.board import BOARD
from deploy.targets.emulated import EMULATOR
from loihi_rules import Rewritten, SeededCopy, fix_seeds
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.rewriting import rewrite_copy
from loihi_rules.systems import SYSTEMS

STEPS, DT = 100, 0.001
SEEDS = range(1, 7)  # of the emulator, where chance has a part
LAST_BITS = 1e-9  # of a probe's largest sample: what the host reckons is not the same everywhere
FAR = 6.0  # standard deviations of what these differ by

Samples = Mapping[str, np.ndarray]  # by probe


class Recorded(NamedTuple):
    """What a chip recorded of a lesson.

    Attributes
    ----------
    built : str
        A hash of the integers on its cores.
    samples : mapping of str to ndarray
        By probe.
    """

    built: str
    samples: Samples


class Lesson(NamedTuple):
    """What became of a lesson.

    Attributes
    ----------
    name : str
    learns : bool
        Whether something learns on the chip, which chance rounds.
    against : str
        What differs from the emulator, with the board's silicon modes; empty where nothing does.
    is_judged : bool
        Whether it is built as it was; what a file has of another version may not be.
    """

    name: str
    learns: bool
    against: str
    is_judged: bool = True


class _Small(NamedTuple):
    """A lesson's network, ready for the chip."""

    network: nengo.Network
    copied: SeededCopy
    rewritten: Rewritten


def lessons_on_board(seed: int) -> Dict[str, Recorded]:
    """What a board records of the lessons that it can take.

    Raises
    ------
    BoardLost, TargetUnavailable
    """
    found = {}
    for name in SYSTEMS:
        try:
            found[name] = _recorded(_small(name), BOARD, seed)
        except BadInput:  # which `check --target loihi` says
            continue
    return found


def judge_lessons(board: Mapping[str, Recorded], seed: int, silicon: Silicon) -> List[Lesson]:
    """Hold them against the emulator with the silicon modes that a board has."""
    target = EMULATOR.with_silicon(silicon)
    found = []
    for name, own in board.items():
        small = _small(name)
        learns = bool(small.rewritten.learning_scales)
        seeds = [seed + k for k in SEEDS] if learns else [seed]
        its = [_recorded(small, target, each) for each in seeds]
        if its[0].built != own.built:
            found.append(Lesson(name, learns, "", is_judged=False))
            continue
        samples = [each.samples for each in its]
        against = _apart(own.samples, samples) if learns else _different(own.samples, samples[0])
        found.append(Lesson(name, learns, against))
    return found


def _small(name: str) -> _Small:
    network = load_model(name, 0).network
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a run of the lesson says
        copied = fix_seeds(network, 0)
        return _Small(network, copied, rewrite_copy(copied, DT))


def _recorded(small: _Small, target: Target, seed: int) -> Recorded:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with target.open_rewritten(small.copied, small.rewritten, DT, seed) as session:
            built = _hash(lay_out(session.model)[0])
            session.run_steps(STEPS)
            found = {}
            for k, probe in enumerate(small.network.all_probes):
                samples = session.samples(small.copied.copies[probe])
                if samples is not None:
                    found[f"{k}: {probe.label or name_of(probe.target)}"] = samples
            return Recorded(built, found)


def _hash(layout: Any) -> str:
    """Of all arrays, in their order."""
    digest = hashlib.sha256()
    waiting = [layout]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting.extend(part)
        else:
            digest.update(np.ascontiguousarray(part).astype(np.float64).tobytes())
    return digest.hexdigest()[:16]


def _different(own: Samples, its: Samples) -> str:
    """The first step of the first probe that is another."""
    found = []
    for name, samples in own.items():
        if samples.shape != its[name].shape:
            return f"{name}: {len(samples)} samples, not {len(its[name])}"
        size = np.abs(its[name]).max(initial=0.0)
        other = np.argwhere(np.abs(samples - its[name]) > LAST_BITS * size)
        if len(other):
            at = tuple(other[0])
            found.append(
                (at[0], f"{name}, sample {at[0] + 1}: {samples[at]:g}, not {its[name][at]:g}")
            )
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


def _off(one: np.ndarray, every: np.ndarray) -> Any:
    """RMS of the difference from the mean of others."""
    return np.sqrt(np.mean((one - every.mean(axis=0)) ** 2))
