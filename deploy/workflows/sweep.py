"""One model over many seeds, on all cores."""

from __future__ import annotations

import html
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import nengo
import numpy as np

from deploy.emulator.silicon import Silicon
from deploy.errors import BadInput, DeployError
from deploy.files.atomic import atomic_write
from deploy.files.places import check_files, not_made
from deploy.lessons import lesson_pictures
from deploy.models.fingerprint import fingerprint
from deploy.models.loaded import Model
from deploy.models.same_model import IDENTITY, NOT_KNOWN, OTHERS, RULE, SameModel
from deploy.models.user_code import user_code
from deploy.parity.comparison import NO_PARITY, NOT_TESTED, NOTHING, OPEN_, PARITY
from deploy.parity.evidence import same_samples
from deploy.parity.tolerances import Tolerance
from deploy.report.earlier import PAGE, SWEEP
from deploy.report.page import render
from deploy.report.sweep_page import Group, render_sweeps, worst_seeds_first
from deploy.shown import bounded
from deploy.targets import check_engine, check_silicon, find_target
from deploy.traces.traces import HOST_ONLY, Traces
from deploy.workflows.given import (
    RUNS_A_SEED,
    STEP,
    check_number_of_runs,
    check_targets,
    checked_seeds,
    step_of,
    steps_of,
)
from deploy.workflows.parity import Parity, parity_of
from deploy.workflows.processes import at_once, stop_if_asked
from deploy.workflows.processes import spread as on_all_cores
from deploy.workflows.run import run
from deploy.workflows.spread import spread_of
from loihi_rules import fix_seeds

