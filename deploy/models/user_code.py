"""Code that a user wrote: run so that its errors become one line with file and line."""

from __future__ import annotations

import contextlib
import sys
import threading
import traceback
from pathlib import Path
from typing import Iterator, Optional, TextIO

from nengo.exceptions import NengoException

from deploy.errors import BadInput, DeployError


class _Aside:
    """Standard output goes to standard error for as long as any thread is in `taken`.

    There is one for all threads: the first has to take it away, and the last to give it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before: Optional[TextIO] = None

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        with self._lock:
            if not self._inside:
                self._before, sys.stdout = sys.stdout, sys.stderr
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside and self._before is not None:
                    sys.stdout, self._before = self._before, None


ASIDE = _Aside()


@contextlib.contextmanager
def user_code(path: Optional[Path]) -> Iterator[None]:
    """Run code that a user wrote; its errors become one line with file and line.

    What the code prints goes to standard error, which keeps ``--json`` clean.
    """
    try:
        with ASIDE.taken():
            yield
    except SyntaxError as error:
        where = f"{error.filename or path}:{error.lineno}"
        raise BadInput(f"{where}: {error.msg}; Python cannot read this file") from None
    except (DeployError, KeyboardInterrupt):
        raise
    except SystemExit as error:
        raise BadInput(
            f"{path}: the file ended the program (exit {error.code}); keep what is not the "
            "model below if __name__ == '__main__':"
        ) from None
    except MemoryError:
        raise BadInput(f"{path or 'the network'}: the model does not fit into memory") from None
    except Exception as error:
        if path is None and not isinstance(error, NengoException):
            raise  # the caller's own Python, who can read a traceback
        mistake = BadInput(describe(error, path))
        mistake.traces = getattr(error, "traces", None)  # of a run, what was recorded before
        raise mistake from error


def describe(error: BaseException, path: Optional[Path] = None) -> str:
    """One line for an exception: the user's file and line, and what was wrong."""
    frames = traceback.extract_tb(error.__traceback__)
    where = str(path) if path is not None else ""
    if path is not None:
        resolved = path.resolve()
        mine = [frame for frame in frames if _same_file(frame.filename, resolved)]
        if mine:
            where = f"{path}:{mine[-1].lineno}"
    text = " ".join(str(error).split()) or "no message"
    kind = "" if isinstance(error, NengoException) else f"{type(error).__name__}: "
    return f"{where}: {kind}{text}" if where else f"{kind}{text}"


def _same_file(name: str, resolved: Path) -> bool:
    try:
        return Path(name).resolve() == resolved
    except OSError:
        return False
