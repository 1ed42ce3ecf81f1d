"""The runs of Nengo's own suites fail when too few tests pass, and only then."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = """
def test_one():
    pass

def test_other():
    assert False
"""


@pytest.mark.parametrize("processes, must_pass, status", [("0", 1, 0), ("0", 2, 1), ("2", 1, 0)])
def test_floor(tmp_path, processes, must_pass, status):
    done = run(tmp_path, TESTS, must_pass, processes)
    assert done.returncode == status, done.stdout
    assert f"a suite on deploy.Simulator: 1 of 2 passed, {must_pass} must" in done.stdout


@pytest.mark.parametrize("tests", ["", f"{TESTS}\n1 / 0"])
def test_a_suite_that_does_not_run_fails(tmp_path, tests):
    assert run(tmp_path, tests, must_pass=0).returncode != 0


def run(folder, tests, must_pass, processes="0"):
    (folder / "suite.ini").write_text(f"[pytest]\nsuite = a suite\nmust_pass = {must_pass}\n")
    (folder / "test_some.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-n", processes, "-p", "nengo_suite"]
    return subprocess.run(
        [*command, "-c", "suite.ini", "test_some.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)])},
        capture_output=True,
        text=True,
        check=False,
    )
