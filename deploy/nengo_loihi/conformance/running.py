"""An experiment on the emulator, and on a board."""

from __future__ import annotations

import time
from typing import Any, Dict, List, NamedTuple

import numpy as np

from deploy.emulator.silicon import Silicon
from deploy.nengo_loihi.board.board import Board, FirstState
from deploy.nengo_loihi.conformance.delays import NoDelays, write_delays
from deploy.nengo_loihi.conformance.experiment import (
    Experiment,
    Observation,
    seen,
    without_delays,
)
from deploy.nengo_loihi.conformance.model import Built, build
from deploy.nengo_loihi.run.interface import FastEmulator
from loihi_rules.chip.limits import LOIHI


def emulated(experiment: Experiment, silicon: Silicon, seed: int) -> Observation:
    """What the emulator records of an experiment.

    The host's snip reads spikes from the registers of voltages: where these hold no refractory
    counts, it sees none.
    """
    experiment = without_delays(experiment)
    built = build(experiment)
    chip = FastEmulator(built.model, seed, silicon=silicon)
    if experiment.by_host:
        for step, inputs in experiment.spikes.items():
            built.spike_input.add_spikes(step, list(inputs))
        turns = sorted({1, *experiment.errors, *(step + 1 for step in experiment.errors)})
        for step, end in zip(turns, [*turns[1:], experiment.steps + 1]):
            chip.host2chip([], _errors(experiment, built, step))
            chip.run_steps(end - step)
    else:
        chip.run_steps(experiment.steps)
    recorded = _taken(experiment, built, chip)
    if experiment.by_host and silicon.refractory_voltage == "zero":
        for name in recorded:
            if name.endswith("/spiked"):
                recorded[name][:] = 0
    return seen(experiment, recorded)


class BoardRun(NamedTuple):
    """What a board recorded of an experiment, and how long it took.

    Attributes
    ----------
    seen : Observation
    times : ndarray
        As `deploy.nengo_loihi.conformance.host_way.host_way` takes them.
    """

    seen: Observation
    times: np.ndarray


def on_board(experiment: Experiment, seed: int) -> BoardRun:
    """What a board records of an experiment.

    Raises
    ------
    TargetUnavailable, BoardLost
        If there is none, or it ends before its end.
    NoDelays
        If the experiment has delays, and the SDK other names for them.
    """
    built = build(experiment)
    first = {block: FirstState(*np.zeros((2, block.n_neurons), np.int64)) for block in built.blocks}
    board = Board(built.model, LOIHI, seed, experiment.by_host, first, as_registers=True)
    try:
        write_delays(board, built, experiment)
    except NoDelays:
        board.close()
        raise
    times = []
    with board:
        began = time.perf_counter()
        board.run_steps(experiment.steps, blocking=not experiment.by_host)
        if not experiment.by_host:
            times.append((time.perf_counter() - began, 0, -experiment.steps))
        if experiment.by_host:
            for t in range(1, experiment.steps + 1):
                given = experiment.spikes.get(t, ())
                spikes = [(built.spike_input, t, np.asarray(given))] if len(given) else []
                errors, before, began = (
                    _errors(experiment, built, t), np.array(board.words), time.perf_counter()
                )  # fmt: skip
                board.host2chip(spikes, errors)
                board.chip2host({})
                took = time.perf_counter() - began
                times.append((took, *(np.array(board.words) - before)))
            board.wait_for_completion()
        return BoardRun(seen(experiment, _taken(experiment, built, board)), np.array(times))


def _errors(experiment: Experiment, built: Built, step: int) -> List[Any]:
    """What the host sends of errors in a step."""
    scale = built.model.pes_error_scale
    given = experiment.errors.get(step, {}).items()
    return [(built.learning[core], step, values / scale) for core, values in given]


def _taken(experiment: Experiment, built: Built, chip: Any) -> Dict[str, np.ndarray]:
    return {
        f"{experiment.cores[k].name}/{key}": np.asarray(chip.take(probe), np.int32)
        for (k, key), probe in built.probes.items()
    }
