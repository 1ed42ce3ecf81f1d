"""CPU seconds of `loihi-deploy compare` of lessons: the first time, and again.

    python benchmarks/comparing.py [one-hot oja …] [--against PATH]

User and system time of each process and of those that it starts, with the kernels compiled before.
The first time the cache of builds and spreads is empty, so that twelve more CPU runs are made;
"again" is the least of two.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List, Tuple

from loihi_rules.systems import SYSTEMS

HERE = Path(__file__).resolve().parent.parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


def seconds(checkout: Path, name: str, folder: Path) -> float:
    """Of one comparison by the packages of a checkout, with its cache in a folder."""
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(checkout)}
    environment["LOIHI_DEPLOY_CACHE"] = str(folder / "cache")
    before = _children()
    subprocess.run(
        [sys.executable, "-m", "deploy", "compare", name, "--out", str(folder / "out")],
        cwd=folder,
        env=environment,
        check=False,  # 1 where parity is not decided
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(checkout: Path, name: str) -> Tuple[float, float]:
    """Of the first comparison, and of the next ones."""
    with tempfile.TemporaryDirectory() as made:
        first, *again = (seconds(checkout, name, Path(made)) for _ in range(3))
        return first, min(again)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help=", ".join(SYSTEMS))
    parser.add_argument("--against", type=Path, help="another checkout of this repository")
    asked = parser.parse_args()
    unknown = sorted(set(asked.lessons) - set(SYSTEMS))
    if unknown:
        parser.error(f"no lesson {', '.join(unknown)}; there are {', '.join(SYSTEMS)}")
    checkouts = [HERE, *([asked.against.resolve()] if asked.against else [])]
    heading = ["", "first", "again"]
    heading += ["first before", "now ÷ before", "again before", "now ÷ before"][
        : 4 if asked.against else 0
    ]
    print("| " + " | ".join(heading) + " |\n" + "|---" * len(heading) + "|", flush=True)
    for name in asked.lessons or SYSTEMS:
        now, *others = (measure(checkout, name) for checkout in checkouts)
        cells: List[str] = [name, *(f"{each:.2f}" for each in now)]
        for before in others:
            for a, b in zip(now, before):
                cells += [f"{b:.2f}", f"{a / b:.2f}"]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
