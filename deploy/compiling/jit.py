"""Compile with numba, and keep the machine code on disk where that can be."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, List, Optional

try:
    import numba

    from deploy.compiling import kernel_cache
except ImportError:  # the chip's own machine may have none
    numba = None

HAVE_NUMBA = numba is not None


def announce(dispatcher: Any) -> None:
    """Tell a person who watches that the next call compiles, which takes a while.

    Nothing is said where nobody watches, or where the cache has the machine code.
    """
    if numba is None or dispatcher.signatures or not _watched():
        return
    if _cache_files(dispatcher):
        return
    sys.stderr.write("compiling the emulator, once on this machine (about half a minute) …\n")


def _watched() -> bool:
    return sys.stderr.isatty() or "ipykernel" in sys.modules


def _cache_files(dispatcher: Any) -> List[Path]:
    """The index files of a kernel in numba's cache."""
    path = getattr(getattr(dispatcher, "_cache", None), "cache_path", None)
    name = dispatcher.py_func.__name__
    return list(Path(path).glob(f"*.{name}-*.nbi")) if path else []


def jit(function: Callable[..., Any]) -> Any:
    """``numba.njit`` with a cache on disk; the plain function where there is no numba.

    Division as NumPy's, without Python's exceptions; no fast-math, as the float engine
    has to round as NumPy does.
    """
    if numba is None:
        return function
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    if kernel_cache.can_be_kept():
        return kernel_cache.cached(compiled, function)
    if _cache_can_be_written(function):
        compiled.enable_caching()
    return compiled


def _cache_can_be_written(function: Callable[..., Any]) -> bool:
    """Whether numba will find a folder for a cache of its own, which it insists on."""
    chosen: Optional[str] = os.environ.get("NUMBA_CACHE_DIR")
    here = Path(function.__code__.co_filename).parent
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folders = [Path(chosen)] if chosen else [here, home]
    return any(_writable(folder) for folder in folders)


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=str(folder)):
            return True
    except OSError:
        return False
