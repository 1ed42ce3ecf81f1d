"""CPU seconds of the first run after installation, most of which compiles kernels.

    python benchmarks/first_use.py [one-hot pes-connection …] [--against PATH]

Each is a process of its own, whose caches of kernels and of builds are empty: imports, the build,
and 50 ms of a lesson on the emulator. With another checkout of this repository, both by turns.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
LESSONS = ("one-hot", "pes-connection")  # the second learns on the chip
RUN = """
import sys, warnings
warnings.simplefilter("ignore")
import deploy
from deploy.models.loading import load_model
with deploy.Simulator(load_model(sys.argv[1], seed=1).network, seed=1, progress_bar=False) as sim:
    sim.run(0.05)
"""


def seconds(checkout: Path, lesson: str) -> float:
    """User and system time of one process."""
    with tempfile.TemporaryDirectory() as folder:
        given = {
            "PYTHONPATH": str(checkout),
            "NUMBA_CACHE_DIR": folder,
            "LOIHI_DEPLOY_CACHE": "",
            "OMP_NUM_THREADS": "1",
        }
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-c", RUN, lesson]
        subprocess.run(command, env={**os.environ, **given}, check=True, cwd=folder)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", default=LESSONS)
    parser.add_argument("--against", type=Path, help="another checkout of this repository")
    asked = parser.parse_args()
    others = [asked.against.resolve()] if asked.against else []
    heading = ["", "first run, s of CPU", *(["before", "now ÷ before"] if others else [])]
    print("| " + " | ".join(heading) + " |\n" + "|---" * len(heading) + "|", flush=True)
    for lesson in asked.lessons:
        now, *before = (seconds(checkout, lesson) for checkout in (HERE, *others))
        cells = [lesson, f"{now:.1f}", *(f"{of:.1f} | {now / of:.2f}" for of in before)]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
