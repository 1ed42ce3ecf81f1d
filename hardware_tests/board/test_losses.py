"""Runs with a fault in the middle: what was recorded is right, and the board is given back."""

import os
import random
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import nengo
import numpy as np
import pytest
from sessions import DT, lesson

import deploy
from deploy.nengo_loihi.board import link
from deploy.targets.board import BOARD
from loihi_rules import fix_seeds

pytestmark = pytest.mark.virtual

STEPS = 60
ROOT = Path(__file__).parents[2]


def children():
    """Processes that this one has started and that are there."""
    done = subprocess.run(
        ["ps", "-o", "pid=,comm=", "--ppid", str(os.getpid())],
        capture_output=True,
        text=True,
        check=True,
    )
    found = [line.split() for line in done.stdout.splitlines() if "defunct" not in line]
    return {pid for pid, name, *_ in found if name != "ps"}


def processes(session):
    return session.board._sdk._processes


def chip_killed(session):
    processes(session).chips[0].process.send_signal(signal.SIGKILL)


def chip_stopped(session):
    processes(session).chips[0].process.send_signal(signal.SIGSTOP)


def host_killed(session):
    processes(session).hosts[0].send_signal(signal.SIGKILL)


def host_stopped(session):
    processes(session).hosts[0].send_signal(signal.SIGSTOP)


def socket_cut(session):
    session.board._link._socket.shutdown(2)


def board_fails(session):
    def fail(*_):
        raise RuntimeError("a voltage of the supply is low")

    session.board._sdk._chips.learn = fail


def half_a_message(session):
    """The connection breaks at some byte of what the host is sent."""
    own = session.board._link._socket

    class Cut:
        def sendall(self, data):
            own.sendall(data[: random.Random(len(data)).randrange(len(data))])
            own.shutdown(1)

        def __getattr__(self, name):
            return getattr(own, name)

    session.board._link._socket = Cut()


FAULTS = (
    chip_killed,
    chip_stopped,
    host_killed,
    host_stopped,
    socket_cut,
    board_fails,
    half_a_message,
)


@pytest.fixture(scope="module")
def whole():
    """Of a run without a fault."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return deploy.run("pes-connection", STEPS * DT, "loihi")


def faulty(fault, step):
    """pes-connection, with a node of whose network the fault comes in a step."""
    network = lesson("pes-connection")
    sessions = []

    def strike(t):
        if round(t / DT) == step and sessions:
            fault(sessions[0])

    with network:
        nengo.Node(strike)
    return network, sessions


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_what_was_recorded_is_kept_and_the_board_is_free(fault, nth, whole, monkeypatch):
    monkeypatch.setattr(link, "PATIENCE", 1.0)
    step = 2 + random.Random(f"{fault.__name__} {nth}").randrange(STEPS - 5)
    network, sessions = faulty(fault, step)
    opened = type(BOARD).open_rewritten

    def open_rewritten(self, *args, **kwargs):
        session = opened(self, *args, **kwargs)
        sessions.append(session)
        return session

    monkeypatch.setattr(type(BOARD), "open_rewritten", open_rewritten)
    before = children()
    with pytest.raises(deploy.BoardLost, match="the board was lost in step") as lost:
        deploy.run(network, STEPS * DT, "loihi")
    assert "\n" not in str(lost.value)
    assert children() <= before
    assert not sessions[0].board._sdk.executor.hasStarted()
    assert abs(sessions[0].n_steps - step) <= 1
    traces = lost.value.traces
    assert traces.record["partial"] == {"steps": traces.n_steps, "of": STEPS}
    assert set(traces.traces) == set(whole.traces)
    for label, trace in traces.traces.items():
        if trace.sparse:
            early = whole[label].spike_steps <= traces.n_steps
            np.testing.assert_array_equal(trace.spike_steps, whole[label].spike_steps[early])
            np.testing.assert_array_equal(trace.spike_neurons, whole[label].spike_neurons[early])
        else:
            part = whole[label].samples[: traces.n_steps]
            np.testing.assert_array_equal(trace.samples, part)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ZeroDivisionError])
def test_the_board_is_given_back_whatever_stops_the_host(failure):
    before = children()
    network = lesson("pes-connection")

    def strike(t):
        if round(t / DT) == 20:
            raise failure

    with network:
        nengo.Node(strike)
    with pytest.raises(failure), BOARD.open(fix_seeds(network, 0), DT, 0) as session:
        board = session.board
        session.run_steps(STEPS)
    assert board.closed and not board._sdk.executor.hasStarted()
    assert children() <= before


def test_a_board_that_does_not_start_is_asked_for_three_times(monkeypatch):
    from nxsdk.arch.n2a.n2board import N2Board

    tries = []

    def start(self):
        tries.append(time.monotonic())
        raise OSError("no board is free")

    monkeypatch.setattr(N2Board, "start", start)
    with pytest.raises(deploy.TargetUnavailable, match="in 3 tries: no board is free"):
        deploy.run("one-hot", 0.01, "loihi")
    assert len(tries) == 3 and np.all(np.diff(tries) > 0.9)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_stopped_leaves_nothing_behind(stop, tmp_path):
    command = [sys.executable, "-m", "deploy", "run", "pes-connection", "--target", "loihi"]
    running = subprocess.Popen(
        [*command, "--duration", "600"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), VIRTUAL])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    until = time.monotonic() + 120
    while not (snips := of_snips(running.pid)):
        assert running.poll() is None and time.monotonic() < until, running.stdout.read()
        time.sleep(0.1)
    running.send_signal(stop)
    output, _ = running.communicate(timeout=60)
    assert running.returncode not in (0, 1), output
    assert "Traceback" not in output
    time.sleep(0.5)
    assert not [pid for pid in snips if Path(f"/proc/{pid}").exists()]


VIRTUAL = str(ROOT / "hardware_tests" / "virtual_board")


def of_snips(parent):
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    return done.stdout.split() if len(done.stdout.split()) > 1 else []
