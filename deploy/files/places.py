"""Where results go: whether they can be written there, found out before they take long to make."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Iterable

from deploy.errors import BadInput


def check_file(path: Path) -> None:
    """Find out whether a file can be written in its folder.

    Raises
    ------
    BadInput
        If its folder is not there, or something else is in the way.
    """
    check_files([path])
    if not os.path.isdir(path.parent):
        raise BadInput(f"{path.parent}: there is no such folder; make it, or choose another")


def check_files(paths: Iterable[Path]) -> None:
    """Find out whether files can be written, and their folders made where they are missing.

    Raises
    ------
    BadInput
        If a file stands where a folder is needed, or a folder where a file is, or it may not be
        written there; by the first thing that is in the way.
    """
    for path in paths:
        _check_name(path)
        if os.path.isdir(path):
            raise BadInput(f"{path}: this is a folder; give the name of a file")
        check_folder(path.parent)
        if os.path.exists(path) and not os.access(path, os.W_OK):
            raise _not_written(path, os.strerror(errno.EACCES))


def check_folder(folder: Path) -> None:
    """Find out whether a folder can be made, or written where it is there.

    Raises
    ------
    BadInput
        If not, by the first thing that is in the way.
    """
    _check_name(folder)
    above = (folder, *folder.parents)
    there = next((each for each in above if os.path.lexists(each)), folder)
    if os.path.lexists(there) and not os.path.isdir(there):
        raise BadInput(
            f"{there}: there is a file of that name, where a folder is needed; choose another"
        )
    if not os.access(there, os.W_OK | os.X_OK):
        shut = os.statvfs(there).f_flag & os.ST_RDONLY
        raise _not_written(there, os.strerror(errno.EROFS if shut else errno.EACCES))


def _check_name(path: Path) -> None:
    """Refuse what cannot be the name of anything here, as one that is too long."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    except (OSError, ValueError) as error:  # of a zero byte
        raise _not_written(path, getattr(error, "strerror", None) or str(error)) from None


def not_written(path: Path, error: OSError) -> BadInput:
    """What to say of a file that could not be written."""
    try:
        check_file(path)
    except BadInput as found:
        return found
    return _not_written(path, error.strerror or str(error))


def not_made(folder: Path, error: OSError) -> BadInput:
    """What to say of a folder that could not be made, or filled."""
    try:
        check_folder(folder)
    except BadInput as found:
        return found
    return _not_written(folder, error.strerror or str(error))


def _not_written(path: Path, why: str) -> BadInput:
    return BadInput(f"{path}: cannot be written ({why}); choose another place")
