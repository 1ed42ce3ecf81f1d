"""Ctrl-C, SIGTERM and a terminal that is closed end a command, wherever they find it."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Any

AGAIN = 0.05  # s, after which a signal is sent that nobody could pass on


class Stopped(BaseException):
    """Somebody ended the process with a signal, its only argument."""


def end_by_signals() -> None:
    """Let SIGINT, SIGTERM and SIGHUP raise `Stopped` in the main thread.

    SIGHUP stays ignored where it is, as under ``nohup``.

    Where Python calls for a library in C (a compiler's callbacks) or for its own purposes
    (``__del__``, the end of a weak reference), what is raised goes to ``sys.unraisablehook`` and
    no further: the signal is then sent once more.
    """
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, _stop)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _stop)
    others = sys.unraisablehook

    def send_again(unraisable: Any) -> None:
        if not isinstance(unraisable.exc_value, Stopped):
            others(unraisable)
            return
        main = threading.main_thread().ident
        again = threading.Timer(AGAIN, signal.pthread_kill, (main, unraisable.exc_value.args[0]))
        again.daemon = True
        again.start()

    sys.unraisablehook = send_again


def _stop(signum: int, frame: Any) -> None:
    raise Stopped(signum)
