"""The page of all comparisons in a folder, on which two are compared."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence
from urllib.parse import quote

import markupsafe

from deploy.parity.comparison import worst_first, worst_of_each
from deploy.parity.effects import DIFFERENT, OPEN, Effect
from deploy.parity.floors import QUANTITIES
from deploy.report.earlier import COMPARISON, Earlier, read_record
from deploy.report.page import ASSETS, ENVIRONMENT, script_hash

MOST = 200  # comparisons, the newest
MOST_EFFECTS = 80  # of a comparison, the worst
OUTCOMES = {DIFFERENT: 2, OPEN: 1}


def render_index(folder: Path, found: Sequence[Earlier]) -> str:
    """The page, as HTML.

    Parameters
    ----------
    folder : pathlib.Path
        Where the page will be.
    found : sequence of Earlier
        The newest last.
    """
    rows = [
        {**each._asdict(), "address": _address(folder, each), "compared": _compared(each)}
        for each in reversed(found[-MOST:])
    ]
    script = (ASSETS / "index.js").read_text(encoding="utf-8")
    return ENVIRONMENT.get_template("index.html").render(
        rows=rows,
        left_out=max(0, len(found) - MOST),
        compared=[row["compared"] for row in rows],
        script=markupsafe.Markup(script),
        hashes=script_hash(script),
    )


def _address(folder: Path, each: Earlier) -> str:
    """Of its own page, from this one."""
    return quote(os.path.relpath(each.page, folder).replace(os.sep, "/"))


def _compared(each: Earlier) -> Optional[Dict[str, Any]]:
    """What two of them are compared by; None of a sweep, or of what is no longer whole."""
    record = read_record(Path(each.page).with_name("parity.json"), COMPARISON)
    with contextlib.suppress(TypeError, ValueError, LookupError, AttributeError):
        runs = record["runs"]
        last = runs[-1]
        made = {
            "seconds": f"{each.seconds:g}",
            "seed": each.seeds,
            "targets": ", ".join(str(run["target"]) for run in runs),
            "runs of the CPU": str(sum(map(int, record["spread"].values()))),
            "fingerprint of the model": str(last["fingerprint"]),
            **{str(name): str(value) for name, value in last["settings"].items()},
            **{str(name): str(value) for name, value in last["versions"].items()},
        }
        return {
            "name": f"{each.model}, {each.made}",
            "model": each.model,
            "outcome": each.outcome,
            "verdict": str(record["verdict"]),
            "made": made,
            "changes": _counted(last["changes"]),
            "effects": _effects(record["effects"]),
        }
    return None


def _counted(changes: Sequence[Mapping[str, Any]]) -> Dict[str, int]:
    """How many changes each rule asked for."""
    counts: Dict[str, int] = {}
    for change in changes:
        counts[str(change["rule"])] = counts.get(str(change["rule"]), 0) + 1
    return counts


def _effects(records: Sequence[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """Of each trace and quantity the worst effect, and where it is in its margin."""
    words = {}
    found = []
    for record in records:
        low, high = (math.nan if end is None else float(end) for end in record["margin"])
        effect = Effect(
            trace=str(record["trace"]), quantity=QUANTITIES[record["quantity"]].name,
            where=str(record["where"]), value=float(record["value"]), low=math.nan, high=math.nan,
            margin=(low, high), build=math.nan, p=math.nan, outcome=str(record["outcome"]),
        )  # fmt: skip
        found.append(effect)
        words[effect] = str(record["words"])
    ranked = worst_first(worst_of_each(found))
    return [
        {
            "of": effect.trace,
            "quantity": effect.quantity,
            "words": words[effect][len(effect.trace) :].lstrip(":, "),
            "outcome": effect.outcome,
            "at": _or_none(effect.in_margins(effect.value)),
        }
        for effect in sorted(ranked, key=lambda e: -OUTCOMES.get(e.outcome, 0))[:MOST_EFFECTS]
    ]


def _or_none(number: float) -> Optional[float]:
    return number if math.isfinite(number) else None
