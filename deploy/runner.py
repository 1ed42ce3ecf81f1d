"""Run one task of a bundle: ``python -m deploy.runner BUNDLE --task 0 --out FOLDER``.

What a job does on the other machine; it runs anywhere. Results are written beside and renamed,
and a record with their SHA-256 sums comes last: a task without it is not complete.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, List, Optional

from deploy.atomic import atomic_write
from deploy.errors import BadInput, DeployError


def run_task(bundle: Path, task: int, out: Path) -> Path:
    """Run a task, and write its traces and its record.

    Parameters
    ----------
    bundle : pathlib.Path
    task : int
        Index of its seed.
    out : pathlib.Path

    Returns
    -------
    pathlib.Path
        Of the record.
    """
    import deploy
    from deploy.inrc.bundle import unpack

    with tempfile.TemporaryDirectory(prefix="loihi-deploy-") as scratch:
        spec = unpack(bundle.read_bytes(), Path(scratch))
        seeds: List[int] = spec["seeds"]
        if not 0 <= task < len(seeds):
            raise BadInput(f"the bundle has tasks 0 to {len(seeds) - 1}, not {task}")
        model = spec["model"]
        if spec["file"]:
            model = str(Path(scratch) / "model" / spec["file"]) + spec["suffix"]
        traces = deploy.run(model, spec["duration"], spec["target"], seeds[task], dt=spec["dt"])
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        saved = traces.save(out / f"{task}.npz")
    record = {
        "task": task,
        "seed": seeds[task],
        "target": traces.target,
        "file": saved.name,
        "bytes": saved.stat().st_size,
        "sha256": hashlib.sha256(saved.read_bytes()).hexdigest(),
        "complete": True,
    }
    with atomic_write(out / f"{task}.json") as stream:
        stream.write(json.dumps(record, sort_keys=True).encode())
    return out / f"{task}.json"


def main(arguments: Optional[List[str]] = None) -> int:
    """Exit codes as of the command line: 0 ok, 2 bad input, 3 target not available."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--task", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    asked: Any = parser.parse_args(arguments)
    try:
        print(run_task(asked.bundle, asked.task, asked.out))
    except DeployError as error:
        print(f"loihi-deploy runner: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"loihi-deploy runner: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
