"""Snips, and what runs them, compiled: once a process and content."""

from __future__ import annotations

import atexit
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, Optional, Sequence

from nxsdk.virtual.network import BoardFault

SOURCES = Path(__file__).parent / "snips"
COMPILERS = {".c": ("gcc", "-std=gnu11"), ".cpp": ("g++", "-std=c++14")}
FLAGS_VARIABLE = "VIRTUAL_BOARD_CFLAGS"  # for all of it, such as -fsanitize=address,undefined


class Compiler:
    """Keeps what it made for as long as the process lives."""

    def __init__(self) -> None:
        self._folder: Optional[Path] = None
        self._made: Dict[str, Path] = {}

    def program(self, name: str) -> Path:
        """A program of ours, by the name of its source."""
        source = SOURCES / name
        return self._compiled(source, [SOURCES], ["-rdynamic", "-ldl"])

    def library(self, source: Path, include: Optional[Path]) -> Path:
        """A snip, to be loaded.

        Its own names come first in it: nengo-loihi's has a function ``shutdown``, as has C.
        """
        folders = [SOURCES] if include is None else [include, SOURCES]
        return self._compiled(source, folders, ["-fPIC", "-shared", "-Wl,-Bsymbolic"])

    def _compiled(self, source: Path, include: Sequence[Path], flags: Sequence[str]) -> Path:
        compiler, standard = COMPILERS[source.suffix]
        extra = shlex.split(os.environ.get(FLAGS_VARIABLE, ""))
        content = [source.read_bytes(), " ".join([*flags, *extra]).encode()]
        key = hashlib.sha256(b"\0".join(content)).hexdigest()[:32]
        if key in self._made:
            return self._made[key]
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="virtual-board-"))
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        target = self._folder / key
        places = [f"-I{folder}" for folder in include]
        # -ldl has to come behind what needs it
        command = [compiler, standard, "-O1", "-g", *extra, *places, str(source), "-o", str(target)]
        try:
            done = subprocess.run(
                [*command, *flags], capture_output=True, text=True, check=False, timeout=120
            )
        except FileNotFoundError as error:
            raise BoardFault(f"snips need {compiler}, which is not on this machine") from error
        if done.returncode:
            first = next((line for line in done.stderr.splitlines() if "error" in line), "")
            raise BoardFault(f"{source.name} does not compile: {first or done.stderr[-300:]}")
        self._made[key] = target
        return target


COMPILER = Compiler()
