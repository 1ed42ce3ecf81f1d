"""Every wrong register and every wrong packet is seen: refused by name, or other bits come out."""

import numpy as np
import pytest
from register_faults import DOWN, REGISTERS, UP, network
from sessions import late_errors, runner

import deploy
from deploy.nengo_loihi.board.board import Board
from deploy.nengo_loihi.board.link import Link, free_port
from deploy.nengo_loihi.build.resources import name_of_block
from deploy.targets.board import BOARD
from deploy.targets.emulated import EMULATOR

pytestmark = pytest.mark.virtual

STEPS = 160  # in which what is left of an increment, a part of a unit of weight, adds up
STRUCK = 31  # the host's step, of which an error is learnt from in the next, every fourth


@pytest.fixture(scope="module")
def built():
    """A function that runs one network, rewritten once, on a target, with errors as on a board."""
    run = runner(network(), STEPS)
    return lambda target: run(target, None if target is BOARD else late_errors)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setenv("VIRTUAL_BOARD_DICE", "emulator:0")
    monkeypatch.setattr("deploy.nengo_loihi.board.link.PATIENCE", 1.0)
    monkeypatch.setattr("deploy.nengo_loihi.board.board.BETWEEN", 0.0)


@pytest.fixture(scope="module")
def right(built):
    return built(EMULATOR.with_engine("reference"))


@pytest.fixture(scope="module", autouse=True)
def port():
    """One for all, so that the host's snip is compiled once."""
    with pytest.MonkeyPatch.context() as patch:
        own = free_port()
        patch.setattr("deploy.nengo_loihi.board.board.free_port", lambda: own)
        yield


def same(found, right):
    return all(np.array_equal(one, other) for one, other in zip(found, right))


def caught(built, right):
    """What saw the fault: a refusal, or the comparison of bits."""
    try:
        return "" if same(built(BOARD), right) else "other bits than the emulator's"
    except (deploy.BoardLost, deploy.TargetUnavailable) as error:
        return f"{error}"


def test_without_a_fault_all_is_the_same(built, right):
    assert caught(built, right) == ""
    assert all(np.any(samples) for samples in right)


@pytest.mark.parametrize("where, what", list(REGISTERS), ids=lambda text: text.replace(" ", "-"))
def test_a_wrong_register(where, what, built, right, monkeypatch, record_property):
    start = Board.__enter__

    def enter(self):
        struck = 0
        for chip, its in zip(self.layout.chips, self._sdk.n2Chips):
            for core, own in zip(chip.cores, its.n2Cores):
                learns = any(synapse.learning for synapse in core.iterate_synapses())
                names = [name_of_block(block) for block in core.blocks]
                if (where == "learned" and learns) or (where in names and not learns):
                    REGISTERS[where, what](own)
                    struck += 1
        assert struck == 1, f"{struck} cores of {where}"
        return start(self)

    monkeypatch.setattr(Board, "__enter__", enter)
    record_property("fault", f"{where}: {what}")
    found = caught(built, right)
    record_property("caught", found)
    assert found


@pytest.mark.parametrize("fault", DOWN, ids=lambda fault: fault.__name__)
def test_a_wrong_packet_to_the_board(fault, built, right, monkeypatch, record_property):
    send = Link.send

    def other(self, messages):
        self.step = getattr(self, "step", 0) + 1
        send(self, [fault(list(m)) if self.step == STRUCK else m for m in messages])

    monkeypatch.setattr(Link, "send", other)
    found = caught(built, right)
    record_property("caught", found)
    assert found


@pytest.mark.parametrize("fault", UP, ids=lambda fault: fault.__name__)
def test_a_wrong_packet_to_the_host(fault, built, right, monkeypatch, record_property):
    received = Link._received

    def other(self, size):
        self.step = getattr(self, "step", 0) + 1
        words = np.frombuffer(received(self, size), np.int32).copy()
        if self.step == STRUCK:
            fault(words[: self._plans[0].n_words])
        return words.tobytes()

    monkeypatch.setattr(Link, "_received", other)
    found = caught(built, right)
    record_property("caught", found)
    assert found
