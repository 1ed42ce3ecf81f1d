"""Run one task of a bundle: ``python -m deploy.jobs.runner BUNDLE --task 0 --out FOLDER``.

What a job does on the other machine; it runs anywhere. Results are written beside and renamed,
and a record with their SHA-256 sums comes last: a task without it is not complete. While it runs
it writes parts (`deploy.traces.parts`), which are there if it is stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, List, Mapping, NamedTuple, Optional

import deploy
from deploy.errors import BadInput, DeployError
from deploy.files.atomic import atomic_write
from deploy.jobs.bundle import WEIGHTS, unpack
from deploy.jobs.names import checked
from deploy.models.loaded import LoadedModel
from deploy.shown import one_line
from deploy.traces.parts import PartWriter
from deploy.workflows.freeze import load_with_weights


class TaskInputs(NamedTuple):
    """What a task of a bundle asks for; durations and steps in seconds.

    ``spelled`` is its model as `load_model` takes it, without weights that were sent with it.
    Silicon modes are those of its target.
    """

    model: LoadedModel
    spelled: str
    target: str
    seed: int
    duration: float
    dt: float
    part_every: float
    silicon: Mapping[str, str]


def open_task(bundle: Path, task: int, scratch: Path) -> TaskInputs:
    """Unpack a bundle, and load the model of one of its tasks.

    Parameters
    ----------
    bundle : pathlib.Path
    task : int
    scratch : pathlib.Path
        An empty folder for its files.

    Raises
    ------
    BadInput
        If it is no bundle, or has no such task, or the model cannot be loaded.
    """
    try:
        spec = unpack(bundle.read_bytes(), scratch)
    except OSError as error:
        raise BadInput(f"{bundle}: cannot be read ({error.strerror})") from None
    try:
        tasks: List[Mapping[str, Any]] = spec["tasks"]
        if not 0 <= task < len(tasks):
            raise BadInput(f"the bundle has tasks 0 to {len(tasks) - 1}, not {task}")
        asked = tasks[task]
        seed, model = int(asked["seed"]), str(asked["model"])
        if spec["file"]:
            model = (
                str(scratch / "model" / checked("name", spec["file"], "the model's file")) + model
            )
        weights = scratch / WEIGHTS if spec["weights"] else None
        options = {key: (spec["weights"] or {}).get(key) for key in ("learn", "fan_in")}
        numbers = float(asked["duration"]), float(spec["dt"]), float(spec["part_every"])
        target = str(spec["target"])
        silicon = dict(spec.get("silicon", {}))  # which earlier versions do not write
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{bundle}: its specification lacks something ({error})") from None
    loaded = load_with_weights(model, seed, weights, bool(options["learn"]), options["fan_in"])
    return TaskInputs(loaded, model, target, seed, *numbers, silicon)


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
    with tempfile.TemporaryDirectory(prefix="loihi-deploy-") as scratch:
        asked = open_task(bundle, task, Path(scratch))
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        parts = PartWriter(out / f"{task}.parts", asked.part_every)
        signal.signal(signal.SIGTERM, parts.stop)
        traces = deploy.run(
            asked.model,
            asked.duration,
            asked.target,
            asked.seed,
            dt=asked.dt,
            parts=parts,
            silicon=asked.silicon,
        )
        saved = traces.save(out / f"{task}.npz")
    record = {
        "task": task,
        "seed": asked.seed,
        "target": traces.target,
        "file": saved.name,
        "bytes": saved.stat().st_size,
        "sha256": hashlib.sha256(saved.read_bytes()).hexdigest(),
        "complete": True,
    }
    with atomic_write(out / f"{task}.json") as stream:
        stream.write(json.dumps(record, sort_keys=True).encode())
    parts.forget()
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
        lacking = isinstance(error.__cause__, (FileNotFoundError, ModuleNotFoundError))
        hint = "; a file that the model needs is sent by submit --beside FILE" if lacking else ""
        print(one_line(f"loihi-deploy runner: {error}{hint}"), file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"loihi-deploy runner: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
