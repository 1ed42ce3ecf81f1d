"""Where there is no board, that is said."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import deploy

no_board = pytest.mark.skipif(
    importlib.util.find_spec("nxsdk") is not None, reason="there is an NxSDK on this machine"
)


@no_board
def test_target_loihi_is_unavailable():
    with pytest.raises(deploy.TargetUnavailable, match="no Loihi board here"):
        deploy.run("pes-connection", 0.1, "loihi")


@no_board
def test_command_line_says_so_and_exits_with_3():
    done = subprocess.run(
        [sys.executable, "-m", "deploy", "run", "pes-connection", "--target", "loihi"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and "no Loihi board here" in done.stderr


@no_board
def test_a_real_board_is_not_asked_for_where_there_is_none():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "hardware_tests", "--board", "real"],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--board real: there is no NxSDK here" in done.stderr
