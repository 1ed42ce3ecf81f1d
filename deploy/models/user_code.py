"""Code that a user wrote: run so that its errors become one line with file and line."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import Iterator, Optional, TextIO

from deploy.errors import BadInput, DeployError
from deploy.models.source import no_python


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
def user_code(path: Optional[Path], folder: Optional[Path] = None) -> Iterator[None]:
    """Run code that a user wrote; its errors become one line with file and line.

    What the code prints goes to standard error, which keeps ``--json`` clean. It finds the modules
    beside its file, and wherever it goes with ``os.chdir``, this process is back afterwards.

    Parameters
    ----------
    path : pathlib.Path or None
        Of the user's file.
    folder : pathlib.Path, optional
        Where the file has gone before.
    """
    try:
        with ASIDE.taken(), _importable(path), in_folder(folder):
            yield
    except SyntaxError as error:
        raise no_python(error, path) from None
    except (DeployError, KeyboardInterrupt):
        raise
    except SystemExit as error:
        raise BadInput(
            f"{_where(error, path)}: it ended the program (exit {error.code}); keep what is not "
            "the model below if __name__ == '__main__':, and let what nodes call raise an "
            "exception instead"
        ) from None
    except MemoryError:
        raise BadInput(f"{path or 'the network'}: the model does not fit into memory") from None
    except Exception as error:
        if path is None and not _is_nengos(error):
            raise  # the caller's own Python, who can read a traceback
        mistake = BadInput(describe(error, path))
        mistake.traces = getattr(error, "traces", None)  # of a run, what was recorded before
        raise mistake from error


def working_folder() -> Optional[Path]:
    """Where this process is; None where that folder is gone."""
    try:
        return Path.cwd()
    except OSError:
        return None


@contextlib.contextmanager
def in_folder(folder: Optional[Path]) -> Iterator[None]:
    """Where a file has gone, be there too; and back afterwards, wherever its code goes."""
    before = working_folder()
    if folder is not None:
        os.chdir(folder)
    try:
        yield
    finally:
        if before is not None and working_folder() != before:
            os.chdir(before)


@contextlib.contextmanager
def own_arguments(path: Path) -> Iterator[None]:
    """A file that is executed sees its own name alone, as ``python FILE``, and no command of ours.

    What it reads of ``sys.argv``, by argparse for one, has its defaults.
    """
    before, sys.argv = sys.argv, [str(path)]
    try:
        yield
    finally:
        sys.argv = before


@contextlib.contextmanager
def _importable(path: Optional[Path]) -> Iterator[None]:
    """What is beside the file can be imported, also by functions that are called later."""
    if path is None:
        yield
        return
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(folder)


def describe(error: BaseException, path: Optional[Path] = None) -> str:
    """One line for an exception: the user's file and line, and what was wrong."""
    where = _where(error, path)
    try:
        text = " ".join(str(error).split()) or "no message"
    except Exception as second:  # of a user's own class
        text = f"its message cannot be had ({type(second).__name__})"
    kind = "" if _is_nengos(error) else f"{type(error).__name__}: "
    return f"{where}: {kind}{text}" if where else f"{kind}{text}"


def _is_nengos(error: BaseException) -> bool:
    """Whether Nengo raised it, which then is loaded."""
    module = sys.modules.get("nengo.exceptions")
    return module is not None and isinstance(error, module.NengoException)


def _where(error: BaseException, path: Optional[Path]) -> str:
    """The last of the file's lines that it passed, or the file; nothing without one."""
    if path is None:
        return ""
    resolved = path.resolve()
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if _same_file(frame.filename, resolved)]
    return f"{path}:{mine[-1].lineno}" if mine else str(path)


def _same_file(name: str, resolved: Path) -> bool:
    try:
        return Path(name).resolve() == resolved
    except OSError:
        return False
