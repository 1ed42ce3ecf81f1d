"""Every output that a person reads says which board it was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import deploy
from deploy.errors import TargetUnavailable
from deploy.nengo_loihi.board import sdk

pytestmark = pytest.mark.virtual

ROOT = Path(__file__).parents[2]
PATHS = [ROOT, ROOT / "hardware_tests" / "virtual_board"]
NAME = "virtual board"


@pytest.fixture
def loihi_deploy(tmp_path):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "deploy", *arguments],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "120", "PYTHONPATH": os.pathsep.join(map(str, PATHS))},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def test_run(loihi_deploy, tmp_path):
    done = loihi_deploy("run", "pes-connection", "--duration", "0.1", "--target", "loihi",
                        "--out", "board.npz")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"pes-connection on loihi ({NAME}, no silicon)" in done.stdout
    traces = deploy.Traces.load(tmp_path / "board.npz")
    assert NAME in traces.substrate and traces.settings["engine"].startswith(NAME)
    assert traces.record["board"] == {"sdk": "0.9.9+virtual", "virtual": True}


def test_comparison(loihi_deploy, tmp_path):
    done = loihi_deploy("compare", "one-hot", "--duration", "0.3", "--targets",
                        "cpu,emulator,loihi", "--out", "compared")  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    assert NAME in (tmp_path / "compared" / "report.html").read_text()


def test_doctor(loihi_deploy):
    done = loihi_deploy("doctor", "--json")
    (board,) = [t for t in json.loads(done.stdout)["targets"] if t["name"] == "loihi"]
    assert board["works"] and NAME in board["substrate"]


def test_check_says_what_a_board_cannot_take(loihi_deploy):
    done = loihi_deploy("check", "injection", "--target", "loihi")
    assert done.returncode == 2 and "a board has no way to set voltages" in done.stderr
    assert loihi_deploy("check", "injection").returncode == 0


@pytest.mark.parametrize(
    "version, words", [("0.8.0", "0.9.0 or newer is needed"), (None, "0 is installed")]
)
def test_an_sdk_that_is_too_old(version, words, monkeypatch):
    import nxsdk

    if version is None:
        monkeypatch.delattr(nxsdk, "__version__")
    else:
        monkeypatch.setattr(nxsdk, "__version__", version)
    with pytest.raises(TargetUnavailable, match=words):
        sdk.find_sdk()


def test_an_sdk_that_cannot_be_imported(tmp_path):
    (tmp_path / "nxsdk.py").write_text("raise OSError('no driver')")
    done = subprocess.run(
        [sys.executable, "-m", "deploy", "run", "one-hot", "--target", "loihi"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3 and done.stderr.count("\n") == 1
    assert "cannot be imported (no driver)" in done.stderr
