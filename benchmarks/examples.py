"""Check and compare each user file of docs/examples, and print the verdicts as a table.

python benchmarks/examples.py [--duration 6] [--json FILE]      # or: make examples
"""

from __future__ import annotations

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Dict

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # a process a core, each with one thread

import deploy

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"


def judge(job: Any) -> Dict[str, Any]:
    path, duration = job
    found = deploy.check(path)
    parity = deploy.compare(path, duration)
    failed = [f"{f.trace}: {f.metric} {f.value:.3g}" for f in parity.failed]
    lags = [f.value for f in parity.figures if f.metric == "lag" and f.value is not None]
    return {
        "example": path.stem,
        "cores": len(found.resources),
        "changes": len(found.changes),
        "parity": parity.ok,
        "largest lag, ms": max(lags, key=abs, default=0.0),
        "outside tolerance": "; ".join(failed),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--duration", type=float, default=6.0)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    jobs = [(path, asked.duration) for path in sorted(EXAMPLES.glob("*.py"))]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(judge, jobs))
    print("| example | cores | changes | verdict | largest lag, ms | outside tolerance |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        verdict = "parity" if row["parity"] else "no parity"
        print(
            f"| {row['example']} | {row['cores']} | {row['changes']} | {verdict} | "
            f"{row['largest lag, ms']:g} | {row['outside tolerance']} |"
        )
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
