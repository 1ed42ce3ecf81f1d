"""An attack on jobs, files and states, by seeds: ``python -m hardware_tests.attack``.

python -m hardware_tests.attack [--seed 0] [--only WORDS] [--share 1.0] [--table FILE]

Prints each trial with its seed and outcome, then the table of kinds and outcomes; ends with 1 if
anything was violated. `--only` with a trial's name and `--seed` with its seed repeats it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hardware_tests.attack.campaign import campaign, table


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="attacks whose name has these words")
    parser.add_argument("--share", type=float, default=1.0, help="of the trials of each attack")
    parser.add_argument("--trials", type=int, help="of each attack, in the place of its own number")
    parser.add_argument("--table", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        outcomes = campaign(Path(folder), asked.seed, asked.only, asked.share, asked.trials)
    if not outcomes:
        print("no attack has these words in its name", file=sys.stderr)
        return 2
    text = table(outcomes, asked.seed)
    print(f"\n{text}")
    if asked.table:
        asked.table.write_text(text, encoding="utf-8")
    return 1 if any(not outcome.good for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
