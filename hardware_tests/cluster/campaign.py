"""Jobs through faults, on a real Slurm and sshd: nothing lost, nothing doubled, nothing wrong.

python hardware_tests/cluster/campaign.py [--runs 224] [--seed 0] [--only WORDS] [--table FILE]

Starts a cluster of its own; root, and Debian's packages of `.ci/run`, are needed. Prints each run
with its seed and outcome, then the table of faults and outcomes; ends with 1 if anything was
violated. `--only` with a run's fault and `--seed` with its seed repeats it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))
import daemons
import faults

WAVE = 6  # jobs that go through one fall of a daemon together


class Outcome(NamedTuple):
    """How a run ended."""

    fault: str
    seed: int
    good: bool
    what: str
    seconds: float


def go(cluster: Any, name: str, how: Callable[[faults.Run], str], seed: int) -> Outcome:
    """One run, in a process of its own."""
    begun = time.monotonic()
    folder = cluster.folder / "runs" / f"{seed}-{os.getpid()}"
    try:
        what, good = how(faults.Run(folder, cluster, random.Random(seed))), True
    except faults.Violation as violation:
        what, good = str(violation), False
    except Exception:
        what, good = "the campaign itself: " + traceback.format_exc(limit=-3), False
    return Outcome(name, seed, good, what, time.monotonic() - begun)


def _go(job: Tuple[Any, str, int]) -> Outcome:
    cluster, name, seed = job
    how = faults.plain if name in faults.WAVES else faults.FAULTS[name]
    return go(cluster, name, how, seed)


def campaign(cluster: Any, names: List[str], runs: int, seed: int, at_once: int) -> List[Outcome]:
    """Spread so many runs over faults; daemons fall with nothing else running."""
    plan = [names[k % len(names)] for k in range(runs)]
    jobs = [(cluster, name, seed + k) for k, name in enumerate(plan)]
    apart = [job for job in jobs if job[1] not in faults.WAVES]
    together: Dict[str, List[Any]] = {}
    for job in jobs:
        if job[1] in faults.WAVES:
            together.setdefault(job[1], []).append(job)
    outcomes: List[Outcome] = []

    def note(outcome: Outcome) -> None:
        outcomes.append(outcome)
        sign = "ok  " if outcome.good else "BAD "
        print(f"{sign}{outcome.seed:6d} {outcome.seconds:6.1f} s  {outcome.fault}: "
              f"{outcome.what}", flush=True)  # fmt: skip

    context = multiprocessing.get_context("fork")
    with context.Pool(at_once, maxtasksperchild=4) as pool:
        for outcome in pool.imap_unordered(_go, apart):
            note(outcome)
        for name, wave in together.items():
            for first in range(0, len(wave), WAVE):
                group = wave[first : first + WAVE]
                found = pool.imap_unordered(_go, group)
                faults.WAVES[name](cluster, random.Random(group[0][2]))
                for outcome in found:
                    note(outcome)
    return outcomes


def table(outcomes: List[Outcome], seed: int) -> str:
    """Faults and outcomes, in Markdown."""
    lines = ["| fault | runs | what came of it | violations |", "|---|---|---|---|"]
    for name in dict.fromkeys(sorted(o.fault for o in outcomes)):
        mine = [o for o in outcomes if o.fault == name]
        ends = Counter(faults.short(o.what) for o in mine if o.good)
        said = "; ".join(f"{n} × {text}" for text, n in ends.most_common())
        lines.append(f"| {name} | {len(mine)} | {said} | {sum(not o.good for o in mine)} |")
    bad = sum(not o.good for o in outcomes)
    lines.append(f"| **all**, seeds from {seed} | **{len(outcomes)}** | | **{bad}** |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--runs", type=int, default=224)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="faults whose name has these words")
    parser.add_argument("--at-once", type=int, default=6)
    parser.add_argument("--table", type=Path)
    asked = parser.parse_args()
    names = [n for n in [*faults.FAULTS, *faults.WAVES] if asked.only in n]
    reason = daemons.missing()
    if reason or not names:
        print(f"no campaign: {reason or 'no fault has these words in its name'}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the daemons are stopped
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        python = os.environ.get("SITE_PYTHON", sys.executable)
        cluster = daemons.Cluster(Path(folder), python)
        try:
            cluster.up()
            faults.put_mishaps(cluster)
            outcomes = campaign(cluster, names, asked.runs, asked.seed, asked.at_once)
        finally:
            cluster.down()
    text = table(outcomes, asked.seed)
    print(f"\n{text}\n{len(outcomes)} runs in {(time.monotonic() - begun) / 60:.1f} min")
    if asked.table:
        asked.table.write_text(text, encoding="utf-8")
    return 1 if any(not outcome.good for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
