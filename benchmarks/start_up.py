"""CPU time until a command has said what is wrong with what was typed, or how it is used.

    python benchmarks/start_up.py

Each is a process of its own, the least of three runs; user and system time, with everything
compiled before. In the last column is what was loaded of the packages that take long to load.
What is seen only once a model's file has been executed, or its network is there, comes below the
longest of the others: Nengo is loaded for it, by the user's file itself, or to build a system.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Set

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.bad_inputs import AT_ONCE, BY_THE_MODEL, playground
from deploy.cli import COMMANDS

UNNEEDED = ("scipy.signal", "scipy.stats")  # a second of CPU each, by nobody's need for a run
HEAVY = ("nengo", "nengo_loihi", "scipy", "matplotlib", "numba", *UNNEEDED)
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
HELP: Dict[str, List[str]] = {
    "help": ["--help"],
    "version": ["--version"],
    **{f"help of {name}": [name, "--help"] for name in COMMANDS},
}

# what is loaded goes to standard error, behind what the command itself says there
COMMAND = """
import atexit, sys
atexit.register(lambda: sys.stderr.write("loaded: " + " ".join(sys.modules)))
from deploy.cli.main import main
main()
"""


class Started(NamedTuple):
    """One process that has ended.

    Attributes
    ----------
    seconds : float
        Of CPU time, user and system.
    code : int
        Exit code.
    said : str
        On standard error.
    heavy : set of str
        Which of `HEAVY` it had loaded.
    """

    seconds: float
    code: int
    said: str
    heavy: Set[str]


def start(arguments: Sequence[str], folder: Path) -> Started:
    """Run ``loihi-deploy`` with these arguments in a folder."""
    before = _children()
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=folder,
        env={**os.environ, **ONE_THREAD},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = _children() - before
    said, _, loaded = done.stderr.rpartition("loaded: ")
    return Started(seconds, done.returncode, said, set(HEAVY) & set(loaded.split()))


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    commands = {**HELP, **{name: arguments for name, (arguments, *_) in AT_ONCE.items()}}
    with tempfile.TemporaryDirectory() as name:
        folder = playground(Path(name))
        print(f"{'':26} {'CPU s':>6}  loaded")
        worst = max(_measured(*command, folder, asked.runs) for command in commands.items())
        print(f"{'the longest':26} {worst:6.2f}")
        for what, (arguments, *_) in BY_THE_MODEL.items():
            _measured(what, arguments, folder, asked.runs)


def _measured(what: str, arguments: Sequence[str], folder: Path, runs: int) -> float:
    best = min(start(arguments, folder) for _ in range(runs))
    print(f"{what:26} {best.seconds:6.2f}  {' '.join(sorted(best.heavy))}", flush=True)
    return best.seconds


if __name__ == "__main__":
    main()