ANOTHER_A_SEED = (
    "the file gives another model each time it is executed: each seed is of a model of its own"
)
OF_ITS_OWN = (
    "the network has a seed of its own, {seed}, which stands for all: leave it out, or write a "
    "function that takes seed and returns the network, and each seed draws other neurons"
)
NOTHING_VARIES = "what is said of how figures vary over them says nothing"
NOTHING_DRAWN = "nothing in it is drawn by the seed, and one run tells all: leave out --seeds"
MADE_ANEW = (
    "that may be another each time, so that all runs are made anew where the sweep is resumed; "
    "give such values as parameters"
)
RECORD = "sweep.json"
MOST_PAGES = 3  # of seeds, the worst ones
WORST_FIRST = (NO_PARITY, NOT_TESTED, NOTHING, OPEN_, PARITY)
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
    def notes(self) -> Tuple[str, ...]:
        """What bears on how far seeds can be compared with each other."""
        runs = [run_ for parity in self.parities for run_ in parity.runs]
        if len(self.parities) > 1 and not self._vary:
            return (f"all seeds gave the same run, sample for sample; {NOTHING_VARIES}",)
        if any(change["rule"] == RULE for run_ in runs for change in run_.changes):
            return (f"{ANOTHER_A_SEED}; {OTHERS}",)
        not_known = dict.fromkeys(each for r in runs for each in r.settings.get(NOT_KNOWN, ()))
        if not_known:
            return (f"{', '.join(not_known)}: {MADE_ANEW}",)
        return ()

    @property
    def _vary(self) -> bool:
        """Whether a seed made another run than the first did."""
        first = self.parities[0]
        return any(not is_one_run(first, other) for other in self.parities[1:])

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

    def __repr__(self) -> str:
        return f"<Sweep: {self.verdict}>"

    @property
    def worst(self) -> int:
        """The seed that differs most."""
        return worst_seeds_first(self.seeds, self.parities)[0]

    def save(self, folder: Union[str, Path]) -> Path:
        """Write ``report.html`` and ``sweep.json``, and a page of each of the worst seeds.

        Parameters
        ----------
        folder : str or pathlib.Path
            Where the sweep's runs are.

        Returns
        -------
        pathlib.Path
            Of the report.

        Raises
        ------
        BadInput
            If it cannot be written.
        """
        folder = Path(folder)
        by_seed = dict(zip(self.seeds, self.parities))
        pages: Dict[int, str] = {}
        for seed in worst_seeds_first(self.seeds, self.parities)[:MOST_PAGES]:
            own = folder / f"seed-{seed}"
            make_folder(own)
            write_text(own / PAGE, render(by_seed[seed], lesson_pictures(by_seed[seed])))
            pages[seed] = f"seed-{seed}/{PAGE}"
        return self.write_page(folder, pages)

    def write_page(self, folder: Path, pages: Mapping[int, str]) -> Path:
        """Write ``report.html`` and ``sweep.json``, where seeds have their own pages already.

        Parameters
        ----------
        folder : pathlib.Path
            That is there.
        pages : mapping of int to str
            Of some seeds, by their addresses from this page.
        """
        name = str(self.parities[0].reference.model)
        title = f"{name}, {len(self.seeds)} seeds"
        write_text(folder / PAGE, render_sweeps(title, [self.group(name, pages)]))
        record = json.dumps(bounded(self.to_dict()), indent=1, ensure_ascii=False)
        write_text(folder / RECORD, record + "\n")
        return folder / PAGE

    def group(self, name: str, pages: Mapping[int, str]) -> Group:
        """What a page of one model or several has of it."""
        figures = self.table()
        return Group(name, self.verdict, self.seeds, self.parities, figures, pages, self.notes)

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
        last = self.parities[0].other
        return {
            "format": SWEEP,
            "created": max(parity.other.created for parity in self.parities),
            "model": str(last.settings.get("model") or last.model),
            "target": last.target,
            "seconds": last.duration,
            "ok": self.ok,
            "verdict": self.verdict,
            "notes": list(self.notes),
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
    spread: int = RUNS_A_SEED,
    progress: Optional[Progress] = None,
    silicon: Optional[Mapping[str, Any]] = None,
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
        continues where it was.
    tolerances : mapping of str to Tolerance, optional
        As for `deploy.compare`.
    spread : int
        By how many equally good CPU runs each seed is judged, as `deploy.compare` does; 0 for one
        pair of runs a seed alone.
    progress : callable, optional
        Called with the number of runs done and of runs in all, without those of spreads.
    silicon : mapping of str to str, optional
        As for `deploy.run`; of the targets that have silicon modes.
    options
        ``dt``, ``engine`` and ``ideals``, as for `deploy.run`.

    Raises
    ------
    BadInput, TargetUnavailable
        As `deploy.run`; or if two seeds give the same run, sample for sample. The runs that were
        complete are kept in ``folder``.
    """
    seeds = checked_seeds(seeds)
    check_targets(targets)
    modes = Silicon.of(silicon or {})
    check_silicon(targets, modes)
    check_engine(targets, options.get("engine", "fast"))
    if spread != 0:
        check_number_of_runs(spread)
    processes = at_once(processes)
    steps_of(duration, options.get("dt") or STEP)  # a bad value fails before the pool starts
    if folder is not None:
        folder = Path(folder)
        runs = [_path(folder, seed, target) for seed in seeds for target in targets]
        # those that are there may be all that is wanted of them
        check_files([folder / PAGE, folder / RECORD, *(r for r in runs if not os.path.isfile(r))])
        make_folder(folder)

    made: Dict[int, Parity] = {}
    same = SameModel(model)
    if isinstance(model, nengo.Network):
        same.load(seeds[0])  # before anything runs, of which its nodes may remember something
    shared = (same, duration, targets, folder, tolerances, spread, modes, options)
    for seed, parity in on_all_cores(_of_seed, seeds, processes, *shared):
        made[seed] = parity
        if len(made) == 2:
            _check_that_seeds_vary(made, same)
        if progress is not None:
            progress(len(made) * len(targets), len(seeds) * len(targets))
    return Sweep(tuple(seeds), tuple(made[seed] for seed in seeds))


def is_one_run(one: Parity, other: Parity) -> bool:
    """Whether two seeds gave the same run: on each target the same samples of the same traces."""
    if HOST_ONLY in one.other.record:  # which is said
        return False
    return all(
        set(a.traces) == set(b.traces) == same_samples(a, b)
        and any(trace.sparse or trace.samples.size for trace in a)
        for a, b in zip(one.runs, other.runs)
    )


def _check_that_seeds_vary(made: Mapping[int, Parity], same: SameModel) -> None:
    """Refuse a sweep whose first two runs are one: so would all of them be.

    Whether a seed makes any difference shows in the samples alone: functions may draw by it what
    no network has in it.

    Raises
    ------
    BadInput
    """
    (first, one), (second, other) = sorted(made.items())
    if not is_one_run(one, other):
        return
    loaded = same.load(first)
    own = loaded.network.seed
    drawn = own is not None and not loaded.is_one_of_its_kind and loaded.network.all_ensembles
    raise BadInput(
        f"{loaded.name}: seeds {first} and {second} give the same run, sample for sample; "
        f"{OF_ITS_OWN.format(seed=own) if drawn else NOTHING_DRAWN}"
    )


def make_folder(folder: Path) -> None:
    """Private, if it is not there yet."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise not_made(folder, error) from None


def write_text(path: Path, text: str) -> None:
    """A file that is whole or not there."""
    with atomic_write(path) as stream:
        stream.write(text.encode())


def _of_seed(
    seed: int,
    same: SameModel,
    duration: float,
    targets: Sequence[str],
    folder: Optional[Path],
    tolerances: Optional[Mapping[str, Tolerance]],
    n_runs: int,
    modes: Silicon,
    options: Mapping[str, Any],
) -> Parity:
    """One seed on every target: runs of one model, some of them perhaps of an earlier sweep."""
    kept = [None] * len(targets) if folder is None else _kept(folder, same, seed, targets)
    dt = step_of(options.get("dt"), same.load(seed))
    wanted = (seed, dt, steps_of(duration, dt))
    runs = []
    for target, there in zip(targets, kept):
        silicon = modes.of_target(find_target(target).has_silicon_modes)
        engine = find_target(target).engine_of(options.get("engine", "fast"))
        if (
            there is not None
            and (there.seed, there.dt, there.n_steps) == wanted
            and there.is_of_silicon(silicon)
        ):
            runs.append(there)
            continue
        loaded = same.load(seed)
        traces = run(
            loaded,
            duration,
            target,
            seed,
            progress=stop_if_asked,
            silicon=silicon,
            **{**options, "engine": engine},
        )
        if folder is not None:
            path = _path(folder, seed, target)
            make_folder(path.parent)
            traces.save(path)
        runs.append(traces)
    yardstick = spread_of(runs, same, duration, seed, n_runs, options.get("ideals"))
    return parity_of(runs, yardstick, tolerances)


def _path(folder: Path, seed: int, target: str) -> Path:
    return folder / f"seed-{seed}" / f"{target}.npz"


def _kept(
    folder: Path, same: SameModel, seed: int, targets: Sequence[str]
) -> List[Optional[Traces]]:
    """Earlier runs of a seed, if they are whole and of this model.

    Where a file gives another model each time, runs stand that are of one model, on every target,
    and of the file as it is now. Where functions look at what nobody knows before they are called,
    none do.
    """
    there: List[Optional[Traces]] = []
    for target in targets:
        try:
            there.append(Traces.load(_path(folder, seed, target)))
        except DeployError:
            there.append(None)
    if not any(there):
        return there
    loaded = same.load(seed)
    if NOT_KNOWN in loaded.settings:
        return [None] * len(targets)
    with user_code(loaded.source):
        mark = fingerprint(fix_seeds(loaded.network, seed).network)
    now = (mark, loaded.settings.get(IDENTITY), loaded.settings.get("file"))
    marks = [_mark(run_) if run_ is not None else None for run_ in there]
    kept = [run_ if own == now else None for run_, own in zip(there, marks)]
    if any(kept) or same.is_repeatable(seed):
        return kept
    is_one = len(set(marks)) == 1 and marks[0] is not None and marks[0][-1] == now[-1]
    return there if is_one else kept


def _mark(traces: Traces) -> Tuple[Optional[str], ...]:
    """What runs of one model have in common: the network, what its functions read, the file."""
    return traces.fingerprint, traces.settings.get(IDENTITY), traces.settings.get("file")
