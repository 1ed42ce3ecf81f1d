"""Machine code of kernels on disk, found by what the kernels say and not by where they are.

numba looks for it by the path and the time of the source file, so that every environment, every
checkout and every version of ours at a site would compile kernels anew that have not changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import tempfile
from pathlib import Path
from typing import Any, Callable, Optional

import numba
import numpy as np
from numba.core import caching

from deploy.files.private import is_private, private_folder


class _ByContent(caching._CacheLocator):
    """A folder for each text of a source file, and versions of what compiles it.

    Python's version and the processor are in numba's own names.
    """

    def __init__(self, source: Path, lineno: int):
        digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
        versions = f"numba-{numba.__version__}-numpy-{np.__version__}"
        self._folder = _root() / versions / f"{source.stem}-{digest}"
        self._digest, self._lineno = digest, lineno
        self._py_file = str(source)  # for warnings of numba's

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Optional[_ByContent]:
        try:
            locator = cls(Path(py_file), py_func.__code__.co_firstlineno)
            locator.ensure_cache_path()
        except OSError:
            return None
        return locator

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        return self._digest

    def get_disambiguator(self) -> str:
        return str(self._lineno)


class _Implementation(caching.CompileResultCacheImpl):
    _locator_classes = [_ByContent]


SUM = hashlib.sha256().digest_size  # bytes at the end of each file


class _Files(caching.IndexDataCacheFile):
    """A file of its own for each signature, so that two processes never write one for both.

    Each ends with the sum of what is before, without which none of it is believed: a byte that a
    disk has changed would be run.
    """

    def save(self, key: Any, data: Any) -> None:
        number = int(hashlib.sha256(repr(key).encode()).hexdigest()[:15], 16)
        file = self._data_name(number)
        self._save_data(file, data)
        self._save_index({**self._load_index(), key: file})

    def _dump(self, obj: Any) -> bytes:
        body: bytes = super()._dump(obj)
        return body + hashlib.sha256(body).digest()

    def _load_data(self, name: str) -> Any:
        check_sum(Path(self._data_path(name)), b"")
        return super()._load_data(name)

    def _load_index(self) -> Any:
        try:
            if os.path.exists(self._index_path):
                check_sum(Path(self._index_path), pickle.dumps(self._version, protocol=-1))
            return super()._load_index()
        except Exception:  # half a file: pickle raises what it likes
            return {}


def check_sum(path: Path, head: bytes) -> None:
    """Refuse a file that does not end with the sum of what is before; readers end before it.

    Parameters
    ----------
    path : pathlib.Path
    head : bytes
        With which the file begins, and which is not summed.

    Raises
    ------
    ValueError
    """
    whole = path.read_bytes()
    body = whole[len(head) :]
    if whole[: len(head)] != head:
        raise ValueError(path)
    if hashlib.sha256(body[:-SUM]).digest() != body[-SUM:]:
        raise ValueError(path)


class KernelCache(caching.FunctionCache):
    """As numba's, of which nothing that is wrong with a disk stops a run."""

    _impl_class = _Implementation

    def __init__(self, function: Any):
        super().__init__(function)
        self._cache_file = _Files(
            self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp()
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # as above
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with contextlib.suppress(OSError):
            super().save_overload(sig, data)


def can_be_kept() -> bool:
    """Whether the folder can be written, and by nobody else: what is in it is run."""
    try:
        for folder in (_root().parent, _root()):
            private_folder(folder)
        if not is_private(_root()):
            return False
        with tempfile.TemporaryFile(dir=str(_root())):
            return True
    except (OSError, RuntimeError):  # no home
        return False


def cached(dispatcher: Any, function: Callable[..., Any]) -> Any:
    """Have a dispatcher look for its machine code on disk, and keep it there."""
    dispatcher._cache = KernelCache(function)
    return dispatcher


def _root() -> Path:
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(chosen) if chosen else home) / "loihi-deploy" / "kernels"
