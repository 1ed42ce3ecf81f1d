"""Which figures of the documentation have moved: the commands that stand beside them are run again.

python benchmarks/figures.py [PAGE ...]     # or: make figures

Each command of `FIGURES` stands on its page, and takes less than ten minutes on one core; those of
`LONGER` do not, and are run one by one. Rows of a table that a command prints are looked up on the
page by what they begin with; columns by their names. What is no table, as a mean below one, has
moved where one of its numbers is nowhere on the page.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

ROOT = Path(__file__).parent.parent
MOST_SECONDS = 1800  # of a command; three times what any of them takes
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
TYPED = {"\N{MINUS SIGN}": "-", "\N{SUPERSCRIPT ONE}": "", "*": "", "\N{NO-BREAK SPACE}": " "}


@dataclass(frozen=True)
class Figures:
    """What one command prints, and a page shows.

    Attributes
    ----------
    page : str
    command : str
        As the page has it.
    within : float
        How far a number may be from that of the page, as a share of it: times depend on the
        machine.
    """

    page: str
    command: str
    within: float = 0.0


FIGURES = (
    Figures("docs/adaptive_arm.md", "python -m benchmarks.adaptive_arm --seeds 1:11 --duration 24"),
    Figures("docs/emulator.md", "python benchmarks/emulator.py", within=1.0),
    Figures("docs/emulator.md", "python benchmarks/spike_memory.py", within=1.0),
    Figures("docs/energy.md", "python benchmarks/energy.py"),
    Figures("docs/explain.md", "python benchmarks/broken_models.py"),
    Figures("docs/explain.md", "python benchmarks/broken_networks.py"),
    Figures("docs/goals.md", "python benchmarks/digits.py"),
    Figures("docs/learning_rules.md", "python benchmarks/parity_rules.py"),
    Figures("docs/learning_rules.md", "python benchmarks/relay.py", within=1.0),
    Figures("docs/learning_rules.md", "python benchmarks/frozen.py"),
    Figures("docs/my_model.md", "make examples"),
    Figures("docs/nir.md", "python -m benchmarks.nir export"),
    Figures("docs/pes.md", "python benchmarks/parity_pes.py --seeds 200:203"),
    Figures("docs/verdict_tables.md", "python benchmarks/verdict_coverage.py"),
    Figures("docs/verdict_tables.md", "python benchmarks/causes.py faults --seeds 21:23"),
)
# other commands that pages show, and why they are not run
LONGER: Mapping[str, str] = {
    "make goals": "96 minutes",
    "make fidelity": "an hour; writes its page itself",
    "make programs": "an hour; writes its page itself",
    "python -m benchmarks.fidelity": "shows, or measures, a part of make fidelity",
    "make spa-suite": "half an hour",
    "make nengo-suite": "fails where fewer pass than its page says",
    "make board-suite": "fails where fewer pass than its page says",
    "make types": "a minute; its share of all expressions is one number",
    "python benchmarks/pages.py": "needs Chromium; what it finds wrong is its exit code",
    "python benchmarks/start_up.py": "seconds of CPU, which emulator_tests/test_start_up.py judges",
    "make parity-pes": "draws the picture of parity_pes.py, which is run",
    "python benchmarks/board_faults.py": "writes its table itself",
    "python benchmarks/silicon_modes.py": "twenty minutes",
    "python benchmarks/false_spikes.py": "needs the virtual board; one share, in words",
    "python benchmarks/growth.py": "draws its picture",
    "python benchmarks/builds.py": "ratios depend on what else the machine does",
    "python benchmarks/first_use.py": "another checkout is needed",
    "python -m benchmarks.threads": "times, of an idle machine alone",
    "python -m benchmarks.large": "gigabytes, and times of an idle machine",
    "python -m benchmarks.chip_peers": "needs brian2-loihi and lava in environments of their own",
    "python -m benchmarks.side_by_side": "ten thousand samples, one after the other too",
    "python benchmarks/comparing.py": "half an hour; seconds of CPU",
    "python -m hardware_tests.attack": "a quarter of an hour; needs root, for small disks",
    "python benchmarks/job_array.py": "needs root, for a Slurm of its own",
    "python -m benchmarks.delays": "its page has what it shows in words",
    "python -m benchmarks.stacks --unfitted": "its page has what it shows in words",
    "python benchmarks/verdict_runs.py": "hours",
    "python benchmarks/verdict.py": "reads the runs of verdict_runs.py, or takes half an hour",
    "python benchmarks/verdict_signals.py": "minutes for each row",
    "python benchmarks/causes.py picture": "draws its picture",
    "python benchmarks/causes.py alarms": "one share, in words",
    "python -m benchmarks.nir peers": "trains in peers' environments; a test holds its figures",
    "python -m benchmarks.nir paper": "needs the paper's data",
    "python -m benchmarks.nir clipping": "needs the paper's data for its last rows",
    "python -m benchmarks.nir speed": "needs the paper's data and a peer's environment",
}


class Table(NamedTuple):
    """A Markdown table: its heading, and rows of as many cells."""

    heading: Tuple[str, ...]
    rows: List[Tuple[str, ...]]


def plain(text: str) -> str:
    """A cell as it is compared: typographic signs as a program prints them, no emphasis."""
    for typed, printed in TYPED.items():
        text = text.replace(typed, printed)
    return " ".join(text.split())


def tables(text: str) -> Iterator[Table]:
    """The Markdown tables of a text."""
    lines: List[Tuple[str, ...]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            lines.append(tuple(plain(cell) for cell in line.strip().strip("|").split("|")))
        elif lines:
            yield Table(lines[0], [row for row in lines[1:] if set("".join(row)) - set("-: ")])
            lines = []


def numbers(text: str) -> List[float]:
    """All that a cell has, in order."""
    return [float(found.replace(",", "")) for found in NUMBER.findall(plain(text))]


def has_moved(before: str, now: str, within: float) -> bool:
    """Whether a cell is another, or has a number that is further off than it may be."""
    if before == now:
        return False
    old, new = numbers(before), numbers(now)
    words = [NUMBER.sub("", text).split() for text in (before, now)]
    if len(old) != len(new) or words[0] != words[1] or not within:
        return True
    return any(abs(b - a) > within * abs(a) for a, b in zip(old, new))


def key_of(table: Table, row: Sequence[str]) -> Tuple[str, ...]:
    """What a row begins with: as many cells as it takes to tell it from the others."""
    for n in range(1, len(row) + 1):
        if sum(other[:n] == tuple(row[:n]) for other in table.rows) == 1:
            return tuple(row[:n])
    return tuple(row)


def begins_with(row: Sequence[str], key: Sequence[str]) -> bool:
    return [cell.casefold() for cell in row[: len(key)]] == [cell.casefold() for cell in key]


def moved(page: str, printed: str, within: float = 0.0) -> Iterator[str]:
    """What a command prints otherwise than its page has it.

    Parameters
    ----------
    page : str
        Markdown.
    printed : str
        What the command printed.
    within : float
        See `Figures`.
    """
    theirs = list(tables(page))
    for table in tables(printed):
        if not any(set(table.heading) <= set(other.heading) for other in theirs):
            yield f"there is no table with the columns {', '.join(filter(None, table.heading))}"
        for row in table.rows:
            key = key_of(table, row)
            found = [
                (other, line)
                for other in theirs
                for line in other.rows
                if begins_with(line, key) and len(set(other.heading) & set(table.heading)) > 1
            ]
            if not found:
                yield f"{' | '.join(key)}: not on the page"
                continue
            other, line = found[0]
            before = dict(zip(other.heading, line))
            for name, now in zip(table.heading[len(key) :], row[len(key) :]):
                if name in before and has_moved(before[name], now, within):
                    yield f"{' | '.join(key)}, {name}: {before[name] or '-'} → {now or '-'}"
    there = set(numbers(page))
    for line in printed.splitlines():
        if not line.startswith("|") and not within and set(numbers(line)) - there:
            yield plain(line)


def run(command: str) -> str:
    """What a command prints; its own words where it fails."""
    words = shlex.split(command)
    if words[0] == "python":
        words = [sys.executable, "-W", "ignore", *words[1:]]
    alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, **alone}, capture_output=True, timeout=MOST_SECONDS
    )
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"{command}: exit code {done.returncode}; {' '.join(last)}")
    return done.stdout.decode()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", help="these alone, as docs/pes.md")
    asked = parser.parse_args()
    failed = 0
    total: Dict[str, int] = {}
    for each in FIGURES:
        if asked.pages and each.page not in asked.pages:
            continue
        begin = time.perf_counter()
        print(f"{each.page}: {each.command}", flush=True)
        try:
            printed = run(each.command)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"    {error}", flush=True)
            continue
        found = list(moved((ROOT / each.page).read_text(encoding="utf-8"), printed, each.within))
        total[each.command] = len(found)
        for line in found:
            print(f"    {line}")
        print(f"    {len(found)} moved, {time.perf_counter() - begin:.0f} s", flush=True)
    print(f"{sum(total.values())} figures have moved, of {len(total)} commands; {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
