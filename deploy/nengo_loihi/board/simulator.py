"""`nengo_loihi.Simulator` with a board of ours in its hardware's place."""

from __future__ import annotations

from typing import Any, Dict

import nengo
import numpy as np

from deploy.errors import BadInput
from deploy.nengo_loihi.board.board import Board, FirstState
from deploy.nengo_loihi.board.fits import board_problems
from deploy.nengo_loihi.build.split import linear_splitting
from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.nengo_loihi.read.chip_neurons import ChipNeurons, first_voltages
from deploy.nengo_loihi.read.stepped import start_stepped
from deploy.nengo_loihi.run.input_spikes import counting_runner
from loihi_rules.change import warn
from loihi_rules.chip.limits import Chip
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.stepped import is_stepped
from loihi_rules.nengo_parts.wiring import on_chip
from loihi_rules.notes import notes_of


def board_simulator(network: Any, chip: Chip, **options: Any) -> Any:
    """A `nengo_loihi.Simulator` on a board, which is not asked for yet.

    It is built for nengo-loihi's emulator, whose place the board then takes: nengo-loihi asks for
    hardware in the middle of its build, by way of the classes that are mended here.

    Parameters
    ----------
    network : nengo.Network
        That was rewritten for the chip.
    chip : Chip
    options
        As for `nengo_loihi.Simulator`, without ``target``.

    Raises
    ------
    BadInput
        If a board cannot take the model.
    TargetUnavailable
        If the SDK cannot build it.
    """
    with linear_splitting(load_nengo_loihi()):
        simulator: Any = load_nengo_loihi().simulator.Simulator(network, target="sim", **options)
    problems = board_problems(network, simulator.model, chip)
    emulator = simulator.sims.pop("emulator")
    emulator.close()
    if problems:
        simulator.close()
        raise BadInput(str(problems[0]))
    waits = not simulator.precompute and "host" in simulator.sims
    first = _first_state(network, simulator.model)
    try:
        simulator.sims["loihi"] = Board(simulator.model, chip, emulator.seed, waits, first)
    except BaseException:
        simulator.close()
        raise
    simulator.target = "loihi"
    simulator._runner = counting_runner(simulator)
    return simulator


def _first_state(network: nengo.Network, model: Any) -> Dict[Any, FirstState]:
    """What the compartments of each block start from."""
    first = {
        block: FirstState(*(np.zeros(block.n_neurons, np.int64) for _ in FirstState._fields))
        for block in model.blocks
    }

    def state(block: Any, name: str) -> np.ndarray:
        own: np.ndarray = getattr(first[block], name, block.compartment.bias)
        return own

    notes = notes_of(network).ensembles
    for ens in network.all_ensembles:
        if on_chip(network, ens) and is_stepped(ens):
            late = notes[ens].steps_late or 0
            n_other = start_stepped(model, ens, late, state, integer=True, holds=False)
            if n_other:
                warn(
                    name_of(ens),
                    f"{n_other} of {ens.n_neurons} neurons do not begin at their reset",
                    f"spikes come to them in step {late + 1}, before which a board cannot hold "
                    "them, and nothing that they could start from comes to it then",
                    "compare the first steps of a run with the emulator's",
                )
        elif on_chip(network, ens):
            neurons = ChipNeurons(model, ens, state, model.dt, integer=True)
            neurons.set_voltage(first_voltages(ens, model.seeds[ens]))
    return first
