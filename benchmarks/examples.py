"""Check and compare each user file of docs/examples, and print the verdicts as a table.

python benchmarks/examples.py [--duration 6] [--json FILE]      # or: make examples
"""

from __future__ import annotations

import argparse
import json
import math
import os
from pathlib import Path
from typing import Any, Dict

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # a process a core, each with one thread

import deploy
from deploy.parity.comparison import worst_of_each

SHOWN = 2  # effects of an example
EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"


def judge(job: Any) -> Dict[str, Any]:
    path, duration = job
    found = deploy.check(path)
    parity = deploy.compare(path, duration)
    failed = [e.words for e in worst_of_each(parity.different or parity.open)]
    more = len(failed) - SHOWN
    lags = [f.value for f in parity.figures if f.metric == "lag" and math.isfinite(f.value)]
    return {
        "example": path.stem,
        "cores": len(found.resources),
        "changes": len(found.changes),
        "verdict": parity.outcome,
        "largest lag, ms": max(lags, key=abs, default=0.0),
        "what": "; ".join(failed[:SHOWN] + [f"{more} more"] * (more > 0)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--duration", type=float, default=6.0)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rows = [judge((path, asked.duration)) for path in sorted(EXAMPLES.glob("*.py"))]
    print("| example | cores | changes | verdict | largest lag, ms | differs in, or is open |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['example']} | {row['cores']} | {row['changes']} | {row['verdict'].lower()} | "
            f"{row['largest lag, ms']:g} | {row['what']} |"
        )
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
