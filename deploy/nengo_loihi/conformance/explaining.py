"""Which silicon modes explain what a board does otherwise than the emulator."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import combinations, product
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from deploy.emulator.silicon import BY_NAME, Silicon
from deploy.nengo_loihi.conformance.differences import Difference, first_difference
from deploy.nengo_loihi.conformance.experiment import DRAWN, Core, Experiment, Observation
from deploy.nengo_loihi.conformance.running import emulated

SEEDS = (0, 1, 2)  # of the emulator, where chance bears on a core
MOST_AT_ONCE = 2  # modes that are tried together, beside those that are known


class Finding(NamedTuple):
    """What became of one core.

    Attributes
    ----------
    experiment, core : str
    difference : Difference or None
        The first from the emulator as it is; where no mode explains it, from the emulator with the
        modes that the board has.
    explained_by : dict of str to str
        Silicon modes with which there is none; empty where none explains it.
    """

    experiment: str
    core: str
    difference: Optional[Difference]
    explained_by: Dict[str, str]

    @property
    def is_open(self) -> bool:
        """Whether there is a difference that no silicon mode explains."""
        return self.difference is not None and not self.explained_by


def explain(
    experiments: Sequence[Experiment], board: Sequence[Observation]
) -> Tuple[Silicon, List[Finding]]:
    """Hold a board against the emulator, core by core, and find its silicon modes.

    Modes that an experiment can tell are known from then on, where all of its cores are explained.

    Parameters
    ----------
    experiments : sequence of Experiment
    board : sequence of Observation
        Of each.

    Returns
    -------
    silicon : Silicon
        What the board does.
    findings : list of Finding
    """
    silicon = Silicon()
    known: Set[str] = set()
    emulators = [_emulator_of(experiment) for experiment in experiments]
    for experiment, seen, emulate in zip(experiments, board, emulators):
        explained = True
        for core in experiment.cores:
            found = _explanation(experiment, core, seen, emulate, silicon, known)
            explained &= found is not None
            silicon = silicon if found is None else found
        if explained:
            known |= set(experiment.modes)
    findings = [
        _finding(experiment, core, seen, emulate, silicon)
        for experiment, seen, emulate in zip(experiments, board, emulators)
        for core in experiment.cores
    ]
    needed = {name: value for each in findings for name, value in each.explained_by.items()}
    return Silicon.of(needed), findings


def _finding(
    experiment: Experiment,
    core: Core,
    seen: Observation,
    emulate: Callable[[Silicon], List[Observation]],
    silicon: Silicon,
) -> Finding:
    """What is to be said of a core, once it is known what the board does."""
    plain = first_difference(experiment, core, seen, emulate(Silicon()))
    left = first_difference(experiment, core, seen, emulate(silicon))
    if left is not None:  # this may be a core that other modes would explain, but not all
        return Finding(experiment.name, core.name, left, {})
    explained = {} if plain is None else _needed(experiment, core, seen, emulate, silicon)
    return Finding(experiment.name, core.name, plain, explained)


def _emulator_of(experiment: Experiment) -> Callable[[Silicon], List[Observation]]:
    chance = any(core.kind == DRAWN for core in experiment.cores)

    @lru_cache(maxsize=None)
    def emulate(silicon: Silicon) -> List[Observation]:
        return [emulated(experiment, silicon, seed) for seed in (SEEDS if chance else SEEDS[:1])]

    return emulate


def _explanation(
    experiment: Experiment,
    core: Core,
    seen: Observation,
    emulate: Callable[[Silicon], List[Observation]],
    silicon: Silicon,
    known: Set[str],
) -> Optional[Silicon]:
    """The nearest silicon that does what the board did; None where there is none."""
    free = [name for name in experiment.modes if name not in known]
    for candidate in _near(silicon, free):
        if first_difference(experiment, core, seen, emulate(candidate)) is None:
            return candidate
    return None


def _near(silicon: Silicon, names: Sequence[str]) -> Iterator[Silicon]:
    """Itself, then with one mode changed, then with two."""
    for n in range(MOST_AT_ONCE + 1):
        for chosen in combinations(names, n):
            others = [[v for v in BY_NAME[name].values if v != silicon[name]] for name in chosen]
            for values in product(*others):
                yield replace(
                    silicon,
                    **{name.replace("-", "_"): v for name, v in zip(chosen, values)},
                )


def _needed(
    experiment: Experiment,
    core: Core,
    seen: Observation,
    emulate: Callable[[Silicon], List[Observation]],
    silicon: Silicon,
) -> Dict[str, str]:
    """The modes without which a core would be another."""
    needed = silicon
    for name in silicon.different:
        without = Silicon.of({k: v for k, v in needed.different.items() if k != name})
        if first_difference(experiment, core, seen, emulate(without)) is None:
            needed = without
    return needed.different
