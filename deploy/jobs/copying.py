"""Folders of a job on this machine, brought to its place and back as rsync would over ssh."""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
import stat
from pathlib import Path
from typing import Iterator, Optional

from deploy.errors import TargetUnavailable
from deploy.files.atomic import atomic_write


def copy_folder(
    source: Path, target: Path, here: Optional[Path] = None, most_bytes: Optional[int] = None
) -> None:
    """Copy what differs in content; links are left out, and what is made is private.

    Parameters
    ----------
    source, target : pathlib.Path
    here : pathlib.Path, optional
        What is in this folder already, and unchanged, is not copied.
    most_bytes : int, optional
        Larger files are left where they are.

    Raises
    ------
    TargetUnavailable
        If it cannot be read or written.
    """
    try:
        if not source.is_dir():
            raise TargetUnavailable(f"{source}: there is no such folder")
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = [place for place in (target, here) if place is not None]
        for path in _files(source):
            name = path.relative_to(source)
            with contextlib.suppress(FileNotFoundError):  # it was there a moment ago
                if most_bytes is not None and path.stat().st_size > most_bytes:
                    continue
                if not any(_same(path, place / name) for place in known):
                    (target / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    _copy(path, target / name)
    except OSError as error:
        raise TargetUnavailable(f"{error.filename}: {error.strerror}") from None


def _files(folder: Path) -> Iterator[Path]:
    """Regular files below a folder; neither links nor what is behind them."""
    for place, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            with contextlib.suppress(FileNotFoundError):
                if stat.S_ISREG(path.lstat().st_mode):
                    yield path


def _same(one: Path, other: Path) -> bool:
    """By content: what is damaged there may have the right size and time."""
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def _copy(source: Path, target: Path) -> None:
    """Whole or not at all, as rsync does."""
    with open(source, "rb") as read, atomic_write(target) as written:
        shutil.copyfileobj(read, written)
    shutil.copystat(source, target)
    target.chmod(0o600)
