"""Where there is no board, that is said."""

import importlib.util
import subprocess
import sys

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
