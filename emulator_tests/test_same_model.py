"""One model for all targets, whatever a user's file does while it is executed."""

import html
import sys

import numpy as np
import pytest

import deploy
from deploy.jobs.job import Task
from deploy.jobs.preparing import Options, prepare
from deploy.models.same_model import SameModel, check_repeatable
from deploy.models.spelling import Spelling

pytestmark = pytest.mark.quick

FILE = """
import itertools, random, time
import nengo, numpy as np
{head}
with nengo.Network(seed={seed}) as model:
    u = nengo.Node({node})
    a = nengo.Ensemble(20, 1)
    nengo.Connection(u, a, transform={transform})
    p = nengo.Probe(u, label="u")
    nengo.Probe(a, label="a")
"""
DRAWN = {"head": "x = np.random.rand() + random.random()", "node": "0.1", "transform": "x"}
DRAWN["seed"] = None  # each seed of a sweep is to give another run
TIMED = {"head": "x = time.time_ns()", "node": "lambda t: x % 1e6", "transform": "1"}
COUNTS = {"head": "count = itertools.count()", "node": "lambda t: next(count)", "transform": "1"}


def written(folder, parts):
    path = folder / "mine.py"
    path.write_text(FILE.format(**{"seed": 1, **parts}))
    return path


@pytest.mark.parametrize("parts", [DRAWN, TIMED], ids=["drawn", "timed"])
def test_all_targets_run_one_model(tmp_path, parts):
    parity = deploy.compare(written(tmp_path, parts), 0.02, spread=0)
    reference, other = parity.runs
    assert reference.fingerprint == other.fingerprint
    assert np.array_equal(reference["u"].samples, other["u"].samples)
    said = any(change["rule"] == "one model" for change in other.changes)
    assert said == (parts is TIMED)


def test_what_nodes_remember_begins_afresh_on_each_target(tmp_path):
    reference, other = deploy.compare(written(tmp_path, COUNTS), 0.02, spread=0).runs
    assert np.array_equal(reference["u"].samples, other["u"].samples)
    assert reference["u"].samples[0, 0] < 3


def test_the_global_generators_are_where_they_were(tmp_path):
    np.random.seed(3)
    expected = np.random.RandomState(3).rand()
    SameModel(written(tmp_path, DRAWN)).load(0)
    assert np.random.rand() == expected


@pytest.mark.parametrize("parts", [DRAWN, TIMED], ids=["drawn", "timed"])
def test_a_sweep_does_not_run_again_what_is_there(tmp_path, parts):
    path, folder = written(tmp_path, parts), tmp_path / "runs"
    first = deploy.sweep(path, 0.02, [0, 1], folder=folder)
    times = {file: file.stat().st_mtime_ns for file in folder.rglob("*.npz")}
    second = deploy.sweep(path, 0.02, [0, 1], folder=folder)
    assert times == {file: file.stat().st_mtime_ns for file in folder.rglob("*.npz")}
    for one, again in zip(first.parities, second.parities):
        assert one.reference.fingerprint == again.reference.fingerprint
        assert again.reference.fingerprint == again.other.fingerprint


def test_a_sweep_of_a_changed_file_is_run_again(tmp_path):
    path, folder = written(tmp_path, TIMED), tmp_path / "runs"
    deploy.sweep(path, 0.02, [0], folder=folder)
    times = {file: file.stat().st_mtime_ns for file in folder.rglob("*.npz")}
    written(tmp_path, {**TIMED, "transform": "0.5"})
    deploy.sweep(path, 0.02, [0], folder=folder)
    assert all(file.stat().st_mtime_ns != time for file, time in times.items())


READ = {"head": "x = np.sin(time.time_ns())", "node": "lambda t: x", "transform": "1"}
NEIGHBOUR = {"head": "import neighbour; neighbour.N += 1", "node": "lambda t: N", "transform": "1"}
NEIGHBOUR["head"] += "; N = float(neighbour.N)"
NEIGHBOUR["seed"] = None  # of which it counts the same in each process


@pytest.mark.parametrize("parts", [READ, NEIGHBOUR], ids=["time", "neighbour"])
def test_a_sweep_says_that_each_seed_is_of_another_model(tmp_path, monkeypatch, parts):
    """Also one that is resumed, where the runs of some seeds are there already."""
    (tmp_path / "neighbour.py").write_text("N = 0\n")
    monkeypatch.setattr("sys.modules", {**sys.modules})
    path, folder = written(tmp_path, parts), tmp_path / "runs"
    first = deploy.sweep(path, 0.02, [0, 1], folder=folder, spread=0)
    assert "each seed is of a model of its own" in "".join(first.notes)
    again = deploy.sweep(path, 0.02, [0, 1, 2], folder=folder, spread=0)
    assert first.notes == again.notes == tuple(again.to_dict()["notes"])
    assert first.notes[0] in html.unescape(again.save(folder).read_text())
    runs = [run for parity in again.parities for run in parity.runs]
    assert len({run.fingerprint for run in runs}) == (1 if parts is READ else 3)
    for one, other in zip(runs[::2], runs[1::2]):  # of a seed
        assert one.settings["identity"] == other.settings["identity"]
    if parts is READ:  # a neighbour counts in each process anew
        assert len({run.settings["identity"] for run in runs}) == 3
    steady = written(tmp_path, DRAWN)
    assert deploy.sweep(steady, 0.02, [0], folder=tmp_path / "b", spread=0).notes == ()


