"""The known reasons of what fails, kept beside the code and compared with what was measured."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict, List, Mapping

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PATH = Path(__file__).with_name("reasons.toml")


def read_reasons(path: Path = PATH) -> Dict[str, str]:
    """Cell or program to the reason why it fails.

    Raises
    ------
    ValueError
        If one has two reasons.
    """
    reasons: Dict[str, str] = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("reason", []):
        for name in entry["of"]:
            if name in reasons:
                raise ValueError(f"{name!r} has two reasons in {path.name}")
            reasons[name] = entry["why"]
    return reasons


def faults(reasons: Mapping[str, str], verdicts: Mapping[str, Any]) -> List[str]:
    """What is wrong with the reasons, given what was measured; in words, a line each.

    Parameters
    ----------
    reasons : mapping of str to str
        Of all cells and programs; those that were not measured are left alone.
    verdicts : mapping of str to benchmarks.fidelity.judging.Verdict
        Of those that were measured.
    """
    passes = [
        f"{name} passes, but is said to fail because {reasons[name]!r}"
        for name, verdict in verdicts.items()
        if verdict.ok and name in reasons
    ]
    unexplained = [
        f"{name} fails without a reason: {verdict.why}"
        for name, verdict in verdicts.items()
        if not verdict.ok and name not in reasons
    ]
    return passes + unexplained
