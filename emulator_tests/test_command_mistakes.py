"""Command lines and files that are not as meant: one line that says which part, and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import deploy
from deploy.errors import BadInput
from deploy.files.folder import FolderTaken, staged_folder, staged_own_folder
from deploy.models.loading import load_model
from deploy.report.picture import svg
from loihi_rules.pilots.decoded import signals

pytestmark = pytest.mark.quick
BEGIN = "import nengo\nwith nengo.Network(seed=0) as model:\n    ens = nengo.Ensemble(20, 1)\n"


def command(*args, cwd):
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "HOME": str(cwd)}
    return subprocess.run(
        [sys.executable, "-m", "deploy", *args], capture_output=True, text=True, cwd=cwd, env=env
    )


@pytest.mark.parametrize("inside", [False, True])
def test_a_file_with_argparse_has_its_defaults(inside, tmp_path, monkeypatch):
    """Its parser was given our command line, and ended the program."""
    read = (
        "import argparse\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--n', type=int, default=12)\nn = parser.parse_args().n\n"
    )
    path = tmp_path / "m.py"
    body = BEGIN.replace("20", "n")
    if inside:
        text = "def build():\n" + "".join(f"    {line}\n" for line in (read + body).splitlines())
        path.write_text(text + "    return model\n")
    else:
        path.write_text(read + body)
    monkeypatch.setattr(sys, "argv", ["loihi-deploy", "compare", "m.py", "--seeds", "0:3"])
    loaded = load_model(f"{path}:build" if inside else str(path))
    assert loaded.network.ensembles[0].n_neurons == 12
    assert sys.argv[1] == "compare"


def test_functions_of_a_file_are_named_where_it_has_no_network(tmp_path):
    path = tmp_path / "m.py"
    path.write_text("from os.path import join\ndef build():\n    pass\ndef other():\n    pass\n")
    with pytest.raises(BadInput, match=r"no network, and the functions build, other\)"):
        load_model(str(path))
    path.write_text("from os.path import join\n")
    with pytest.raises(BadInput, match="no network at all"):
        load_model(str(path))


def test_a_notebook_is_said_to_be_one(tmp_path):
    for command_name in ("check", "run", "compare"):
        done = command(command_name, "my.ipynb", cwd=tmp_path)
        assert done.returncode == 2
        assert "'my.ipynb' is a notebook: call deploy.compare(model) in it" in done.stderr


@pytest.mark.parametrize("names", ["cpu,,emulator", "cpu,", ",cpu"])
def test_a_name_that_is_missing_beside_a_comma(names, tmp_path):
    done = command("compare", "pes-connection", "--targets", names, cwd=tmp_path)
    assert done.returncode == 2
    assert "beside a comma a name is missing" in done.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["compare", "pes-connection", "--out", ""],
        ["sweep", "pes-connection", "--out", ""],
        ["run", "pes-connection", "--out", ""],
        ["export", "pes-connection", "--to", ""],
    ],
)
def test_results_go_nowhere_by_accident(args, tmp_path):
    done = command(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert f"{args[2]} is empty" in done.stderr
    assert not list(tmp_path.iterdir())


def test_letters_that_the_fonts_lack_are_no_warning():
    figure = Figure()
    figure.subplots().set_title("日本")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "<svg" in svg(figure, "salt")


def test_two_that_find_the_same_folder_free_take_two(tmp_path, monkeypatch):
    usual = tmp_path / "comparison" / "m"
    with staged_own_folder(None, usual) as (first, stage):
        (stage / "a").write_text("1")
        with staged_own_folder(None, usual) as (second, stage):
            (stage / "a").write_text("2")
        with pytest.raises(FolderTaken), staged_folder(first):
            pass
        with pytest.raises(FolderTaken), staged_own_folder(first, usual):
            pass
    assert (first, second) == (usual, usual.with_name("m-2"))
    assert [(each / "a").read_text() for each in (first, second)] == ["1", "2"]


@pytest.mark.parametrize("dt", [0.001, 0.1, 0.5, 1.0])
def test_pilots_show_signals_at_any_step(dt):
    """At 0.5 s the WhiteSignal of a pilot was blamed on a model that has none."""
    found = signals(2, 3, dt, 0)
    assert found.shape[1:] == (3, 2) and len(found) * dt > 0.45 - dt
    assert np.isfinite(found).all() and np.abs(found).max() > 0


def test_a_model_of_long_steps_runs(tmp_path):
    path = tmp_path / "m.py"
    path.write_text(BEGIN + "    nengo.Connection(nengo.Node([0.5]), ens)\n    nengo.Probe(ens)\n")
    assert deploy.run(str(path), 5.0, dt=0.5).n_steps == 10
