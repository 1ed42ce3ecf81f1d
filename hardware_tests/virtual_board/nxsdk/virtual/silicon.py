"""What this board does otherwise than another that could stand here.

A board is what it is; of silicon nobody here knows. ``VIRTUAL_BOARD_SILICON`` makes it another:
``trace-decay=step,noise=seeded``, by the names that `deploy.emulator.silicon` has, whose modes the
emulator has of its own. Without it the board does what nengo-loihi's way to it leads to: errors act
late, registers of voltages hold refractory counts, noise is not seeded.
"""

from __future__ import annotations

import os
from typing import NamedTuple

VARIABLE = "VIRTUAL_BOARD_SILICON"
VALUES = {
    "error": ("next-step", "same-step"),
    "learning_shift": ("0", "-1", "1", "2"),
    "trace_decay": ("epoch", "step", "linear"),
    "random_numbers": ("synapse", "core"),
    "refractory_voltage": ("count", "zero"),
    "noise": ("unseeded", "seeded"),
    "voltage_width": ("24", "23"),
}


class Silicon(NamedTuple):
    """A value of each; the first of `VALUES` is the board's own."""

    error: str
    learning_shift: str
    trace_decay: str
    random_numbers: str
    refractory_voltage: str
    noise: str
    voltage_width: str


def silicon() -> Silicon:
    """As the environment says.

    Raises
    ------
    ValueError
        If it says something else.
    """
    chosen = {name: values[0] for name, values in VALUES.items()}
    for text in filter(None, os.environ.get(VARIABLE, "").split(",")):
        name, _, value = text.partition("=")
        name = name.replace("-", "_")
        if value not in VALUES.get(name, ()):
            raise ValueError(f"{VARIABLE}: there is no {text!r}")
        chosen[name] = value
    return Silicon(**chosen)
