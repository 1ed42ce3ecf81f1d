"""Every task of a job compared with the CPU, on all cores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, Mapping, Optional
from urllib.parse import quote

from deploy.jobs.job import BETWEEN, Job, report_folder
from deploy.jobs.results import load_result, run_here, sent
from deploy.models.same_model import SameModel
from deploy.report.earlier import PAGE
from deploy.report.sweep_page import render_sweeps
from deploy.traces.traces import Traces
from deploy.workflows.given import RUNS_A_SEED
from deploy.workflows.parity import Parity, parity_of
from deploy.workflows.processes import at_once, spread, stop_if_asked
from deploy.workflows.spread import spread_of
from deploy.workflows.sweep import Sweep, write_text

Progress = Callable[[int, int], None]  # tasks done, tasks in all


def compare(
    job: Job,
    folder: Path,
    processes: Optional[int] = None,
    progress: Optional[Progress] = None,
) -> Dict[str, Sweep]:
    """Run the CPU reference of each task from what was sent, and write a report of each.

    Of several tasks one of all of them too, in the folder itself.

    Each is judged by CPU runs of its own, as the seeds of a sweep are.

    Of a board's tasks the emulator's run is between the two: what is the emulator's, and what the
    board's own.

    Parameters
    ----------
    job : Job
        All of whose tasks were fetched.
    folder : pathlib.Path
        Of the report; if there are several tasks, of `report_folder` for each.
    processes : int, optional
        How many at once; one a core if not given.
    progress : callable, optional
        Called with the number of tasks done and of tasks in all.

    Returns
    -------
    dict of str to Sweep
        Of each model, as it was typed: its seeds, and their parities, with learning curves and no
        other samples.

    Raises
    ------
    BadInput
        If a result or its model cannot be loaded, or a report cannot be written.
    """
    numbers = range(len(job.tasks))
    made: Dict[int, Parity] = {}
    for number, parity in spread(_one, numbers, at_once(processes), job, folder):
        made[number] = parity
        if progress is not None:
            progress(len(made), len(numbers))
    of_model: Dict[str, Dict[int, Parity]] = {}
    for number, task in enumerate(job.tasks):
        of_model.setdefault(task.model, {})[task.seed] = made[number]
    found = {model: Sweep(tuple(m), tuple(m.values())) for model, m in of_model.items()}
    if len(job.tasks) > 1:
        _write_page(job, folder, found)
    return found


def _write_page(job: Job, folder: Path, found: Mapping[str, Sweep]) -> None:
    """The page of all tasks, with a link to each one's own."""
    pages: Dict[str, Dict[int, str]] = {}
    for number, task in enumerate(job.tasks):
        own = report_folder(job.tasks, number, folder).relative_to(folder).as_posix()
        pages.setdefault(task.model, {})[task.seed] = quote(f"{own}/{PAGE}")
    if len(found) == 1:
        ((model, alone),) = found.items()
        alone.write_page(folder, pages[model])
        return
    groups = [each.group(model, pages[model]) for model, each in found.items()]
    write_text(folder / PAGE, render_sweeps(f"Job {job.name}", groups))


def _one(number: int, job: Job, folder: Path) -> Parity:
    targets = ("cpu", *BETWEEN.get(job.target, ()))
    here = [run_here(job, number, target, progress=stop_if_asked) for target in targets]
    runs = [*here, load_result(job, number)]
    with sent(job, number) as asked:
        same = SameModel(asked.model if asked.model.is_one_of_its_kind else asked.spelled)
        yardstick = spread_of(runs, same, asked.duration, asked.seed, RUNS_A_SEED)
    parity = parity_of(runs, yardstick)
    parity.save(report_folder(job.tasks, number, folder))
    return replace(parity, runs=tuple(map(_learning_alone, parity.runs)))


def _learning_alone(run: Traces) -> Traces:
    """A run with what its learning curves are drawn from: those of many tasks fit into memory."""
    kept = {label: trace for label, trace in run.traces.items() if trace.kind == "error"}
    return replace(run, traces=kept, learned=())
