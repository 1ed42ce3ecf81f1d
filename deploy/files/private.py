"""Folders and files that are nobody else's, whatever the umask says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO


def private_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, for its owner alone.

    One that was there, is the user's own and open to be written by others, is closed to them.
    """
    for folder in (*reversed(path.parents), path):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
    found = path.stat()
    if found.st_mode & 0o022 and found.st_uid == os.getuid():
        path.chmod(found.st_mode & 0o755)


def is_private(path: Path) -> bool:
    """Whether a file or a folder is the user's own, and nobody else can write to it."""
    found = path.stat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022


def open_private(path: Path, mode: str) -> IO[str]:
    """Open a text file for writing; if it is made, for its owner alone."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    return open(path, mode, encoding="utf-8", opener=opener)
