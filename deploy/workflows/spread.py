"""Make a model's spread: CPU runs that are equally good, on all cores, kept for the next time."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from deploy.errors import DeployError
from deploy.files.cache import cache_folder
from deploy.files.private import is_private, private_folder
from deploy.models.loaded import Model
from deploy.models.same_model import SameModel
from deploy.models.variants import Variant
from deploy.parity.spread import KIND, Spread, trimmed
from deploy.traces.traces import HOST_ONLY, Traces
from deploy.workflows.given import RUNS, check_number_of_runs, step_of
from deploy.workflows.processes import at_once, stop_if_asked
from deploy.workflows.processes import spread as on_all_cores
from deploy.workflows.run import Progress, run

LARGEST = 500_000_000  # bytes of samples that are kept


def spread(
    model: Union[Model, SameModel],
    duration: float,
    seed: int = 0,
    *,
    runs: int = RUNS,
    dt: Optional[float] = None,
    ideals: Optional[Mapping[str, str]] = None,
    processes: Optional[int] = None,
    progress: Optional[Progress] = None,
    reference: Optional[Traces] = None,
    known: Optional[Spread] = None,
) -> Spread:
    """How much equally good CPU runs of a model differ.

    A quarter of the runs are *repeats*: the same neurons with other initial voltages. The others
    are *builds*: other neurons as well. Signals are the same in all. A spread is kept in the
    user's cache folder beside the model's fingerprint, and is there at once the next time.

    Parameters
    ----------
    model, duration, seed, dt, ideals
        As for `deploy.run`.
    runs : int
        How many, besides the model as it is.
    processes : int, optional
        How many at once; one a core if not given.
    progress : callable, optional
        Called with ``"spread"``, runs done and runs in all.
    reference : Traces, optional
        The CPU run of the model as it is, where it was made already.
    known : Spread, optional
        A smaller spread of the same model and length, whose runs are not made again.

    Returns
    -------
    Spread

    Raises
    ------
    BadInput, TargetUnavailable
        As `deploy.run`; or if there are too few runs.
    """
    check_number_of_runs(runs)
    processes = at_once(processes)
    same = SameModel(model)
    dt = step_of(dt, same.load(seed))
    if reference is None:
        reference = run(same.load(seed), duration, "cpu", seed, dt=dt, ideals=ideals)
    reference = trimmed(reference, weights=True)
    path = _kept(reference, runs)
    there = _there(path)
    if there is not None:
        return there
    options = {"duration": duration, "seed": seed, "dt": dt, "ideals": ideals}
    variants = variants_of(runs)
    made = _made(known)
    missing = [variant for variant in variants if variant not in made]
    work: Iterable[Tuple[Variant, Traces]]
    if processes == 1:  # here, as within one of a sweep's processes
        work = ((variant, _one(variant, same, options)) for variant in missing)
    else:
        work = on_all_cores(_one, missing, processes, same, options)
    for variant, traces in work:
        made[variant] = traces
        if progress is not None:
            progress("spread", len(made), len(variants))
    repeats = [made[v] for v in variants if v.neurons is None]
    builds = [made[v] for v in variants if v.neurons is not None]
    found = Spread((reference, *repeats), tuple(builds))
    _keep(found, path)
    return found


def spread_of(
    runs: Sequence[Traces],
    same: SameModel,
    duration: float,
    seed: int,
    n_runs: int,
    ideals: Optional[Mapping[str, str]] = None,
) -> Optional[Spread]:
    """The spread of a model whose CPU run is there, made in this process.

    Parameters
    ----------
    runs : sequence of Traces
        Of the model, the CPU's first, if it ran there.
    same : SameModel
    duration, seed, ideals
        Of the runs.
    n_runs : int
        As for `spread`; 0 for none.

    Returns
    -------
    Spread or None
        None where there is none to be had: without a CPU run, of neurons that no other could
        stand in for, or where nothing is on the chip.
    """
    alone = same.load(seed).is_one_of_its_kind or HOST_ONLY in runs[-1].record
    if not n_runs or alone or runs[0].target != "cpu":
        return None
    return spread(
        same, duration, seed, runs=n_runs, dt=runs[0].dt, ideals=ideals, processes=1,
        reference=runs[0],
    )  # fmt: skip


def variants_of(runs: int) -> List[Variant]:
    """The variants of a spread; a larger one has those of a smaller one among them."""
    repeats = max(2, runs // 4)  # they are precise; of builds there are seldom enough
    return [Variant(k + 1) for k in range(repeats)] + [
        Variant(1000 + k, 2000 + k) for k in range(runs - repeats)
    ]


def _made(known: Optional[Spread]) -> Dict[Variant, Traces]:
    """The runs of a spread by their variants."""
    if known is None:
        return {}
    runs = (*known.repeats[1:], *known.builds)
    return {Variant(**run_.settings["variant"]): run_ for run_ in runs}


def _one(variant: Variant, same: SameModel, options: Mapping[str, Any]) -> Traces:
    given = dict(options)
    loaded = same.load(given["seed"])
    traces = run(
        loaded, given.pop("duration"), "cpu", progress=stop_if_asked, variant=variant, **given
    )
    return trimmed(traces, weights=variant.neurons is None)


# --------------------------------------------------------------------- kept for the next time


def _kept(reference: Traces, runs: int) -> Optional[Path]:
    """Where a spread is kept; None if nothing is to be.

    The reference's own samples are part of the name: a fingerprint does not see what a node's
    function has enclosed, nor what is in a file that it reads.
    """
    folder = cache_folder("spreads")
    if folder is None:
        return None
    digest = hashlib.sha256()
    versions = {name: importlib.metadata.version(name) for name in ("nengo", "numpy")}
    variants = [asdict(variant) for variant in variants_of(runs)]
    settings = [KIND.version, reference.seed, reference.dt, reference.n_steps, variants, versions]
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for name, array in sorted(reference.arrays().items()):
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return folder / f"{reference.fingerprint[:16]}-{digest.hexdigest()[:16]}.npz"


def _there(path: Optional[Path]) -> Optional[Spread]:
    if path is None:
        return None
    with contextlib.suppress(DeployError, OSError):
        if is_private(path.parent) and is_private(path):
            return Spread.load(path)
    return None


def _keep(found: Spread, path: Optional[Path]) -> None:
    size = sum(array.nbytes for run in _all(found) for array in run.arrays().values())
    if path is None or size > LARGEST:
        return
    with contextlib.suppress(DeployError, OSError):  # a full or read-only disk keeps nothing
        private_folder(path.parent)
        found.save(path)


def _all(found: Spread) -> Tuple[Traces, ...]:
    return (*found.repeats, *found.builds)
