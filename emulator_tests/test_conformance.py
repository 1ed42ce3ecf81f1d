"""What explains a board, with the emulator by another seed in the board's place.

`hardware_tests/board/test_conformance.py` has the virtual board there, which is written apart.
"""

import subprocess
import sys

import pytest

from deploy.emulator.silicon import Silicon
from deploy.nengo_loihi.conformance.experiments import EXPERIMENTS, NOISE
from deploy.nengo_loihi.conformance.explaining import explain
from deploy.nengo_loihi.conformance.running import emulated

pytestmark = pytest.mark.filterwarnings("ignore:Overflow in")

OTHERS = [each for each in EXPERIMENTS if each is not NOISE]
SEED = 17
LOIHI_DEPLOY = [sys.executable, "-c", "from deploy.cli.main import main; main()"]


@pytest.mark.parametrize(
    "modes",
    [
        {},
        {"learning-shift": "1", "random-numbers": "core"},
        {"error": "next-step", "refractory-voltage": "count", "voltage-width": "23"},
        {"error": "next-step", "learning-shift": "-1", "trace-decay": "linear"},
    ],
    ids=str,
)
def test_several_modes_are_told_from_each_other(modes):
    silicon = Silicon.of(modes)
    found, findings = explain(OTHERS, [emulated(each, silicon, SEED) for each in OTHERS])
    assert found == silicon
    assert not any(each.is_open for each in findings)


def test_modes_that_contradict_each_other_explain_nothing():
    """Cores of one board that do otherwise than others of it."""
    (learning,) = [each for each in OTHERS if each.name == "learning"]
    board = emulated(learning, Silicon(), SEED)
    odd = learning.cores[1].name
    fast = emulated(learning, Silicon(learning_shift="1"), SEED)
    board[f"{odd}/weights"] = fast[f"{odd}/weights"]
    found, findings = explain([learning], [board])
    assert not found.different
    assert [each.core for each in findings if each.is_open] == [odd]


@pytest.mark.parametrize(
    "asked, said",
    [
        (["--target", "cpu"], "--target loihi, not cpu"),
        (["--replay", "nowhere.npz"], "nowhere.npz: there is no such file"),
        (["--replay", __file__], "not a conformance file"),
        (["--out", "board.txt"], "give the name of an .npz file"),
        (["--out", "a.npz", "--replay", "b.npz"], "give one"),
    ],
)
def test_what_is_typed_wrong_is_refused(asked, said):
    command = [*LOIHI_DEPLOY, "conformance", *asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
