"""Which board the tests of this folder are of: the virtual one, or a real one.

pytest hardware_tests                     # the virtual board stands in
pytest hardware_tests --board real        # with Intel's NxSDK, on a machine of the INRC
"""

import importlib.util
import site
import subprocess
import sys
from pathlib import Path

import pytest

VIRTUAL = Path(__file__).parent / "virtual_board"


def pytest_addoption(parser):
    parser.addoption("--board", choices=("virtual", "real"), default="virtual")


def pytest_configure(config):
    if config.getoption("--board") == "real" and importlib.util.find_spec("nxsdk") is None:
        raise pytest.UsageError("--board real: there is no NxSDK here")


def board_of(config):
    """``virtual`` or ``real``; where pytest looked for options at the root alone, virtual."""
    return config.getoption("--board", "virtual")


@pytest.fixture
def substrate(pytestconfig):
    """What runs on the board are labelled."""
    return "virtual board, no silicon" if board_of(pytestconfig) == "virtual" else "silicon"


@pytest.fixture
def board_environment(pytestconfig, tmp_path):
    """An environment for jobs in which there is an SDK, in a folder."""
    folder = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    places = site.getsitepackages()
    if board_of(pytestconfig) == "virtual":
        places = [*places, str(VIRTUAL)]
    (packages / "board.pth").write_text("\n".join(places) + "\n")
    return folder
