"""Standard streams that are closed, or that nobody reads any more: what is said goes nowhere."""

from __future__ import annotations

import io
import os
import stat
import sys
from typing import Any

STREAMS = (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w"))


class _UntilUnread(io.FileIO):
    """A pipe; once its reader has had enough, nothing more is written, and no error is raised.

    A command whose first line was all that was wanted still writes its report, and ends with the
    exit code that it has.
    """

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            _to_nowhere(self.fileno())
            return len(data)


def settle_streams() -> None:
    """Have all three there, and none of the two that are written to raise for want of a reader.

    Python has None for one that was closed, and a file that is opened next gets its number: what
    a library writes to standard error would go into the results.
    """
    for name, number, mode in STREAMS:
        if getattr(sys, name) is None:
            if not _is_open(number):
                _to_nowhere(number)
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
        elif mode == "w":
            _forgive(name, number)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _to_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere == number:
        os.set_inheritable(number, True)
        return
    os.dup2(nowhere, number)
    os.close(nowhere)


def _forgive(name: str, number: int) -> None:
    """Where it is a pipe or a socket, and Python's own."""
    stream: Any = getattr(sys, name)
    if type(stream) is not io.TextIOWrapper:  # a test's, or a notebook's
        return
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return
    if stream.fileno() != number or not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return
    encoding, errors, buffered = stream.encoding, stream.errors, stream.line_buffering
    stream.flush()
    stream.detach()
    raw: Any = _UntilUnread(number, "w", closefd=False)
    setattr(
        sys,
        name,
        io.TextIOWrapper(
            io.BufferedWriter(raw), encoding=encoding, errors=errors, line_buffering=buffered
        ),
    )
