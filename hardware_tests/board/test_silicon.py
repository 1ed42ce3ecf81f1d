"""The emulator's silicon modes against the virtual board's, which are written apart, bit by bit."""

import warnings

import numpy as np
import pytest
from register_faults import network
from sessions import DT

from deploy.emulator.silicon import MODES, Silicon
from deploy.targets.board import BOARD
from deploy.targets.emulated import EMULATOR
from loihi_rules import fix_seeds
from loihi_rules.rewriting import rewrite_copy

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
    net = network()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        copied = fix_seeds(net, 0)
        rewritten = rewrite_copy(copied, DT)
    (learned,) = rewritten.learning_scales

    def run(target):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with target.open_rewritten(copied, rewritten, DT, 0) as session:
                session.run_steps(STEPS)
                samples = [session.samples(copied.copies[probe]) for probe in net.all_probes]
                return [*samples, session.learned_decoders(learned)]

    return run


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: str(Silicon.of(choice)) or "none")
def test_the_same_bits(choice, run, monkeypatch):
    chosen = {"error": "next-step", **choice}
    monkeypatch.setenv("VIRTUAL_BOARD_DICE", "emulator:0")
    monkeypatch.setenv("VIRTUAL_BOARD_SILICON", ",".join(f"{k}={v}" for k, v in chosen.items()))
    emulated = run(EMULATOR.with_silicon(Silicon.of(chosen)))
    for one, other in zip(emulated, run(BOARD)):
        np.testing.assert_array_equal(one, other)
