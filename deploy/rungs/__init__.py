"""The ladder from the CPU to the chip: runs that each have one cause more than the one before.

All are real runs of one model with one seed. The list is the documentation: what a rung shows is
what its line adds, on top of all lines above it. To add a cause, add its run where it belongs.
"""

from typing import Tuple

from deploy.rungs.chip import ChipRung, LearningChip
from deploy.rungs.core import CoreRung
from deploy.rungs.rung import Rung, all_but
from loihi_rules.passes import (
    board,
    capacity,
    error_steps,
    host_delays,
    initial_state,
    learning_scale,
    lowest_voltage,
    names,
    node_probes,
    placement,
    probes,
    rates,
    time_constants,
)

TUNED = (names, placement, initial_state, lowest_voltage, rates, time_constants)
WAYS = all_but(board, probes, node_probes, host_delays, learning_scale, error_steps, capacity)

INPUTS = CoreRung("inputs", "inputs as spikes", WAYS, carriers=True, spikes=True)

RUNGS: Tuple[Rung, ...] = (
    CoreRung("neurons", "spikes at whole steps", TUNED),
    CoreRung("filters", "filters of compartments", WAYS),
    CoreRung("carriers", "carriers", WAYS, carriers=True),
    INPUTS,
    ChipRung("host", "the way to the host and back"),
    ChipRung("weights", "weights of 8 bits", rounded=True),
    ChipRung("integers", "integer currents and voltages", integers=True),
    LearningChip(),
)

# the same from other initial voltages, as many as the CPU's: how much single runs differ
REPEATS: Tuple[Rung, ...] = tuple(INPUTS.again(voltages) for voltages in range(1, 5))

__all__ = ["INPUTS", "REPEATS", "RUNGS", "Rung"]
