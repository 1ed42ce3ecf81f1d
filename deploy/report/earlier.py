"""Comparisons and sweeps that were written earlier, as their records say."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

COMPARISON = "loihi-deploy parity"  # of `deploy.parity.comparison`, which takes long to load
SWEEP = "loihi-deploy sweep"
PAGE = "report.html"
OF_A_COMPARISON = (PAGE, "parity.json", "traces/cpu.npz")  # files of its folder, and of its traces'
MOST_BYTES = 2**26  # of a file that is looked into


class Earlier(NamedTuple):
    """A comparison, or a sweep, that is in a folder.

    Attributes
    ----------
    made : str
        When, in UTC.
    model, target : str
    seconds : float
    seeds : str
        One, or how many.
    outcome : str
    page : str
        Path of its report.
    """

    made: str
    model: str
    target: str
    seconds: float
    seeds: str
    outcome: str
    page: str


def earlier_in(folder: Path) -> Optional[Earlier]:
    """What a folder itself has; None where nothing in it is whole."""
    return _of_comparison(folder / "parity.json") or _of_sweep(folder / "sweep.json")


def in_words(earlier: Earlier) -> str:
    """As a person says which one."""
    return f"that of {earlier.made} ({earlier.model}: {earlier.outcome})"


def earlier_below(folder: Path) -> List[Earlier]:
    """All in a folder and below it, the newest last."""
    found: Iterator[Optional[Earlier]] = (
        read(path)
        for name, read in (("parity.json", _of_comparison), ("sweep.json", _of_sweep))
        for path in folder.rglob(name)
    )
    return sorted(each for each in found if each is not None)


def read_record(path: Path, wanted: str) -> Dict[str, Any]:
    """A record of JSON, of a kind; empty where there is none that is whole."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        if path.stat().st_size <= MOST_BYTES:
            record = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(record, dict) and record.get("format") == wanted:
                return record
    return {}


def _of_comparison(path: Path) -> Optional[Earlier]:
    record = read_record(path, COMPARISON)
    with contextlib.suppress(TypeError, ValueError, LookupError, AttributeError):
        run = record["runs"][-1]
        return Earlier(
            made=str(run["created"]),
            model=str(run["settings"].get("model") or run["model"]),
            target=str(run["target"]),
            seconds=float(run["n_steps"]) * float(run["dt"]),
            seeds=str(int(run["seed"])),
            outcome=str(record["outcome"]),
            page=str(path.with_name(PAGE)),
        )
    return None


def _of_sweep(path: Path) -> Optional[Earlier]:
    record = read_record(path, SWEEP)
    with contextlib.suppress(TypeError, ValueError, LookupError):
        return Earlier(
            made=str(record["created"]),
            model=str(record["model"]),
            target=str(record["target"]),
            seconds=float(record["seconds"]),
            seeds=f"{len(record['seeds'])} seeds",
            outcome=str(record["verdict"]).split(":")[0],
            page=str(path.with_name(PAGE)),
        )
    return None
