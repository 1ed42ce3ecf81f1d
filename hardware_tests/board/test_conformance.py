"""The conformance run, which is given nothing, finds what a virtual board does otherwise."""

import json
import subprocess
import sys

import numpy as np
import pytest
from nxsdk.virtual.registers import Bank
from register_faults import add, axon, exchanged

import deploy
from deploy.cli.conformance import conformance as command
from deploy.emulator.silicon import MODES, Silicon
from deploy.nengo_loihi.board.board import Board
from deploy.nengo_loihi.board.link import Link, free_port
from deploy.nengo_loihi.conformance.experiments import EXPERIMENTS
from deploy.nengo_loihi.conformance.explaining import explain
from deploy.nengo_loihi.conformance.running import on_board
from deploy.workflows import conformance
from deploy.workflows.conformance import Observed, judge, observe
from deploy.workflows.lessons_in_small import judge_lessons, lessons_on_board
from loihi_rules.systems import SYSTEMS

pytestmark = [
    pytest.mark.virtual,
    pytest.mark.filterwarnings("ignore:Overflow in"),  # which is what is asked
]

# what a board does that stands here without VIRTUAL_BOARD_SILICON; see `nxsdk.virtual.silicon`
USUAL = {"error": "next-step", "refractory-voltage": "count", "noise": "unseeded"}
ALL_OFF = ",".join(f"{mode.name}={mode.own}" for mode in MODES)
CHOICES = [(mode.name, value) for mode in MODES for value in mode.values if value != mode.own]


@pytest.fixture(scope="module", autouse=True)
def port():
    """One for all, so that each host's snip is compiled once."""
    with pytest.MonkeyPatch.context() as patch:
        own = free_port()
        patch.setattr("deploy.nengo_loihi.board.board.free_port", lambda: own)
        yield


@pytest.fixture
def found(monkeypatch):
    """A function that runs all experiments on a board with these modes, without the lessons."""

    def found(silicon=""):
        monkeypatch.setenv("VIRTUAL_BOARD_SILICON", silicon)
        monkeypatch.setattr(conformance, "lessons_on_board", lambda seed: {})
        return judge(observe())

    return found


def test_a_board_that_does_as_the_emulator(found):
    all_off = found(ALL_OFF)
    assert all_off.ok and not all_off.silicon.different
    assert all(each.difference is None for each in all_off.findings)


@pytest.mark.parametrize("name, value", CHOICES, ids=lambda text: text)
def test_each_mode_in_turn(name, value, found):
    """On a board as it is usually; modes that it has there, on one with no other."""
    silicon, modes = (ALL_OFF, {}) if name in USUAL else ("", USUAL)
    asked = found(f"{silicon},{name}={value}")
    assert asked.silicon.different == {**modes, name: value}
    assert asked.ok


# in which core of which experiment: what is wrong, and the register that has to be named
REGISTERS = {
    ("thresholds 1", "a threshold of one step more"): (
        add("vthProfileCfg", "vth", 1, 3),
        "vthProfileCfg.staticCfg.vth",
    ),
    ("thresholds 2", "a threshold of one step less"): (
        add("vthProfileCfg", "vth", -1, 1),
        "vthProfileCfg.staticCfg.vth",
    ),
    ("decays of voltage", "a decay + 1"): (
        add("cxProfileCfg", "decayV", 1, 4),
        "cxProfileCfg.decayV",
    ),
    ("decays of current", "a decay + 1"): (
        add("cxProfileCfg", "decayU", 1, 5),
        "cxProfileCfg.decayU",
    ),
    ("refractory times", "a time + 1"): (
        add("cxProfileCfg", "refractDelay", 1, 4),
        "cxProfileCfg.refractDelay",
    ),
    ("biases", "a mantissa + 1"): (add("cxCfg", "bias", 1, 6), "cxCfg.bias"),
    ("biases", "an exponent + 1"): (add("cxCfg", "biasExp", 1, 6), "cxCfg.bias"),
    ("voltages cut at 20, 5", "the upper cut"): (
        add("dendriteSharedCfg", "posVmLimit", 1),
        "dendriteSharedCfg.posVmLimit",
    ),
    ("voltages cut at 20, 5", "the lower cut"): (
        add("dendriteSharedCfg", "negVmLimit", -1),
        "dendriteSharedCfg.negVmLimit",
    ),
    ("weights of exponent -6", "an exponent + 1"): (
        add("synapseFmt", "wgtExp", 1, 1),
        "synapseFmt.wgtExp",
    ),
    ("weights of exponent 3", "a weight + 2"): (add("synapses", "Wgt", 2, 0), "synapseFmt.wgtExp"),
    ("weights of 4 bits", "a weight + 32"): (add("synapses", "Wgt", 32, 0), "synapseFmt.wgtBits"),
    ("packets of populations of 32 bits, 3 targets", "a synapse of the neighbour"): (
        add("synapseMap", "synapsePtr", 1, 0),
        "synapseMap",
    ),
    ("relay, from the inputs", "an axon that is lacking"): (
        axon(lambda axons: axons[1:]),
        "axons",
    ),
    ("trace of 2 steps, 64.0 a spike", "a time constant + 1"): (
        add("stdpPreCfg", "tau", 1),
        "stdpPreCfg",
    ),
    ("trace of 5 steps, 100.75 a spike", "an increment + 8"): (
        add("stdpPreCfg", "spikeLevelInt", 8),
        "stdpPreCfg",
    ),
    ("delays up to 6 steps", "a delay + 1"): (add("synapses", "Dly", 1, 2 * 7 + 2), "synapses.Dly"),
    ("delays up to 62 steps", "a delay - 1"): (
        add("synapses", "Dly", -1, 7 * 8 + 7),
        "synapses.Dly",
    ),
    ("learning at errors -127 to -64", "the sign of errors"): (exchanged, "stdpUcodeMem"),
}


