"""Ctrl-C in a run: only where it leaves a step whole, or in a user's own function."""

from __future__ import annotations

import signal
import sysconfig
import threading
from typing import Any

# a step of a process of Nengo's, half done, cannot be done again
LIBRARIES = {"deploy", "loihi_rules", "nengo", "nengo_loihi", "numba", "numpy", "scipy"}
STANDARD_LIBRARY = sysconfig.get_paths()["stdlib"]
STEPPING = {"deploy.nengo_loihi.run.runner", "deploy.targets.emulator"}


class Interrupts:
    """While it is entered, a SIGINT waits for `deliver`, unless a user's function runs.

    Where it is not the main thread that runs, or nobody catches the signal in Python, all stays
    as it is.

    Attributes
    ----------
    waiting : bool
        Whether a signal has come.
    """

    def __init__(self) -> None:
        self._previous: Any = None
        self.waiting = False

    def __enter__(self) -> Interrupts:
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler) and threading.current_thread() is threading.main_thread():
            self._previous = handler
            signal.signal(signal.SIGINT, self._arrived)
        return self

    def __exit__(self, *exception: Any) -> None:
        previous = self._previous
        if previous is None:
            return
        ours = signal.signal(signal.SIGINT, previous)
        if ours != self._arrived:  # a node has set another
            signal.signal(signal.SIGINT, ours)
        try:
            self.deliver()
        finally:
            self._previous = None

    def deliver(self) -> None:
        """Do what the signal's own handler does, if one has come."""
        if self.waiting:
            self.waiting = False
            self._previous(signal.SIGINT, None)

    def _arrived(self, number: int, frame: Any) -> None:
        if _is_a_users(frame):
            self._previous(number, frame)
        else:
            self.waiting = True


def _is_a_users(frame: Any) -> bool:
    """Whether what runs was called from a function that is nobody's but the user's."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name in STEPPING:
            return False
        library = name.split(".")[0] in LIBRARIES or _is_pythons(frame.f_code.co_filename)
        if name and not library:  # NumPy generates functions of no module
            return True
        frame = frame.f_back
    return True


def _is_pythons(file: str) -> bool:
    """Whether a file is of the standard library, which libraries call as well as users do."""
    own = file.startswith(STANDARD_LIBRARY) and "site-packages" not in file
    return own or file.startswith("<frozen")
