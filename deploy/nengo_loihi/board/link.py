"""The socket between this process and the host's snip."""

from __future__ import annotations

import secrets
import socket
import time
from typing import List, Sequence

import numpy as np

from deploy.errors import TargetUnavailable
from deploy.nengo_loihi.board.snips import PACKET, WORD, ChipPlan

PORTS = range(50000, 60000)
PATIENCE = 10.0  # s, for an answer of a step; the host's snip gives a chip as long
CONNECTING = 10.0  # s, in which the host's snip is to listen
GOODBYE = np.array([-1], np.int32)


class LinkLost(ConnectionError):
    """The other end is gone, or says nothing."""


def free_port() -> int:
    """A port for the host's snip: one that is free here, where the board's host may be.

    By the system's random numbers: nengo-loihi draws it from NumPy's, so that two processes of one
    seed ask for the same.
    """
    for _ in range(100):
        port = PORTS[secrets.randbelow(len(PORTS))]
        with socket.socket() as trial:
            try:
                trial.bind(("", port))
            except OSError:
                continue
        return port
    raise TargetUnavailable(
        f"no port from {PORTS[0]} to {PORTS[-1]} is free, at which a board's host could be reached"
    )


class Link:
    """Words to the host's snip and back.

    Parameters
    ----------
    plans : sequence of ChipPlan

    Attributes
    ----------
    sent, received : int
        Words so far.
    """

    def __init__(self, plans: Sequence[ChipPlan]):
        self._plans = plans
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_TCP, socket.TCP_NODELAY, 1)
        self.is_connected = False
        self.sent = self.received = 0

    def connect(self, host: str, port: int) -> None:
        """Wait for the host's snip to listen.

        Raises
        ------
        LinkLost
        """
        until = time.monotonic() + CONNECTING
        while True:
            try:
                self._socket.connect((host, port))
                break
            except OSError as error:
                if time.monotonic() > until:
                    raise LinkLost(f"the board's host does not listen at {host}:{port}") from error
                time.sleep(0.02)
                self._socket.close()
                self._socket = socket.socket()
                self._socket.setsockopt(socket.SOL_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(PATIENCE)
        self.is_connected = True

    def send(self, messages: Sequence[Sequence[int]]) -> None:
        """Send each chip its words of a step.

        Raises
        ------
        LinkLost
        """
        words = [len(words) for words in messages]
        for message in messages:
            words.extend(message)
        self.sent += len(words)
        try:
            self._socket.sendall(np.array(words, np.int32).tobytes())
        except OSError as error:
            raise LinkLost(f"the board's host takes nothing more ({error})") from error

    def receive(self) -> List[np.ndarray]:
        """What each chip sent of a step, with the step first.

        Raises
        ------
        LinkLost
            If nothing comes any more, or the board ends the run.
        """
        size = sum(plan.n_packets for plan in self._plans) * PACKET
        words = np.frombuffer(self._received(size * WORD), np.int32)
        self.received += size
        chips, first = [], 0
        for plan in self._plans:
            chips.append(words[first : first + plan.n_words])
            first += plan.n_packets * PACKET
        if words[-1] != 0 or any(own[0] < 0 for own in chips):
            raise LinkLost("the board's snips ended the run")
        return chips

    def _received(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            try:
                more = self._socket.recv(size - len(data))
            except socket.timeout:
                raise LinkLost(
                    f"the board has not answered for {PATIENCE:g} s ({len(data)} of {size} bytes "
                    "of a step came)"
                ) from None
            except OSError as error:
                raise LinkLost(f"the connection to the board's host broke ({error})") from error
            if not more:
                raise LinkLost(
                    f"the board's host closed the connection ({len(data)} of {size} bytes of a "
                    "step came)"
                )
            data += more
        return bytes(data)

    def close(self) -> None:
        """Tell the host's snip that this was all, and part."""
        if self.is_connected:
            try:
                self._socket.sendall(GOODBYE.tobytes())
                self._socket.settimeout(0.1)
                self._socket.recv(1)  # its own goodbye
            except OSError:
                pass
        self._socket.close()
        self.is_connected = False
