"""One model over many seeds, on all cores."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from deploy.errors import BadInput, DeployError
from deploy.models.fingerprint import fingerprint
from deploy.models.loading import Model, load_model
from deploy.models.user_code import user_code
from deploy.parity.comparison import NO_PARITY, NOTHING, OPEN_, PARITY
from deploy.parity.tolerances import Tolerance
from deploy.traces.traces import Traces
from deploy.workflows.parity import Parity, parity_of
from deploy.workflows.processes import at_once, spread, stop_if_asked
from deploy.workflows.run import run, steps_of
from loihi_rules import fix_seeds

WORST_FIRST = (NO_PARITY, NOTHING, OPEN_, PARITY)
Progress = Callable[[int, int], None]  # runs done, runs in all


@dataclass(frozen=True)
class Sweep:
    """What a sweep found, in the order of its seeds.

    Attributes
    ----------
    seeds : tuple of int
    parities : tuple of Parity
        One a seed: the last target against the first.
    """

    seeds: Tuple[int, ...]
    parities: Tuple[Parity, ...]

    @property
    def ok(self) -> bool:
        """Whether every seed is as a CPU run could be."""
        return all(parity.ok for parity in self.parities)

    @property
    def outcome(self) -> str:
        """As `Parity.outcome`, of all seeds together: the worst of them."""
        found = {parity.outcome for parity in self.parities}
        return next(each for each in WORST_FIRST if each in found)

    @property
    def verdict(self) -> str:
        """In words."""
        good = sum(parity.ok for parity in self.parities)
        first = self.parities[0]
        return (
            f"{self.outcome}: {good} of {len(self.parities)} seeds are as a CPU run could be, "
            f"{first.other.where} against {first.reference.where}"
        )

    def values(self, trace: str, metric: str) -> np.ndarray:
        """(n_seeds,) one figure of every seed; NaN where it was not measured."""
        found = [parity.value(trace, metric) for parity in self.parities]
        return np.array([np.nan if value is None else value for value in found])

    def table(self) -> List[Dict[str, Any]]:
        """Every figure's median, 10th and 90th percentile, lowest and highest value."""
        keys = dict.fromkeys((f.trace, f.metric, f.unit) for p in self.parities for f in p.figures)
        rows: List[Dict[str, Any]] = []
        for trace, metric, unit in keys:
            values = self.values(trace, metric)
            values = values[np.isfinite(values)]
            if not len(values):
                continue
            low, middle, high = np.percentile(values, [10, 50, 90])
            rows.append(
                {
                    "trace": trace,
                    "metric": metric,
                    "unit": unit,
                    "median": float(middle),
                    "10 %": float(low),
                    "90 %": float(high),
                    "lowest": float(values.min()),
                    "highest": float(values.max()),
                    "seeds": len(values),
                }
            )
        return rows

    def to_dict(self) -> Dict[str, Any]:
        """In terms of JSON."""
        return {
            "ok": self.ok,
            "verdict": self.verdict,
            "seeds": list(self.seeds),
            "outcomes": [parity.outcome for parity in self.parities],
            "within tolerance": [parity.ok for parity in self.parities],
            "figures": self.table(),
        }

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(r['trace'])}</td><td>{html.escape(r['metric'])}</td>"
            f"<td>{r['median']:.3g}</td><td>{r['lowest']:.3g}</td><td>{r['highest']:.3g}</td></tr>"
            for r in self.table()
        )
        return (
            f"<p><b>{html.escape(self.verdict)}</b></p><table><thead><tr><th>trace</th>"
            f"<th>figure</th><th>median</th><th>lowest</th><th>highest</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


def sweep(
    model: Model,
    duration: float,
    seeds: Sequence[int],
    targets: Sequence[str] = ("cpu", "emulator"),
    processes: Optional[int] = None,
    *,
    folder: Optional[Path] = None,
    tolerances: Optional[Mapping[str, Tolerance]] = None,
    progress: Optional[Progress] = None,
    **options: Any,
) -> Sweep:
    """Run a model over many seeds and compare its targets for each.

    The bits of a run depend on its seed alone, not on the order of the runs or on the
    number of processes. Each process computes with one thread.

    Parameters
    ----------
    model, duration
        As for `deploy.run`. A seed is given to the network where its author gave it
        none; to vary a network of your own, leave its seed out.
    seeds : sequence of int
    targets : sequence of str
        The reference first.
    processes : int, optional
        How many runs at once; one a core if not given.
    folder : pathlib.Path, optional
        Where every run is saved as ``seed-N/TARGET.npz``. Runs that are there already,
        of the same model and length, are not made again: a sweep that was stopped
        goes on where it was.
    tolerances : mapping of str to Tolerance, optional
        As for `deploy.compare`.
    progress : callable, optional
        Called with the number of runs done and of runs in all.
    options
        ``dt``, ``engine`` and ``ideals``, as for `deploy.run`.

    Raises
    ------
    BadInput, TargetUnavailable
        As `deploy.run`; the runs that were complete are kept in ``folder``.
    """
    seeds = [int(seed) for seed in seeds]
    if not seeds or len(set(seeds)) != len(seeds):
        raise BadInput("a sweep needs one seed at least, and each only once")
    if len(targets) < 2:
        raise BadInput("a sweep needs two targets at least, for example cpu,emulator")
    processes = at_once(processes)
    steps_of(duration, options.get("dt", 0.001))  # a bad value fails before the pool starts
    if folder is not None:
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"{folder}: cannot be written ({error.strerror})") from None

    jobs = [(seed, target) for seed in seeds for target in targets]
    made: Dict[Tuple[int, str], Traces] = {}
    for job, traces in spread(_one, jobs, processes, model, duration, folder, options):
        made[job] = traces
        if progress is not None:
            progress(len(made), len(jobs))
    return Sweep(
        tuple(seeds),
        tuple(
            parity_of([made[seed, target] for target in targets], tolerances=tolerances)
            for seed in seeds
        ),
    )


def _one(
    job: Tuple[int, str],
    model: Model,
    duration: float,
    folder: Optional[Path],
    options: Mapping[str, Any],
) -> Traces:
    seed, target = job
    path = None if folder is None else folder / f"seed-{seed}" / f"{target}.npz"
    if path is not None:
        dt = options.get("dt", 0.001)
        there = _there(path, model, seed, steps_of(duration, dt), dt)
        if there is not None:
            return there
    traces = run(model, duration, target, seed, progress=stop_if_asked, **options)
    if path is not None:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        traces.save(path)
    return traces


def _there(path: Path, model: Model, seed: int, n_steps: int, dt: float) -> Optional[Traces]:
    """An earlier run, if it is whole and of this model, length and step."""
    try:
        traces = Traces.load(path)
    except DeployError:
        return None
    loaded = load_model(model, seed)
    with user_code(loaded.source):
        mark = fingerprint(fix_seeds(loaded.network, seed).network)
    wanted = (seed, dt, mark, n_steps)
    found = (traces.seed, traces.dt, traces.fingerprint, traces.n_steps)
    return traces if found == wanted else None
