"""Tables for the documentation."""

from __future__ import annotations

from typing import Dict, List, Mapping, Sequence

import numpy as np

from benchmarks.fidelity.measured_cell import MeasuredCell

HEAD = (
    "| cell | figure | CPU's range | CPU | float | emulator | inside | warned | reason |",
    "|---|---|---|---|---|---|---|---|---|",
)


def table(measured: Sequence[MeasuredCell], reasons: Mapping[str, str]) -> List[str]:
    """A line a cell: the CPU's range, medians of all three, the verdict; below it the reasons."""
    given = dict.fromkeys(reasons[m.cell.name] for m in measured if m.cell.name in reasons)
    numbers = {reason: str(k) for k, reason in enumerate(given, 1)}
    lines = [line(m, numbers.get(reasons.get(m.cell.name, ""), "")) for m in measured]
    return [*HEAD, *lines, "", "Reasons:", "", *(f"{k}. {why}" for why, k in numbers.items())]


def line(measured: MeasuredCell, reason: str) -> str:
    cell, verdict = measured.cell, measured.verdict()
    inside = "yes" if verdict.ok else f"**no**: {verdict.why}"
    median = float(np.median(measured.figures("float-emulator")))
    columns = (
        cell.name.replace("|", "/"),
        f"{cell.unit}, {WORDS[cell.better]}",
        f"{short(verdict.low)} to {short(verdict.high)}",
        short(verdict.cpu),
        short(median),
        short(verdict.chip),
        inside,
        "yes" if measured.warnings else "",
        reason,
    )
    return "| " + " | ".join(columns) + " |"


WORDS: Dict[str, str] = {
    "lower": "less is better",
    "higher": "more is better",
    "same": "as the CPU",
}


def short(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3g}"


def share(measured: Sequence[MeasuredCell], target: str = "emulator") -> str:
    """``180 of 188 (95.7 %)``."""
    inside = sum(m.verdict(target).ok for m in measured)
    return f"{inside} of {len(measured)} ({100 * inside / len(measured):.1f} %)"


def ratios(measured: Sequence[MeasuredCell]) -> str:
    """The emulator's errors in units of the CPU's: median and 90th percentile over the cells."""
    verdicts = [m.verdict() for m in measured if m.cell.better == "lower"]
    found = [v.chip / v.cpu for v in verdicts if v.cpu > 0 and not np.isnan(v.chip)]
    if not found:
        return "–"
    return f"{np.median(found):.2f} (median), {np.percentile(found, 90):.2f} (90th percentile)"
