"""Measure networks on the CPU and on both emulators.

python -m benchmarks.fidelity rows                       # what was reported wrong
python -m benchmarks.fidelity rows split 'stacks/*'      # these, seeds 100, 101, 102
python -m benchmarks.fidelity rows 'delays/*' --seeds 100:110 --processes 2
python -m benchmarks.fidelity causes 'channel/*'         # what whole steps alone do
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import List

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # a process a core, each with one thread

from benchmarks.fidelity import causes, fidelity, show_programs, show_rows
from benchmarks.fidelity.cell import TARGETS
from deploy.errors import BadInput


def seeds(text: str) -> List[int]:
    """``100:103`` or ``100,104``."""
    if ":" in text:
        first, end = text.split(":")
        return list(range(int(first), int(end)))
    return [int(part) for part in text.split(",")]


def named(text: str) -> List[str]:
    """``cpu,emulator``."""
    return text.split(",")


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.fidelity", description=__doc__.splitlines()[0]
    )
    commands = parser.add_subparsers(dest="command", required=True)
    rows = commands.add_parser("rows", help="the cases that were reported wrong")
    rows.add_argument("names", nargs="*", help="groups, or group/pattern; without: list them")
    rows.add_argument("--seeds", type=seeds, default=[100, 101, 102])
    rows.add_argument("--targets", type=named, default=TARGETS)
    rows.add_argument("--processes", type=int, default=1)
    rows.set_defaults(do=show_rows.main)
    grid = commands.add_parser("grid", help="the grid of docs/fidelity.md")
    grid.add_argument("names", nargs="*", help="patterns of cells; without: all")
    grid.add_argument("--quick", action="store_true", help="the part that the tests measure")
    grid.add_argument("--seeds", type=seeds, default=list(range(300, 310)))
    grid.add_argument("--chips", type=int, default=5, help="seeds of the emulator")
    grid.add_argument("--floats", type=int, default=1, help="seeds of the float emulator")
    grid.add_argument("--processes", type=int, help="one for each core, if not given")
    grid.add_argument("--targets", type=named, default=TARGETS)
    grid.add_argument("--figures", type=Path, help="file that keeps all; the CPU's are reused")
    grid.add_argument("--resume", action="store_true", help="reuse the emulators' figures too")
    grid.add_argument("--write", help="the page to write")
    grid.set_defaults(do=fidelity.main)
    programs = commands.add_parser("programs", help="the programs of docs/programs.md")
    programs.add_argument("names", nargs="*", help="patterns of programs; without: all")
    programs.add_argument("--seeds", type=seeds, default=list(range(400, 410)))
    programs.add_argument("--chips", type=int, default=5, help="seeds of the emulator")
    programs.add_argument("--floats", type=int, default=1, help="seeds of the float emulator")
    programs.add_argument("--targets", type=named, default=TARGETS)
    programs.add_argument("--figures", type=Path, help="file that keeps all; the CPU's are reused")
    programs.add_argument("--resume", action="store_true", help="reuse the emulators' figures too")
    programs.add_argument("--processes", type=int, help="one for each core, if not given")
    programs.add_argument("--write", help="the page to write; its picture goes beside it")
    programs.set_defaults(do=show_programs.main)
    whole = commands.add_parser("causes", help="cells in Nengo core with the chip's neurons")
    whole.add_argument("names", nargs="*", help="patterns of cells; without: all")
    whole.add_argument("--seeds", type=seeds, default=[300, 301, 302])
    whole.set_defaults(do=causes.main)
    asked = parser.parse_args()
    try:
        asked.do(asked)
    except BadInput as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
