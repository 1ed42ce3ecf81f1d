"""Silicon modes: what silicon may do otherwise than nengo-loihi's emulator.

The virtual board has each of its own, to which `hardware_tests/board/test_silicon.py` holds these.
"""

import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import nengo
import numpy as np
import pytest
from engine_networks import simulators
from nengo.exceptions import ValidationError

import deploy
from deploy.emulator.engine import PROBEABLE
from deploy.emulator.silicon import MODES, Silicon
from deploy.errors import BadInput, Stopped
from deploy.jobs import runner
from deploy.jobs.job import Task, find_job
from deploy.jobs.preparing import Options, prepare
from deploy.jobs.results import _check, run_here
from deploy.nengo_loihi.run.interface import FastEmulator
from deploy.traces.parts import PartWriter, read_parts
from loihi_rules import rewrite

LOIHI_DEPLOY = [sys.executable, "-c", "from deploy.cli.main import main; main()"]
CHOICES = [{mode.name: value} for mode in MODES for value in mode.values if value != mode.own]


def test_each_mode_is_a_field_that_is_the_emulators_own_by_default():
    own = {mode.name.replace("-", "_"): mode.own for mode in MODES}
    assert own == {each.name: each.default for each in fields(Silicon)}


@pytest.fixture(scope="module")
def model():
    """A built model that learns, is noisy, and has a neuron whose voltage runs over."""
    with nengo.Network(seed=2) as net:
        stimulus = nengo.Node(lambda t: np.sin(30 * t))
        pre = nengo.Ensemble(40, 1, max_rates=nengo.dists.Uniform(150, 300))
        nengo.Connection(stimulus, pre)
        post = nengo.Node(size_in=1)
        learned = nengo.Connection(pre, post, learning_rule_type=nengo.PES(0.1))
        nengo.Connection(post, learned.learning_rule)
        nengo.Connection(stimulus, learned.learning_rule, transform=-1)
        nengo.Probe(pre.neurons, "voltage")
        nengo.Probe(post)
    reference, simulator = simulators(rewrite(net).network, 1, "sim", compiled=False)
    model = simulator.model
    for each in (reference, simulator):
        each.close()
    compartment = next(iter(model.blocks)).compartment
    compartment.enable_noise[:10] = True
    compartment.noise_exp = 10
    compartment.vth[-1], compartment.bias[-1] = 2**23 - 64, 2**22 + 2**20
    return model


def run(model, silicon, compiled, steps=200):
    """All that changes, after so many steps with errors of each size."""
    emulator = FastEmulator(model, 3, compiled, silicon)
    if emulator.noise_seed is not None:  # the same for both engines
        emulator.engine = type(emulator.engine)(
            emulator.layout, 3, emulator.engine.probed, compiled, noise_seed=5
        )
    recorded = emulator.engine.buffers(steps)
    none = np.zeros(0, np.int32), np.zeros(len(emulator.inputs) + 1, np.int64)
    for t in range(steps):
        emulator.engine.clear_errors()
        for index in emulator.learning_index.values():
            emulator.engine.set_errors(index, np.array([t % 255 - 127]))
        row = emulator.engine.buffers(1)
        emulator.engine.advance_row(row, *none, 0)
        for key in PROBEABLE:
            getattr(recorded, key)[t] = getattr(row, key)[0]
    state = emulator.engine.state._replace(fired=np.zeros(0))  # beyond what fired it is anything
    return [*(getattr(recorded, key) for key in PROBEABLE), *state]


@pytest.mark.filterwarnings("ignore:.*beyond the chip's bits")
@pytest.mark.parametrize("choice", [{}, *CHOICES], ids=lambda choice: str(Silicon.of(choice)))
def test_both_engines_have_each_mode(choice, model):
    silicon = Silicon.of(choice)
    compiled, plain = run(model, silicon, True), run(model, silicon, False)
    for one, other in zip(compiled, plain):
        np.testing.assert_array_equal(one, other)
    own = run(model, Silicon(), True)
    changed = any(not np.array_equal(one, other) for one, other in zip(own, compiled))
    assert changed == bool(choice), "the mode changes nothing here"


def test_a_run_says_which_modes_are_on(tmp_path):
    with nengo.Network(seed=0, label="noted") as net:
        ens = nengo.Ensemble(10, 1)
        nengo.Probe(ens.neurons)
    traces = deploy.run(net, 0.01, silicon={"learning-shift": 1})
    assert traces.record["silicon"] == {"learning-shift": "1"}
    assert traces.where == "emulator (no silicon; with learning-shift=1)"
    parity = deploy.compare(net, 0.05, spread=0, silicon={"error": "next-step"})
    assert "silicon" not in parity.reference.record
    page = (parity.save(tmp_path / "out") and tmp_path / "out" / "report.html").read_text()
    assert "an error of step t changes weights in step t + 1" in page
    assert "--silicon error=next-step" in page


@pytest.fixture
def learner():
    """A small network that learns on the chip."""
    with nengo.Network(seed=0, label="learner") as net:
        pre = nengo.Ensemble(20, 1)
        post = nengo.Node(size_in=1)
        learned = nengo.Connection(pre, post, learning_rule_type=nengo.PES(0.1))
        nengo.Connection(nengo.Node(0.5), learned.learning_rule)
        nengo.Probe(post)
    return net


