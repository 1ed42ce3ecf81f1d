"""The text of a user's Python file: read and compiled, and not yet executed."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Optional

from deploy.errors import BadInput
from deploy.files.regular import refuse_pipes
from loihi_rules.likely import likely


def read_source(path: Path) -> bytes:
    """What is in the file.

    Raises
    ------
    BadInput
        If it cannot be read.
    """
    try:
        refuse_pipes(path)
        return path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path}: there is no such file{_beside(path)}") from None
    except IsADirectoryError:
        raise BadInput(f"{path}: this is a folder; name a file in it") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None


def _beside(path: Path) -> str:
    """A file of the same folder that may have been meant."""
    try:
        return likely(path.name, [each.name for each in path.parent.glob(f"*{path.suffix}")])
    except OSError:
        return ""


def compile_source(path: Path, source: bytes) -> types.CodeType:
    """What Python makes of the file.

    Raises
    ------
    BadInput
        If it is no Python.
    """
    try:
        return compile(source, str(path), "exec")
    except SyntaxError as error:
        raise no_python(error, path) from None
    except ValueError as error:  # null bytes, before Python 3.12
        raise BadInput(f"{path}: {error}; Python cannot read this file") from None


def no_python(error: SyntaxError, path: Optional[Path]) -> BadInput:
    """What is wrong with a file, or with one that it imports."""
    line = "" if error.lineno is None else f":{error.lineno}"
    return BadInput(f"{error.filename or path}{line}: {error.msg}; Python cannot read this file")
