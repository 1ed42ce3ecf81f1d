"""The emulator's silicon modes against the virtual board's, which are written apart, bit by bit."""

import numpy as np
import pytest
from register_faults import network
from sessions import runner

from deploy.emulator.silicon import MODES, Silicon
from deploy.targets.board import BOARD
from deploy.targets.emulated import EMULATOR

pytestmark = pytest.mark.virtual

STEPS = 80
CHOICES = [
    {mode.name: value}
    for mode in MODES
    for value in mode.values
    if mode.name in ("error", "learning-shift", "trace-decay", "random-numbers", "voltage-width")
] + [{"trace-decay": "linear", "random-numbers": "core", "learning-shift": "2"}]


@pytest.fixture(scope="module")
def run():
    """A function that runs one network, rewritten once, on a target."""
    return runner(network(), STEPS)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: str(Silicon.of(choice)) or "none")
def test_the_same_bits(choice, run, monkeypatch):
    chosen = {"error": "next-step", **choice}
    monkeypatch.setenv("VIRTUAL_BOARD_DICE", "emulator:0")
    monkeypatch.setenv("VIRTUAL_BOARD_SILICON", ",".join(f"{k}={v}" for k, v in chosen.items()))
    emulated = run(EMULATOR.with_silicon(Silicon.of(chosen)))
    for one, other in zip(emulated, run(BOARD)):
        np.testing.assert_array_equal(one, other)
