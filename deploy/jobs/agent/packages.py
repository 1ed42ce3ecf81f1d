"""Our packages out of the bundle: once for all jobs that bring the same, and whole before each use.

They lie where a purge of old files, a full disk or somebody's hand reaches them, and every later
job would run what is left. So all of them are summed before each use, which takes some hundredths
of a second, and unpacked anew where the sum is another.
"""

from __future__ import annotations

import compileall
import contextlib
import errno
import hashlib
import json
import os
import shutil
import tarfile
from pathlib import Path
from typing import Dict

from .folder import HERE, locked, settings

COMPILED = ".compiled"  # the sum of Python's own modules, which depend on its version


class Damaged(Exception):
    """What came with the job is not what was sent."""


def packages() -> Path:
    """Their folder; numba's cache is in the user's, not there.

    Raises
    ------
    Damaged
        If the bundle has been changed since it was sent.
    """
    wanted = settings()["packages"]
    place = HERE.parent.parent / "packages" / wanted
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(place.parent / ".lock"):  # of all jobs
        if not is_whole(place, wanted):
            put(place, wanted)
    return place


def check_bundle() -> None:
    """Refuse a bundle that is not the one that was sent.

    Raises
    ------
    Damaged
    """
    try:
        found = hashlib.sha256((HERE / "bundle.tar").read_bytes()).hexdigest()
    except OSError as error:
        raise Damaged(
            f"the job's bundle cannot be read ({error.strerror}); submit it again"
        ) from None
    if found != settings()["sha256"]:
        raise Damaged("the job's bundle has changed since it was sent; submit it again")


def is_whole(place: Path, wanted: str) -> bool:
    """Whether it has what was sent, what was compiled of that, and nothing else."""
    try:
        compiled = (place / COMPILED).read_text()
        return sum_of(place, False) == wanted and sum_of(place, True) == compiled
    except OSError:
        return False


def put(place: Path, wanted: str) -> None:
    """Unpack beside, and exchange it with what is there; who has that in use keeps it open."""
    beside, before = (place.with_name(f".{place.name}.{os.getpid()}.{n}") for n in "01")
    try:
        unpack(beside)
        if sum_of(beside, False) != wanted:
            raise Damaged("the packages in the job's bundle are not those that were sent")
        # now or not at all: one written while the disk is full would stop every later job
        if not compileall.compile_dir(str(beside), quiet=2, ddir=str(place)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))
        (beside / COMPILED).write_text(sum_of(beside, True))
        with contextlib.suppress(FileNotFoundError):
            os.replace(str(place), str(before))
        os.replace(str(beside), str(place))
    finally:
        for left in (beside, before):
            shutil.rmtree(str(left), ignore_errors=True)
            with contextlib.suppress(OSError):
                left.unlink()  # what was no folder


def unpack(folder: Path) -> None:
    with tarfile.open(str(HERE / "bundle.tar"), "r:") as tar:
        for entry in tar:
            parts = Path(entry.name).parts
            if entry.isfile() and parts[0] == "packages" and ".." not in parts:
                path = folder.joinpath(*parts[1:])
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                stream = tar.extractfile(entry)
                path.write_bytes(stream.read() if stream else b"")


def sum_of(folder: Path, compiled: bool) -> str:
    """As `deploy.jobs.bundle.sum_of`, of what was sent or of what was compiled of it.

    What is neither, and a link, is of what was sent: it makes another sum.
    """
    sums: Dict[str, str] = {}
    for root, folders, names in os.walk(str(folder)):
        for name in [
            *names,
            *(each for each in folders if os.path.islink(os.path.join(root, each))),
        ]:
            path = Path(root) / name
            if path == folder / COMPILED:
                continue
            own = path.suffix == ".pyc" and path.parent.name == "__pycache__"
            if own and path.parent.parent.joinpath(path.name.split(".")[0] + ".py").is_file():
                if not compiled:
                    continue
            elif compiled:
                continue
            body = os.readlink(str(path)).encode() if path.is_symlink() else path.read_bytes()
            relative = path.relative_to(folder).as_posix()
            sums[f"packages/{relative}"] = hashlib.sha256(body).hexdigest()
    return hashlib.sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest()
