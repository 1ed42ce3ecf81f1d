"""What is opened to be read is a file, and has an end."""

from __future__ import annotations

import stat
from pathlib import Path

from deploy.errors import BadInput


def refuse_pipes(path: Path) -> None:
    """Let files, folders and what is not there pass.

    Raises
    ------
    BadInput
        If it is a pipe, a socket or a device, of which reading may never end.
    OSError
        If it cannot be looked at.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise BadInput(f"{path}: this is no file, but a pipe or a device; name a file")
