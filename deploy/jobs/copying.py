"""Folders of a job on this machine, brought to its place and back as rsync would over ssh."""

from __future__ import annotations

import contextlib
import filecmp
import os
import re
import shutil
import stat
from pathlib import Path
from typing import FrozenSet, Iterator, NamedTuple, Optional

from deploy.errors import TargetUnavailable
from deploy.files.atomic import atomic_write

RESULT = re.compile(r"(?P<task>\d{1,9})(?:\.json|\.npz|\.parts/\d{6}\.npz)")


class Wanted(NamedTuple):
    """Which results are brought.

    Attributes
    ----------
    tasks : frozenset of int
        Whose results, and parts of them.
    most_bytes : int
        Larger files are left where they are.
    most_together : int
        Bytes of all files together, beyond which nothing more is taken.
    """

    tasks: FrozenSet[int]
    most_bytes: int
    most_together: int

    def has(self, name: str) -> bool:
        """Whether a file is one of them."""
        found = RESULT.fullmatch(name)
        return found is not None and int(found["task"]) in self.tasks

    @property
    def rules(self) -> str:
        """The same as rsync's filters."""
        kinds = ("{}.json", "{}.npz", "{}.parts/", "{}.parts/" + 6 * "[0-9]" + ".npz")
        mine = [f"+ /{kind.format(task)}" for task in sorted(self.tasks) for kind in kinds]
        return "\n".join([*mine, "- *", ""])


def copy_folder(
    source: Path, target: Path, here: Optional[Path] = None, wanted: Optional[Wanted] = None
) -> None:
    """Copy what differs in content; links are left out, and what is made is private.

    Parameters
    ----------
    source, target : pathlib.Path
    here : pathlib.Path, optional
        What is in this folder already, and unchanged, is not copied.
    wanted : Wanted, optional
        All of it where this is not given.

    Raises
    ------
    TargetUnavailable
        If it cannot be read or written, or is more than is wanted together.
    """
    try:
        if not source.is_dir():
            raise TargetUnavailable(f"{source}: there is no such folder")
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = [place for place in (target, here) if place is not None]
        together = 0
        for path in _files(source):
            name = path.relative_to(source)
            with contextlib.suppress(FileNotFoundError):  # it was there a moment ago
                size = path.stat().st_size
                if wanted is not None:
                    if not wanted.has(name.as_posix()) or size > wanted.most_bytes:
                        continue
                    together += size
                    if together > wanted.most_together:
                        raise TargetUnavailable(f"{source}: more than such a job can have")
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
