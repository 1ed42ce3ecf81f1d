"""A pytest plugin: nengo-loihi's own test-suite, with ``target="loihi"``, on the virtual board.

``make board-suite`` runs it. The run fails when fewer tests pass than ``must_pass`` in
``board_suite.ini`` says, or one fails. With ``--dead-board`` no neuron on the board ever does
anything: what fails then is what looks at what the chip did.
"""

import nxsdk
import pytest

PATIENCE = 1000  # of 10 ms: nengo-loihi waits a tenth of a second, which a busy machine takes
REASON_REAL = "this NxSDK is Intel's; the suite's floor is the virtual board's"


def pytest_addoption(parser):
    parser.addini("must_pass", "the run fails if fewer tests pass")
    parser.addoption("--dead-board", action="store_true", help="a board that does nothing")


def pytest_configure(config):
    if not getattr(nxsdk, "VIRTUAL", False):
        raise pytest.UsageError(REASON_REAL)
    from nengo_loihi.hardware.interface import HostSnip

    HostSnip.recv_retries = PATIENCE
    if config.getoption("--dead-board"):
        from nxsdk.virtual.arithmetic import Chips

        Chips.spike = lambda self, t, arrivals: None


def pytest_report_header(config):
    dead = ", dead" if config.getoption("--dead-board") else ""
    return f"virtual board {nxsdk.__version__}{dead}"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session, exitstatus):
    if hasattr(session.config, "workerinput"):
        return  # the controller has what all workers found
    if exitstatus == pytest.ExitCode.OK:
        reports = session.config.pluginmanager.get_plugin("terminalreporter").stats
        if len(reports.get("passed", ())) < int(session.config.getini("must_pass")):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    found = {kind: len(terminalreporter.stats.get(kind, ())) for kind in ("passed", "failed")}
    dead = "a dead" if config.getoption("--dead-board") else "the virtual"
    terminalreporter.write_line(
        f"nengo-loihi's suite on {dead} board: {found['passed']} passed, {found['failed']} "
        f"failed; {config.getini('must_pass')} must pass"
    )
