"""A way to sshd that breaks: a relay of TCP, which cuts one connection after so many bytes."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
from typing import Dict, Optional, Tuple


class Relay:
    """Forwards to a port in a process of its own.

    Parameters
    ----------
    port : int
        Of sshd.
    cut : (int, int) or None
        Which connection, from 0, and after how many bytes in both directions together; with 0
        it is refused at once.
    """

    def __init__(self, port: int, cut: Optional[Tuple[int, int]]):
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(16)
        self.port = self._listening.getsockname()[1]
        self.pid = os.fork()
        if self.pid == 0:
            with contextlib.suppress(BaseException):
                self._forward(port, cut)
            os._exit(0)
        self._listening.close()

    def stop(self) -> None:
        """End it, and every connection through it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def _forward(self, port: int, cut: Optional[Tuple[int, int]]) -> None:
        ready = selectors.DefaultSelector()
        ready.register(self._listening, selectors.EVENT_READ)
        others: Dict[socket.socket, socket.socket] = {}
        left: Dict[socket.socket, list] = {}
        count = 0
        while True:
            for key, _ in ready.select():
                end = key.fileobj
                if end is self._listening:
                    near, _ = end.accept()
                    budget = [cut[1] if cut is not None and count == cut[0] else -1]
                    count += 1
                    if budget[0] == 0:
                        near.close()
                        continue
                    far = socket.create_connection(("127.0.0.1", port))
                    for one, other in ((near, far), (far, near)):
                        others[one], left[one] = other, budget
                        ready.register(one, selectors.EVENT_READ)
                    continue
                if end in others:
                    self._pass(ready, end, others, left)

    def _pass(self, ready, end, others, left) -> None:
        other, budget = others[end], left[end]
        try:
            data = end.recv(65536)
            if budget[0] >= 0:
                data, budget[0] = data[: budget[0]], budget[0] - min(budget[0], len(data))
            if data:
                other.sendall(data)
        except OSError:
            data = b""
        if not data or budget[0] == 0:
            for each in (end, other):
                ready.unregister(each)
                others.pop(each), left.pop(each)
                each.close()