@pytest.mark.parametrize("where, what", list(REGISTERS), ids=lambda text: text.replace(" ", "-"))
def test_a_wrong_register_is_named(where, what, monkeypatch):
    """And no silicon mode is made up for it."""
    fault, register = REGISTERS[where, what]
    (experiment,) = [e for e in EXPERIMENTS if where in [core.name for core in e.cores]]
    start = Board.__enter__

    def enter(self):
        for chip, its in zip(self.layout.chips, self._sdk.n2Chips):
            for core, own in zip(chip.cores, its.n2Cores):
                if where in [block.label for block in core.blocks]:
                    fault(own)
        return start(self)

    monkeypatch.setattr(Board, "__enter__", enter)
    silicon, findings = explain([experiment], [on_board(experiment, 1).seen])
    named = [each.difference for each in findings if each.is_open]
    assert set(silicon.different) <= set(USUAL)
    assert {each.register for each in named} == {register}
    assert named[0].core == where or where == "relay, from the inputs"  # which leads to others


def off_by_one(monkeypatch, steps, errors):
    """What is found where errors of the last core are one more than they are to be."""
    (experiment,) = [e for e in EXPERIMENTS if e.name == "learning"]
    send = Link.send

    def other(self, messages):
        self.step = getattr(self, "step", 0) + 1
        if self.step in steps(experiment):
            for k in errors:
                messages[-1][k] += 1
        send(self, messages)

    monkeypatch.setattr(Link, "send", other)
    silicon, findings = explain([experiment], [on_board(experiment, 1).seen])
    (found,) = [each.difference for each in findings if each.is_open]
    assert found.core == experiment.cores[-1].name and not silicon.different
    assert found.step == experiment.cores[-1].readouts[0]
    return found


def test_an_error_that_is_off_by_one_in_one_step_is_named(monkeypatch):
    """Of those after which nothing is left to chance: the multiples of 16."""
    found = off_by_one(monkeypatch, lambda experiment: [min(experiment.errors)], [-33])
    assert found.tries == "error -96"


def test_errors_that_are_off_by_one_by_rule_are_seen(monkeypatch):
    """Though none of them is a multiple of 16, and each could be chance."""
    others = [k for k in range(-60, -3) if (k + 1) % 16]
    off_by_one(monkeypatch, lambda experiment: list(experiment.errors), others)


def test_what_a_board_did_is_replayed(found, tmp_path):
    """From the file that is sent, without a board, by the command line."""
    before = found("learning-shift=1")
    file = before.observed.save(tmp_path / "board.npz")
    assert judge(Observed.load(file)).to_dict() == before.to_dict()
    command = [sys.executable, "-c", "from deploy.cli.main import main; main()", "conformance"]
    done = subprocess.run(
        [*command, "--replay", str(file), "--json"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["silicon"] == {**USUAL, "learning-shift": "1"} and said["virtual"]
    record, arrays = _contents(file)
    np.savez(tmp_path / "other.npz", json=_packed({**record, "experiments": "others"}), **arrays)
    with pytest.raises(deploy.BadInput, match="of other experiments"):
        Observed.load(tmp_path / "other.npz")


def test_what_a_lost_board_did_before_is_kept(monkeypatch, tmp_path):
    file = tmp_path / "board.npz"

    def lose(experiment, seed):
        if experiment.name == "latency":
            raise deploy.BoardLost("the board was lost in step 5: it was cut off")
        return on_board(experiment, seed)

    monkeypatch.setattr(conformance, "on_board", lose)
    with pytest.raises(deploy.BoardLost, match=f"cut off; what it did before is in {file}"):
        command.main(["--out", str(file)], standalone_mode=False)
    found = judge(Observed.load(file))
    assert found.not_asked[0] == "latency" and len(found.not_asked) == 7
    assert found.silicon.different == {"refractory-voltage": "count"}
    assert len(found.facts) == 6 and not found.open and not found.ok


def test_an_sdk_that_has_other_names_for_delays(found, monkeypatch):
    """It is said, and all the rest is asked."""
    write = Bank.write

    def other_names(self, index, field, value):
        write(self, index, "delay" if field == "Dly" else field, value)

    monkeypatch.setattr(Bank, "write", other_names)
    judged = found()
    assert list(judged.observed.refused) == ["delays"] and not judged.not_asked
    assert "has no field 'delay'" in judged.observed.refused["delays"]
    assert not judged.ok and not judged.open and judged.silicon.different == USUAL


def test_lessons_in_small():
    seed, silicon = 1, Silicon.of(USUAL)
    on_it = lessons_on_board(seed)
    judged = {each.name: each for each in judge_lessons(on_it, seed, silicon)}
    assert set(judged) == set(SYSTEMS) - {"injection"}
    assert not any(each.against for each in judged.values())
    assert sum(each.learns for each in judged.values()) == 4
    for name, learns in (("one-hot", False), ("pes-connection", True)):
        own = on_it[name]
        probe, of = next(iter(own.probes.items()))
        wrong = own._replace(probes={**own.probes, probe: of._replace(samples=2 * of.samples + 1)})
        (said,) = judge_lessons({name: wrong}, seed, silicon)
        assert said.learns is learns and probe in said.against


def _contents(file):
    with np.load(file) as npz:
        arrays = {name: npz[name] for name in npz.files}
    return json.loads(bytes(arrays.pop("json")).decode()), arrays


def _packed(record):
    return np.frombuffer(json.dumps(record).encode(), np.uint8)
