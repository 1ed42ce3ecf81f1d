"""Files that are whole or not there."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import IO, Iterator

from deploy.files.places import not_written


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside ``path`` for writing; rename it when all went well.

    The file is readable by its owner only.

    Raises
    ------
    BadInput
        If the folder is not there, something is in the way, or the disk is full or read-only.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=str(path.parent))
    except OSError as error:
        raise not_written(path, error) from None
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        os.replace(name, path)
    except OSError as error:
        raise not_written(path, error) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