def test_runs_of_one_target_alone_are_made_again_where_the_file_gives_another_model(tmp_path):
    path, folder = written(tmp_path, READ), tmp_path / "runs"
    (first,) = deploy.sweep(path, 0.02, [0], folder=folder, spread=0).parities
    (folder / "seed-0" / "emulator.npz").unlink()
    (again,) = deploy.sweep(path, 0.02, [0], folder=folder, spread=0).parities
    marks = [run.settings["identity"] for run in (*first.runs, *again.runs)]
    assert marks[0] == marks[1] != marks[2] == marks[3]


def test_two_runs_of_another_model_each_time_are_said_to_be(tmp_path):
    def notes(parts):
        path = written(tmp_path, parts)
        runs = [deploy.run(path, 0.02, "cpu") for _ in range(2)]
        return [n for n in deploy.compare_traces(*runs).notes if "different models" in n]

    assert len(notes(READ)) == 1
    assert notes(DRAWN) == notes(COUNTS) == []


def executions(path):
    return len(path.with_name("executed").read_text())


def test_a_file_is_executed_no_more_often_than_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    line = "open(__file__.replace('mine.py', 'executed'), 'a').write('1')"
    path = written(tmp_path, {**DRAWN, "head": f"{DRAWN['head']}; {line}"})
    same = SameModel(path)
    first = same.load(0)
    assert same.is_repeatable(0) and executions(path) == 2
    assert same.load(0).network is not first.network and executions(path) == 3
    prepare([Task(str(path), 0, 0.1)], "local", Options())
    assert executions(path) == 5  # to look at it, and to see that it is the same again


def test_a_job_of_another_model_each_time_is_refused(tmp_path):
    check_repeatable(written(tmp_path, DRAWN), 0)
    with pytest.raises(deploy.BadInput, match="gives two models.*as parameters"):
        check_repeatable(written(tmp_path, TIMED), 0)


@pytest.mark.parametrize(
    "text, path, name, parameters",
    [
        ("one-hot", None, None, {}),
        ("one-hot[rate=20]", None, None, {"rate": "20"}),
        ("sub/m.py", "sub/m.py", None, {}),
        ("sub/m.py:net[a=1,b=x.py]", "sub/m.py", "net", {"a": "1", "b": "x.py"}),
        ("m.py[recording=x.py]", "m.py", None, {"recording": "x.py"}),
    ],
)
def test_a_spelling_is_read_and_written(text, path, name, parameters):
    spelling = Spelling.read(text)
    assert str(spelling) == text
    assert (spelling.path and str(spelling.path), spelling.name) == (path, name)
    assert spelling.parameters == parameters
    assert str(spelling.with_parameters(["z=3"]).parameters["z"]) == "3"


@pytest.mark.parametrize("text", ["nothing", "m.py[a]", "m.py[=1]", "m.py:x:y"])
def test_what_is_no_spelling_is_refused(text):
    with pytest.raises(deploy.BadInput):
        Spelling.read(text)


def test_weights_of_a_file_in_a_folder_ask_for_its_network(tmp_path):
    (tmp_path / "sub").mkdir()
    path = written(tmp_path / "sub", DRAWN)
    learns = "    nengo.Connection(a, u2, learning_rule_type=nengo.PES())\n"
    path.write_text(path.read_text() + "    u2 = nengo.Node(size_in=1)\n" + learns)
    run = deploy.run(path, 0.01, "cpu")
    with pytest.raises(deploy.BadInput, match="give it as network="):
        deploy.freeze(run)


GOES = """
import os, nengo
{in_file}
def gain(x=1.0):
    return x * float(open("gain.txt").read())
def build():
    {in_function}
    with nengo.Network() as net:
        nengo.Connection(nengo.Node(lambda t: gain()), nengo.Ensemble(20, 1), function=gain)
        nengo.Probe(net.all_nodes[0], label="u")
        nengo.Probe(net.all_ensembles[0], label="a")
    return net
"""
THERE = "os.chdir(os.path.dirname(os.path.abspath(__file__)))"


@pytest.mark.parametrize("ways", [(THERE, "pass"), ("", THERE)], ids=["file", "function"])
def test_a_file_that_goes_elsewhere_is_there_and_nobody_else(tmp_path, monkeypatch, ways):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "gain.txt").write_text("0.7")
    text = GOES.format(in_file=ways[0], in_function=ways[1])
    (tmp_path / "sub" / "mine.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    deploy.check("sub/mine.py:build")
    parity = deploy.compare("sub/mine.py:build", 0.02, spread=6)
    assert [run["u"].samples[3, 0] for run in parity.runs] == [0.7, 0.7]
    assert not any(change["rule"] == "one model" for change in parity.other.changes)
    found = deploy.sweep("sub/mine.py:build", 0.02, [0, 1], folder="runs", spread=0)
    assert found.parities[0].other["u"].samples[3, 0] == 0.7
    deploy.run("sub/mine.py:build", 0.02, "cpu").save("cpu.npz")
    assert (tmp_path / "cpu.npz").exists() and (tmp_path / "runs" / "seed-1").is_dir()
    assert sorted(p.name for p in (tmp_path / "sub").iterdir()) == ["gain.txt", "mine.py"]


def test_functions_import_what_is_beside_their_file(tmp_path):
    parts = {**DRAWN, "head": "def f(t):\n    import beside\n    return beside.A", "node": "f"}
    (tmp_path / "beside.py").write_text("A = 0.25\n")
    path = written(tmp_path, {**parts, "transform": "1"})
    assert deploy.run(path, 0.02, "cpu")["u"].samples[3, 0] == 0.25
