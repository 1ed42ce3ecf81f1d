"""The tests of `hardware_tests/board`, a file a process."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = sorted((HERE / "board").glob("test_*.py"))


@pytest.mark.skipif(
    None in map(shutil.which, ("gcc", "g++")), reason="snips need gcc and g++, which are not here"
)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_on_the_board(file, pytestconfig):
    board = pytestconfig.getoption("--board", "virtual")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file),
         "--board", board],
        cwd=HERE.parent,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    if board == "real" and " passed" not in done.stdout:
        pytest.skip("all of it looks into the virtual board")
    assert " passed" in done.stdout
