"""An output folder that two processes do not write at once, and none half."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
from pathlib import Path
from typing import Iterator, List, Optional, Sequence, Tuple

from deploy.errors import BadInput
from deploy.files.places import check_files, check_folder, not_made

LOCK = ".loihi-deploy.lock"


def own_folder(directory: Path) -> Path:
    """``directory``, or the first of ``directory-2``, ``directory-3`` … with nothing in it."""
    later = (directory.with_name(f"{directory.name}-{n}") for n in itertools.count(2))
    return next(each for each in itertools.chain([directory], later) if _is_free(each))


def _is_free(directory: Path) -> bool:
    if not os.path.exists(directory):  # that of a path raises where it may not look
        return True
    with contextlib.suppress(OSError):
        return directory.is_dir() and not any(directory.iterdir())
    return False


class FolderTaken(BadInput):
    """A folder that another process is writing."""


@contextlib.contextmanager
def staged_own_folder(
    asked: Optional[Path], usual: Path, names: Sequence[str] = ()
) -> Iterator[Tuple[Path, Path]]:
    """The folder that was asked for, or `own_folder` of the usual one; and `staged_folder` of it.

    Of two processes that begin at once, and both find the same one free, the later takes the next.
    """
    with contextlib.ExitStack() as stack:
        while True:
            chosen = asked or own_folder(usual)
            try:
                stage = stack.enter_context(staged_folder(chosen, names))
                break
            except FolderTaken:
                if asked is not None:
                    raise
        yield chosen, stage


@contextlib.contextmanager
def staged_folder(directory: Path, names: Sequence[str] = ()) -> Iterator[Path]:
    """A scratch folder whose files are renamed into ``directory`` at the end.

    Files of an earlier comparison are replaced, other files stay. If anything
    goes wrong ``directory`` is as it was, or not there.

    Parameters
    ----------
    directory : pathlib.Path
    names : sequence of str
        Of files that will be there: what is in their way is found before the scratch folder is.

    Raises
    ------
    BadInput
        If ``directory`` cannot be written, or another process is writing it.
    """
    from filelock import FileLock, Timeout  # loads asyncio

    check_folder(directory)
    check_files(directory / name for name in names)
    made = [path for path in (directory, *directory.parents) if not path.exists()]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(str(directory / LOCK))
        with lock.acquire(timeout=0), _scratch(directory) as stage:
            yield stage
            _move(stage, directory)
    except Timeout:
        raise FolderTaken(
            f"{directory}: another loihi-deploy is writing there; wait for it, or choose "
            "another --out"
        ) from None
    except OSError as error:
        _forget(directory, made)
        raise not_made(directory, error) from None
    except BaseException:
        _forget(directory, made)
        raise
    with contextlib.suppress(OSError):
        os.unlink(directory / LOCK)


def _forget(directory: Path, made: List[Path]) -> None:
    """Take away the lock, and the folders that were made, as long as nobody put anything there."""
    with contextlib.suppress(OSError):
        os.unlink(directory / LOCK)
    for path in made:
        with contextlib.suppress(OSError):
            path.rmdir()


@contextlib.contextmanager
def _scratch(directory: Path) -> Iterator[Path]:
    stage = Path(tempfile.mkdtemp(prefix=".writing-", dir=str(directory)))
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _move(stage: Path, directory: Path) -> None:
    """Rename every file into place; the run's own record comes last.

    Raises
    ------
    BadInput
        If something is in the way of a file, or a folder that is to be filled is a link to another,
        which may be anywhere. Nothing was moved then.
    """
    files = sorted(
        (p for p in stage.rglob("*") if p.is_file()),
        key=lambda p: (p.suffix == ".json", str(p)),
    )
    check_files(directory / path.relative_to(stage) for path in files)
    for folder in sorted({path.relative_to(stage).parent for path in files}):
        if folder.parts and (directory / folder).is_symlink():
            raise BadInput(f"{directory / folder}: a link; remove it, or choose another --out")
    for path in files:
        goal = directory / path.relative_to(stage)
        goal.parent.mkdir(mode=0o700, exist_ok=True)
        os.replace(path, goal)
