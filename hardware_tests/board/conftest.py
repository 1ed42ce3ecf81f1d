"""Tests of the way to a board; the virtual board stands in for one, unless asked otherwise.

    pytest hardware_tests/board                  # on the virtual board
    pytest hardware_tests/board --board real     # with Intel's NxSDK, on a machine of the INRC
    pytest hardware_tests/board/test_losses.py --times 9    # 63 runs with a fault in the middle

They run in processes of their own (`hardware_tests/test_on_a_board.py`), as nengo-loihi looks for
an SDK once, when it is imported.
"""

import sys
from pathlib import Path

import pytest

HARDWARE_TESTS = Path(__file__).parents[1]
VIRTUAL = HARDWARE_TESTS / "virtual_board"
NETWORKS = HARDWARE_TESTS.parent / "emulator_tests"  # random ones, that its tests have too


def pytest_addoption(parser):
    parser.addoption("--times", type=int, default=2, help="how often each fault strikes")


def pytest_configure(config):
    sys.path.insert(0, str(NETWORKS))
    config.addinivalue_line("markers", "virtual: looks into the virtual board")
    if config.getoption("--board") == "virtual":  # an option of the folder above
        sys.path.insert(0, str(VIRTUAL))


def pytest_generate_tests(metafunc):
    if "nth" in metafunc.fixturenames:
        metafunc.parametrize("nth", range(metafunc.config.getoption("--times")))


def pytest_collection_modifyitems(config, items):
    from nxsdk import __version__

    if config.getoption("--board") == "real":
        skip = pytest.mark.skip(
            reason=f"looks into the virtual board, not into NxSDK {__version__}"
        )
        for item in items:
            if item.get_closest_marker("virtual"):
                item.add_marker(skip)
