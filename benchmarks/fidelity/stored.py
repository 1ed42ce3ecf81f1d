"""Figures in a file: what was measured, seed by seed, for readers and to be used again.

Nengo core's figures do not depend on this project, so that a later run may take them from the file.
Those of the emulators stand with the commit that gave them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Mapping

from benchmarks.fidelity.measuring import Job, Measured
from deploy.errors import BadInput


def read(path: Path) -> Dict[Job, Measured]:
    """Runs by what they were; nothing if there is no such file.

    Raises
    ------
    BadInput
        If it is not such a file.
    """
    if not path.exists():
        return {}
    try:
        stored: Dict[str, Any] = dict(json.loads(path.read_text(encoding="utf-8")).items())
        return {
            Job(name, target, int(seed)): Measured(
                float("nan") if figure is None else figure, tuple(warnings), seconds, *code
            )
            for name, targets in stored.items()
            for target, seeds in targets.items()
            for seed, (figure, warnings, seconds, *code) in seeds.items()
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} does not hold figures ({error}); choose another file") from error


def write(path: Path, found: Mapping[Job, Measured]) -> None:
    """All runs, by name, target and seed: figure, warnings, seconds, commit."""
    stored: Dict[str, Dict[str, Dict[str, list]]] = {}
    for job, run in sorted(found.items()):
        figure = None if run.figure != run.figure else run.figure
        chips = job.target != "cpu"
        entry = [figure, list(run.warnings) if chips else [], round(run.seconds, 3)]
        entry += [run.code] if chips else []
        stored.setdefault(job.name, {}).setdefault(job.target, {})[str(job.seed)] = entry
    lines = (f"{json.dumps(name)}: {json.dumps(runs)}" for name, runs in stored.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
