"""The virtual board, which knows registers alone, against nengo-loihi's emulator, bit by bit.

Where the two are meant to differ that is undone here, in the open: an error acts on the board in
the step after the one in which it acts in the emulator. Random numbers are the emulator's
(`nxsdk.virtual.dice`), so that what is compared is arithmetic, the way through registers, and
what goes over the wire.
"""

import warnings
from dataclasses import replace

import nengo
import numpy as np
import pytest
from engine_networks import networks
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from register_faults import network
from sessions import DT, assert_same, both, draw_as_emulated, late_errors, lesson

import deploy
from deploy.targets.board import BOARD
from deploy.targets.emulated import EMULATOR
from loihi_rules import fix_seeds
from loihi_rules.chip.limits import LOIHI
from loihi_rules.rewriting import rewrite_copy
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


def learners():
    """Several populations that learn into one target, and into others, and a loop among them."""
    with nengo.Network(seed=2) as net:
        stimulus = nengo.Node(lambda t: np.sin(40 * t))
        rates = nengo.dists.Uniform(100, 240)
        sources = [nengo.Ensemble(n, 1, max_rates=rates) for n in (13, 40, 7, 25)]
        for source in sources:
            nengo.Connection(stimulus, source)
        for target in range(2):
            post, error = nengo.Node(size_in=1), nengo.Node(size_in=1)
            for source in sources[: 4 - target]:
                conn = nengo.Connection(
                    source, post, function=np.square, learning_rule_type=nengo.PES(2e-2)
                )
                nengo.Connection(error, conn.learning_rule)
            nengo.Connection(post, error)
            nengo.Connection(stimulus, error, transform=-1.5)
            nengo.Connection(post, sources[target], synapse=0.02)
            nengo.Probe(post)
        nengo.Connection(sources[3], sources[0], synapse=0.02)
        for source in sources:
            nengo.Probe(source.neurons)
    return net


@pytest.mark.parametrize("made", [network, learners])
@pytest.mark.parametrize("cores", [1, 3])
def test_several_chips(cores, made, monkeypatch):
    """The same bits, whichever chips the populations are on; each has snips of its own."""
    monkeypatch.setenv("VIRTUAL_BOARD_DICE", "emulator:0")
    chip = replace(LOIHI, cores_a_chip=cores)
    net = made()
    found = []
    for target in (EMULATOR.with_engine("reference"), BOARD):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            copied = fix_seeds(net, 0)
            rewritten = rewrite_copy(copied, DT, chip=chip)
            with target.open_rewritten(copied, rewritten, DT, 0) as session:
                if target is BOARD:
                    assert len(session.board.layout.chips) > 2
                else:
                    late_errors(session)
                    draw_as_emulated(session.model, 0, chip)
                session.run_steps(STEPS)
                found.append([session.samples(copied.copies[probe]) for probe in net.all_probes])
    for probe, one, other in zip(net.all_probes, *found):
        np.testing.assert_array_equal(one, other, str(probe))
