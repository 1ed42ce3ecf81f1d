"""What explains a board, with the emulator by another seed in the board's place.

`hardware_tests/board/test_conformance.py` has the virtual board there, which is written apart.
"""

import subprocess
import sys

import numpy as np
import pytest

from deploy.emulator.silicon import Silicon
from deploy.nengo_loihi.conformance.experiment import without_delays
from deploy.nengo_loihi.conformance.experiments import EXPERIMENTS, NOISE
from deploy.nengo_loihi.conformance.explaining import explain
from deploy.nengo_loihi.conformance.host_way import PACKET, host_way
from deploy.nengo_loihi.conformance.running import emulated

pytestmark = pytest.mark.filterwarnings("ignore:.*beyond the chip's bits")

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


def test_the_host_s_way_is_told_by_direction():
    """Of steps whose packets differ, down within a run and up from run to run."""
    rng = np.random.RandomState(0)

    def run(words_up, n=300):
        down = rng.randint(1, 9, n) * PACKET
        seconds = 1e-3 + (20e-6 * down + 50e-6 * words_up) / PACKET + rng.exponential(1e-4, n)
        return np.stack([seconds, down, np.full(n, words_up)], axis=1)

    alone = np.array([[0.5, 0, -1000.0]])
    found = host_way({"a": run(PACKET), "b": run(9 * PACKET), "alone": alone})
    assert found.down == pytest.approx(20e-6, rel=0.2) and found.up == pytest.approx(50e-6, rel=0.2)
    assert found.alone == 5e-4 and found.steps == 598
    assert found.low < found.median < found.high
    assert host_way({"alone": alone}) is None


def test_delays_are_later_spikes_of_other_inputs():
    (delays,) = [each for each in EXPERIMENTS if each.name == "delays"]
    plain = without_delays(delays)
    assert without_delays(plain) == plain and plain.n_inputs > delays.n_inputs
    currents = emulated(delays, Silicon(), SEED)
    for core in delays.cores:
        for k, delay in enumerate(core.synapses[0].delays):
            (first, *_) = np.flatnonzero(currents[f"{core.name}/current"][:, k])
            assert first == 1 + k + delay  # of a spike in step 1 + k


@pytest.mark.parametrize(
    "asked, said",
    [
        (["--target", "cpu"], "--target loihi, not cpu"),
        (["--replay", "nowhere.npz"], "nowhere.npz: there is no such file"),
        (["--replay", __file__], "not a conformance file"),
        (["--out", "board.txt"], "give a name that ends in .npz"),
        (["--out", "a.npz", "--replay", "b.npz"], "give one"),
    ],
)
def test_what_is_typed_wrong_is_refused(asked, said):
    command = [*LOIHI_DEPLOY, "conformance", *asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
