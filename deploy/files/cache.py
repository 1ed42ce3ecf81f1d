"""Where what took long is kept for the next time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional

import platformdirs

CACHE = "LOIHI_DEPLOY_CACHE"  # names another folder; empty keeps nothing


def cache_folder(name: str) -> Optional[Path]:
    """A folder in the user's cache, which may not be there yet; None if nothing is to be kept."""
    folder = os.environ.get(CACHE, platformdirs.user_cache_dir("loihi-deploy"))
    return Path(folder) / name if folder else None


def fix_cache_folder() -> None:
    """Have a relative path stand for one folder, wherever a model's file goes with ``os.chdir``."""
    if os.environ.get(CACHE):
        os.environ[CACHE] = os.path.abspath(os.environ[CACHE])


def leave_out_the_oldest(folder: Path, most: int) -> None:
    """Delete files of a folder until all together have no more than so many bytes."""
    files = sorted((path.stat().st_mtime, path) for path in folder.glob("*.npz"))
    total = sum(path.stat().st_size for _, path in files)
    for _, path in files:
        if total <= most:
            break
        total -= path.stat().st_size
        path.unlink()
