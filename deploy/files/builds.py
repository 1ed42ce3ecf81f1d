"""Whole builds that are kept on disk, a file each, by all that goes into them.

As `deploy.files.solutions`, which is asked where a build is not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Optional

import numpy as np

import deploy
from deploy.errors import DeployError
from deploy.files.cache import cache_folder, leave_out_the_oldest
from deploy.files.kind import FileKind
from deploy.files.npz import Arrays, read_npz, write_npz
from deploy.files.packed import packed, unpacked
from deploy.files.private import is_private, private_folder
from deploy.files.solutions import computed_by

KIND = FileKind("loihi-deploy build", 1, "build", "it is made anew")
MOST_BYTES = 2**29  # of all files
LARGEST = 2**27  # bytes of one
FOLDER = "builds"


class Build(NamedTuple):
    """What was built.

    Attributes
    ----------
    record : mapping
        In terms of JSON.
    arrays : mapping of str to ndarray
    """

    record: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]


@lru_cache(maxsize=None)
def written_by() -> str:
    """What a build depends on besides the model: all of our source, versions, the processor."""
    digest = hashlib.sha256(computed_by().encode())
    root = Path(str(deploy.__file__)).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()


def find_build(content: str) -> Optional[Build]:
    """That of a content (`deploy.models.content`); None if there is none that can be believed."""
    path = _path_of(content)
    with contextlib.suppress(DeployError, OSError):
        if path is not None and is_private(path.parent) and is_private(path):
            found = read_npz(path, KIND, _build, 2 * LARGEST)
            os.utime(path)  # the oldest are left out first
            return found if found.record["content"] == content else None
    return None


def keep_build(content: str, build: Build) -> None:
    """Write one, if it is not too large; a full or read-only disk keeps nothing."""
    path = _path_of(content)
    if path is None or sum(array.nbytes for array in build.arrays.values()) > LARGEST:
        return
    arrays = {name: np.asarray(array, order="C") for name, array in build.arrays.items()}
    places, data = packed({name: (array,) for name, array in arrays.items()})
    record: Dict[str, Any] = {"build": build.record, "content": content, **places}
    record["digest"] = _digest(record, data)
    with contextlib.suppress(DeployError, OSError):
        private_folder(path.parent)
        write_npz(path, KIND, record, {"data": data})
        leave_out_the_oldest(path.parent, MOST_BYTES)


def forget_build(content: str) -> None:
    """Delete one that was not as it must be."""
    path = _path_of(content)
    with contextlib.suppress(OSError):
        if path is not None:
            path.unlink()


def _path_of(content: str) -> Optional[Path]:
    folder = cache_folder(FOLDER)
    return None if folder is None else folder / f"{content}.npz"


def _digest(record: Mapping[str, Any], data: np.ndarray) -> str:
    """Of all of it, which compiled code takes as it is."""
    parts = {name: record[name] for name in ("build", "content", "places")}
    digest = hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=20)
    digest.update(np.ascontiguousarray(data).data)
    return digest.hexdigest()


def _build(record: Mapping[str, Any], arrays: Arrays) -> Build:
    data = arrays["data"]
    if record["digest"] != _digest(record, data):
        raise ValueError("digest")
    found = {name: of[0] for name, of in unpacked(record, {"data": data}).items()}
    return Build({**record["build"], "content": record["content"]}, found)
