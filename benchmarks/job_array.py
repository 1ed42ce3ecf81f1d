"""An array of many seeds on a real Slurm: what a job costs beside its run, and what a laptop needs.

python benchmarks/job_array.py [--seeds 200]

Starts the test cluster of `hardware_tests/cluster` (root, and Debian's packages of `.ci/run`), on
which two tasks run together, as there are two cores. Everything is done by the command line.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, List, Tuple

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "hardware_tests" / "cluster"))
import daemons

MODEL, SECONDS = "oja", 0.5
COUNTED = """\
#!/bin/sh
echo called >> {log}
exec {real} "$@"
"""


def command(environment: dict, *words: object) -> Tuple[Any, float, float]:
    """What a command prints as JSON, its seconds, and the most memory any had so far, MiB."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "deploy", *map(str, words)],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return json.loads(done.stdout), time.monotonic() - begun, most


def counting(folder: Path, program: str) -> Path:
    """Stand before a program here, and count its calls."""
    import shutil

    log = folder / f"{program}.calls"
    log.touch()
    (folder / "bin").mkdir(exist_ok=True)
    path = folder / "bin" / program
    path.write_text(COUNTED.format(log=log, real=shutil.which(program)))
    path.chmod(0o755)
    return log


def measure(cluster: daemons.Cluster, folder: Path, n_seeds: int) -> List[str]:
    """One row of the table."""
    folder.mkdir()
    log = counting(folder, "rsync")
    environment = {**os.environ, **cluster.way(folder, at_once=2),
                   "XDG_STATE_HOME": str(folder / "state"),
                   "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}  # fmt: skip
    job = ("submit", MODEL, "--site", "test", "--duration", SECONDS, "--seeds", f"0:{n_seeds}")
    answer, submitting, _ = command(environment, *job, "--json")
    begun = time.monotonic()
    while True:
        answer, asking, _ = command(environment, "status", answer["name"], "--json")
        if all(task["state"] == "complete" for task in answer["tasks"]):
            break
        if any(task["state"] == "failed" for task in answer["tasks"]):
            raise SystemExit(f"a task failed: {answer}")
        time.sleep(1)
    running = time.monotonic() - begun
    before = len(log.read_text().splitlines())
    fetched, fetching, most = command(
        environment, "fetch", answer["name"], "--json", "--no-compare"
    )
    calls = len(log.read_text().splitlines()) - before
    if fetched["complete"] != n_seeds:
        raise SystemExit(f"not all came back: {fetched}")
    row = (n_seeds, f"{submitting:.1f} s", f"{running:.0f} s", f"{2 * running / n_seeds:.1f} s",
           f"{asking:.1f} s", f"{fetching:.1f} s", calls, f"{most:.0f} MiB")  # fmt: skip
    return list(map(str, row))


def alone() -> float:
    """Seconds of one run within a process that is there already, median of five."""
    import deploy

    taken = []
    for seed in range(6):
        begun = time.monotonic()
        deploy.run(MODEL, SECONDS, "emulator", seed)
        taken.append(time.monotonic() - begun)
    return statistics.median(taken[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200)
    asked = parser.parse_args()
    if daemons.missing():
        raise SystemExit(f"no test cluster: {daemons.missing()}")
    with tempfile.TemporaryDirectory(prefix="array-") as folder:
        python = os.environ.get("SITE_PYTHON", sys.executable)
        cluster = daemons.Cluster(Path(folder), python)
        try:
            cluster.up()
            measure(cluster, Path(folder) / "warm", 2)  # packages and numba's cache at the site
            rows = [measure(cluster, Path(folder) / str(n), n) for n in (2, 20, asked.seeds)]
        finally:
            cluster.down()
    print("| tasks | submit | until all are complete | a task, two together | status | fetch "
          "| calls of rsync by fetch | most memory here |")  # fmt: skip
    print("|" + "---|" * 8)
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(f"\nthe run itself, {MODEL} of {SECONDS} s, in a process that is there: {alone():.2f} s")


if __name__ == "__main__":
    main()
