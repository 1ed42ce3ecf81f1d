"""A command whose answer is not trusted to end, counted while it comes."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from pathlib import Path
from typing import IO, Any, Dict, NamedTuple, Optional, Sequence

PIECE = 65536  # bytes that are read at once
LOOK = 0.5  # s between two looks at the time, and at what has come
MOST_ERRORS = 2**20  # bytes of standard error, of which the last line is of use


class TooMuch(Exception):
    """More came than can be of use."""


class Silent(Exception):
    """Nothing came for too long."""


class Answer(NamedTuple):
    """What a command gave."""

    code: int
    out: bytes
    err: bytes


def call(
    command: Sequence[str],
    most: int,
    patience: Optional[float],
    cwd: Optional[Path] = None,
    into: Optional[Path] = None,
    most_into: int = 0,
) -> Answer:
    """Run a command to its end, and keep no more of it than asked for.

    Parameters
    ----------
    command : sequence of str
    most : int
        Bytes that it may print.
    patience : float or None
        Seconds that it may take; None where it stops by itself when nothing comes.
    cwd : pathlib.Path, optional
    into : pathlib.Path, optional
        A folder that it fills.
    most_into : int
        Bytes by which it may do so.

    Raises
    ------
    TooMuch, Silent
        The command is killed then, and has ended.
    FileNotFoundError
        If there is no such command.
    """
    end = None if patience is None else time.monotonic() + patience
    before = 0 if into is None else size_of(into)
    process = subprocess.Popen(
        command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        kept: Dict[Any, bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
        with selectors.DefaultSelector() as ready:
            for stream in kept:
                ready.register(stream, selectors.EVENT_READ)
            looked = time.monotonic()
            while ready.get_map():
                for key, _ in ready.select(LOOK):
                    piece = os.read(key.fd, PIECE)
                    kept[key.fileobj] += piece
                    if not piece:
                        ready.unregister(key.fileobj)
                if len(kept[process.stdout]) > most or len(kept[process.stderr]) > MOST_ERRORS:
                    raise TooMuch
                if time.monotonic() - looked >= LOOK:
                    looked = time.monotonic()
                    if end is not None and looked > end:
                        raise Silent
                    if into is not None and size_of(into) - before > most_into:
                        raise TooMuch
        left = None if end is None else max(end - time.monotonic(), 0.1)
        code = process.wait(left)
        if into is not None and size_of(into) - before > most_into:
            raise TooMuch
        return Answer(code, bytes(kept[process.stdout]), bytes(kept[process.stderr]))
    except subprocess.TimeoutExpired:
        raise Silent from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            close(stream)


def close(stream: Optional[IO[bytes]]) -> None:
    if stream is not None:
        stream.close()


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # renamed a moment ago
                total += os.lstat(os.path.join(root, name)).st_size
    return total