def test_the_simulator_has_them(learner):
    def learned(**given):
        with deploy.Simulator(learner, progress_bar=False, **given) as sim:
            sim.run_steps(100)
            return sim.data[learner.probes[0]]

    own, other = learned(), learned(silicon={"learning-shift": 2})
    assert np.array_equal(own, learned(silicon={"learning-shift": "0"}))
    assert not np.array_equal(own, other)
    run = deploy.run(learner, 0.1, seed=1, silicon={"learning-shift": 2})
    assert np.array_equal(other, next(iter(run)).samples)
    for given in ({"target": "cpu"}, {"target": "float-emulator"}):
        with pytest.raises(ValidationError, match="are of the target emulator"):
            deploy.Simulator(learner, silicon={"error": "next-step"}, **given)
    with pytest.raises(ValidationError, match="no silicon mode 'speed'"):
        deploy.Simulator(learner, silicon={"speed": 2})


def test_a_sweep_has_them_and_keeps_none_of_others(learner, tmp_path):
    def swept(**given):
        found = deploy.sweep(learner, 0.05, [0], folder=tmp_path, spread=0, processes=1, **given)
        return found.parities[0]

    made = {}
    for modes in ({}, {"learning-shift": "2"}, {"learning-shift": "2"}, {}):
        parity = swept(silicon=modes)
        assert parity.other.is_of_silicon(modes) and parity.reference.is_of_silicon({})
        made.setdefault(str(modes), []).append(parity.other.created)
        assert parity.other.created == deploy.Traces.load(tmp_path / "seed-0/emulator.npz").created
    again = made[str({"learning-shift": "2"})]
    assert again[0] == again[1], "the same was made once more"
    with pytest.raises(BadInput, match="are of the target emulator"):
        deploy.sweep(learner, 0.05, [0], ("cpu", "float-emulator"), silicon={"noise": "unseeded"})


def test_a_job_has_them(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    task, modes = Task("pes-connection", 0, 0.02), Silicon(error="next-step")
    plain, job = prepare([task], "local"), prepare([task], "local", Options(silicon=modes))
    assert plain.name != job.name and find_job(job.name).silicon == modes.different
    runner.run_task(job.bundle, 0, tmp_path / "out")
    run = deploy.Traces.load(tmp_path / "out" / "0.npz")
    assert run.record["silicon"] == {"error": "next-step"}
    _check(job, 0, run)
    with pytest.raises(BadInput, match="it has other silicon modes"):
        _check(job, 0, replace(run, record={}))
    with pytest.raises(BadInput, match="are of the target emulator"):
        prepare([task], "local", Options("cpu", silicon=modes))
    # of a board, they are those of the rung below it
    board = prepare([task], "local", Options("loihi", silicon=modes))
    assert board.modes_on("loihi") == {} and board.modes_on("emulator") == modes.different
    assert "silicon" not in run_here(board, 0, "cpu").record
    assert run_here(board, 0, "emulator").record["silicon"] == modes.different


def test_a_part_of_a_run_says_which_modes_are_on(learner, tmp_path, monkeypatch):
    monkeypatch.setattr("deploy.workflows.run.CHUNK", 20)
    parts = PartWriter(tmp_path / "parts")
    parts.stop()
    with pytest.raises(Stopped):
        deploy.run(learner, 0.1, parts=parts, silicon={"error": "next-step"})
    found = read_parts(tmp_path / "parts")
    assert found.record["silicon"] == {"error": "next-step"} and found.n_steps == 20
    assert "with error=next-step" in found.where and "partial" in found.where


def test_noise_is_another_in_each_run(model):
    one, other = (FastEmulator(model, 3, silicon=Silicon(noise="unseeded")) for _ in range(2))
    assert one.noise_seed != other.noise_seed


@pytest.mark.parametrize(
    "asked, said",
    [
        (["--silicon", "speed=2"], "there is no silicon mode 'speed'"),
        (["--silicon", "error"], "written NAME=VALUE"),
        (["--silicon", "error=never"], "error is one of same-step, next-step"),
        (["--silicon", "noise=unseeded", "--silicon", "noise=seeded"], "given twice"),
        (["--silicon", "noise=unseeded", "--target", "cpu"], "are of the target emulator"),
        (["--silicon", "noise=unseeded", "--engine", "reference"], "no silicon modes"),
    ],
)
def test_what_is_typed_wrong_is_refused(asked, said):
    _refused(["run", *asked], said)


def test_what_is_typed_wrong_is_refused_of_sweeps_and_jobs():
    for verb in (["sweep"], ["compare", "--seeds", "0:2"], ["submit", "--site", "local"]):
        _refused([*verb, "--silicon", "speed=2"], "there is no silicon mode 'speed'")
    wrong = ["--silicon", "noise=unseeded", "--target", "cpu"]
    _refused(["submit", "--site", "local", *wrong], "are of the target emulator")


def _refused(asked, said):
    command = [*LOIHI_DEPLOY, *asked, "pes-connection"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_command_line_has_them(tmp_path):
    out = tmp_path / "late.npz"
    command = [*LOIHI_DEPLOY, "run", "pes-connection", "--duration"]
    command += ["0.05", "--silicon", "error=next-step", "--json", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["record"]["silicon"] == {"error": "next-step"}
    assert deploy.Traces.load(out).record["silicon"] == {"error": "next-step"}


@pytest.mark.quick
def test_the_page_has_each_mode():
    page = (Path(__file__).parent.parent / "docs" / "board.md").read_text(encoding="utf-8")
    for mode in MODES:
        for value, what in mode.values.items():
            if value != mode.own:
                row = (
                    f"| `{mode.name}={value}` | {what} | {mode.values[mode.own]} | {mode.source} |"
                )
                assert row in page
