"""What is said of a file that a command writes and that was there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional


def in_place(path: Optional[Path]) -> str:
    """Asked before it is written: the end of the line that names it; empty if it was not there."""
    if path is None or not os.path.exists(path):
        return ""
    return ", in the place of the file that was there"
