"""The virtual board, which knows registers alone, against nengo-loihi's emulator, bit by bit.

Where the two are meant to differ that is undone here, in the open: an error acts on the board in
the step after the one in which it acts in the emulator. Random numbers are the emulator's
(`nxsdk.virtual.dice`), so that what is compared is arithmetic, the way through registers, and
what goes over the wire.
"""

import numpy as np
import pytest
from engine_networks import networks
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sessions import assert_same, both, lesson

import deploy
from loihi_rules.systems import SYSTEMS

pytestmark = pytest.mark.virtual

STEPS = 60


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # networks are small, and shrinking one takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(network=networks(), seed=st.integers(0, 2**16))
def test_random_networks(network, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIRTUAL_BOARD_DICE", f"emulator:{seed}")
        try:
            assert_same(network, seed, STEPS)
        except deploy.BadInput:
            return  # which neither can run


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_lessons(name, monkeypatch):
    monkeypatch.setenv("VIRTUAL_BOARD_DICE", "emulator:0")
    if name == "injection":
        with pytest.raises(deploy.BadInput, match="no way to set voltages"):
            assert_same(lesson(name), 0, STEPS)
        return
    assert assert_same(lesson(name), 0, 4 * STEPS), "nothing of it was on the board"


@pytest.mark.parametrize("name", ["pes-connection", "pes-imitation"])
def test_what_is_undone_here_is_there(name, monkeypatch):
    """Errors do act one step later: without the delay the emulator learns other weights."""
    monkeypatch.setenv("VIRTUAL_BOARD_DICE", "emulator:0")
    (_, at_once, _), (_, on_board, _) = both(lesson(name), 0, 4 * STEPS, late=False)
    assert any(np.any(one != other) for one, other in zip(at_once, on_board))
