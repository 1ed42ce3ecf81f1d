"""From `submit` to the report, through a site whose Python has the virtual board."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = [
    pytest.mark.skipif(
        None in map(shutil.which, ("gcc", "g++")),
        reason="snips need gcc and g++, which are not here",
    ),
    pytest.mark.skipif(shutil.which("rsync") is None, reason="no rsync on this machine"),
]


@pytest.fixture
def sites(board_environment, tmp_path):
    """A site of this machine, with an environment in which there is an SDK."""
    file = tmp_path / "sites.toml"
    file.write_text(f'[inrc]\nvenv = "{board_environment}"\ntake = "process"\n')
    return file


def test_submit_compares_the_board_with_the_cpu(sites, substrate, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "deploy", "submit", "pes-connection", "--site", "inrc", "--target",
         "loihi", "--duration", "1", "--wait"],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path), "LOIHI_DEPLOY_SITES": str(sites),
             "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert "1 of 1 task complete" in done.stdout
    assert f"loihi ({substrate}" in done.stdout and "against cpu" in done.stdout
    (report,) = tmp_path.glob("comparison/*/report.html")
    assert substrate.split(",")[0] in report.read_text()
