"""Compile with numba, and keep the machine code on disk where that can be."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import warnings
from functools import wraps
from pathlib import Path
from typing import Any, Callable, Optional, Tuple

from deploy.private_names import KERNELS, missing

try:
    import numba
except ImportError:  # the chip's own machine may have none
    numba = None
if numba is not None and numba.config.DISABLE_JIT:  # its functions are Python's own then
    numba = None

HAVE_NUMBA = numba is not None
WITHIN_FROM = (0, 68)  # numba, which compiles parts within kernels sooner than by themselves
CHANGED = missing(KERNELS) if HAVE_NUMBA else None
if CHANGED is not None:
    warnings.warn(
        f"{CHANGED}; the emulator is compiled once a checkout, not once a machine", stacklevel=2
    )


def announced(kernel: Any) -> Any:
    """Have a kernel tell a person who watches that it is being compiled, which takes a while.

    Nothing is said where nobody watches, or where the cache has the machine code for what the
    kernel is given: it may have others', as of a chip that does not learn.

    Parameters
    ----------
    kernel : numba dispatcher
        As `jit` gives it.
    """
    if numba is None:
        return kernel
    load = kernel._cache.load_overload

    def load_overload(signature: Any, target: Any) -> Any:
        found = load(signature, target)
        if found is None and _watched():
            sys.stderr.write(
                "compiling the emulator, once on this machine (about half a minute) …\n"
            )
        return found

    kernel._cache.load_overload = load_overload
    return kernel


def _watched() -> bool:
    if sys.stderr is None:  # it was closed
        return False
    return sys.stderr.isatty() or "ipykernel" in sys.modules


def jit(function: Callable[..., Any]) -> Any:
    """``numba.njit`` with a cache on disk; the plain function where there is no numba.

    Division as NumPy's, without Python's exceptions; no fast-math, as the float engine
    has to round as NumPy does.
    """
    if numba is None:
        return function
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    compiled.compile = _without_collecting(compiled.compile)
    if CHANGED is None:
        from deploy.compiling import kernel_cache  # whose classes are made of what may be missing

        if kernel_cache.can_be_kept():
            return kernel_cache.cached(compiled, function)
    if _cache_can_be_written(function):
        compiled.enable_caching()
    return compiled


def _without_collecting(compiles: Callable[..., Any]) -> Callable[..., Any]:
    """The same, while Python looks for no garbage.

    Of the many objects that numba makes of a kernel nearly all stay until it is compiled, and to
    look through them again and again is a sixth of the time.
    """

    @wraps(compiles)
    def compiled(*given: Any) -> Any:
        collects = gc.isenabled()
        gc.disable()
        try:
            return compiles(*given)
        finally:
            if collects:
                gc.enable()

    return compiled


def part(function: Callable[..., Any]) -> Any:
    """A part of kernels, compiled within each that calls it.

    By itself it would be compiled once more: with numba 0.68 the chip's step of such parts takes
    6.7 s for 9.9. With 0.56, which needs three times as long for them, each is by itself.
    """
    if numba is None or _version() < WITHIN_FROM:
        return jit(function)
    return numba.njit(nogil=True, error_model="numpy", inline="always")(function)


def _version() -> Tuple[int, int]:
    major, minor = numba.__version__.split(".")[:2]
    return int(major), int(minor)


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
