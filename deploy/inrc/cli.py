"""Commands about sites and jobs."""

from __future__ import annotations

import itertools
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import click
from rich.live import Live
from rich.table import Table

from deploy.console import duration_of, print_table, seeds_of
from deploy.errors import BadInput
from deploy.inrc import remote
from deploy.inrc.job import Job, Task, all_jobs, find_job
from deploy.inrc.prepare import MOST_TASKS, Options, prepare
from deploy.inrc.results import Fetched, load_result, reference
from deploy.inrc.results import fetch as fetch_results
from deploy.inrc.site import TEMPLATE, find_site, load_sites, sites_file
from deploy.inrc.states import Status
from deploy.model import with_parameters
from deploy.parity import Parity, compare_runs
from deploy.report.folder import staged_folder

FOLLOW = 2.0  # s between two looks at a log or a status
MOST_LINES = 20  # of failed tasks, one a task

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
into = click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the reports; one in it a task."
)


@click.group(invoke_without_command=True)
@click.pass_context
def sites(context: click.Context) -> None:
    """List the sites where jobs can run; see also: sites check NAME, sites template."""
    if context.invoked_subcommand is None:
        rows = [
            [s.name, s.host or "this machine", s.take, s.partition, " ".join(s.python_words)]
            for s in load_sites().values()
        ]
        print_table(["site", "reached by", "jobs by", "partition", "Python"], rows)
        click.echo(f"sites are written in {sites_file()}")


@sites.command("check")
@click.argument("name")
@as_json
def check(name: str, as_json: bool) -> None:
    """Try each step of a site, and say what fails."""
    found = remote.check_site(find_site(name))
    if as_json:
        click.echo(json.dumps(found, indent=1))
    else:
        print_table(
            ["step", "works", ""],
            [[f["step"], "yes" if f["works"] else "NO", f["told"]] for f in found],
        )
    sys.exit(0 if all(f["works"] for f in found) else 3)


@sites.command("template")
def template() -> None:
    """Print a file of sites to start from."""
    click.echo(TEMPLATE, nl=False)


@click.command()
@click.argument("model")
@click.option("--site", required=True, help="See: loihi-deploy sites.")
@click.option("--target", default="emulator", show_default=True)
@click.option("--seeds", default="0", show_default=True, help="FIRST:END, or with commas.")
@click.option("-p", "parameters", multiple=True, metavar="NAME=VALUE", help="Of the model.")
@click.option(
    "--sweep", multiple=True, metavar="NAME=A,B,…", help="A task for each value; with several, all."
)
@click.option("--duration", type=float, help="Seconds of model time.")
@click.option("--dt", type=float, default=0.001, show_default=True, help="Step in seconds.")
@click.option("--weights", type=click.Path(path_type=Path), help="Learnt ones, put into MODEL.")
@click.option("--learn-on", is_flag=True, help="Go on learning from --weights.")
@click.option("--fan-in", type=int, help="Keep so many of --weights into each neuron.")
@click.option(
    "--beside",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A file that MODEL reads; it is put beside it.",
)
@click.option("--again", is_flag=True, help="If tasks have failed, start them once more.")
@click.option(
    "--wait", is_flag=True, help="Until it is over; then fetch, and compare with the CPU."
)
@into
@as_json
def submit(
    model: str,
    site: str,
    target: str,
    seeds: str,
    parameters: Tuple[str, ...],
    sweep: Tuple[str, ...],
    duration: Optional[float],
    dt: float,
    weights: Optional[Path],
    learn_on: bool,
    fan_in: Optional[int],
    beside: Tuple[Path, ...],
    again: bool,
    wait: bool,
    out: Optional[Path],
    as_json: bool,
) -> None:
    """Send MODEL to a site, a task for each seed; the same job is never sent twice.

    If the way breaks anywhere, submit again: it finds what is there.
    """
    tasks = [
        Task(typed, seed, duration_of(typed, duration, [seed]))
        for typed in _models(model, parameters, sweep)
        for seed in seeds_of(seeds)
    ]
    job = prepare(tasks, site, Options(target, dt, weights, learn_on, fan_in, beside))
    answer = remote.submit(job, again)
    if not as_json:
        known = "" if answer["new"] else ", as it was already"
        click.echo(f"job {job.name}: {answer['id']} at {site}, {_tasks(len(job.tasks))}{known}")
    elif not wait:
        click.echo(json.dumps({"name": job.name, **answer}))
    if wait:
        found = remote.wait(job)
        if not as_json:
            _tell(found)
        sys.exit(_bring(job, out, as_json, True))


@click.command()
@click.argument("name")
@click.option("--watch", is_flag=True, help="Until it is over.")
@as_json
def status(name: str, watch: bool, as_json: bool) -> None:
    """Say how far a job is."""
    job = find_job(name)
    if watch and sys.stdout.isatty():
        with Live(refresh_per_second=2) as live:
            found = remote.wait(job, lambda now: live.update(_table(now)))
    elif watch:
        last: List[Any] = []

        def tell_changes(now: Status) -> None:
            if last != [now.counts]:
                last[:] = [now.counts]
                click.echo(f"{time.strftime('%H:%M:%S')} {_counts(now)}")

        found = remote.wait(job, None if as_json else tell_changes)
    else:
        found = remote.status(job)
    if as_json:
        tasks = [asdict(task) for task in found.tasks]
        click.echo(json.dumps({"id": found.id, "tasks": tasks}, indent=1))
    else:
        _tell(found)
    sys.exit(1 if found.failed else 0)


@click.command()
@click.argument("name")
@click.option("--task", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--follow", is_flag=True, help="Go on until the task is over.")
def logs(name: str, task: int, follow: bool) -> None:
    """Print the end of a task's log."""
    job = find_job(name)
    if task >= len(job.tasks):
        raise BadInput(f"job {job.name} has tasks 0 to {len(job.tasks) - 1}, not {task}")
    text, offset = remote.logs(job, task)
    click.echo(text, nl=not text.endswith("\n"))
    while follow:
        over = remote.status(job).tasks[task].over  # before the log, of which this is then the end
        text, offset = remote.logs(job, task, offset)
        click.echo(text, nl=False)
        if over and not text:
            break
        time.sleep(0 if text else FOLLOW)


@click.command()
@click.argument("name")
@click.option("--no-compare", is_flag=True, help="Bring the results alone.")
@into
@as_json
def fetch(name: str, no_compare: bool, out: Optional[Path], as_json: bool) -> None:
    """Bring a job's results here, check them, and compare them with the CPU if all are there."""
    sys.exit(_bring(find_job(name), out, as_json, not no_compare))


@click.command()
@click.argument("name")
def cancel(name: str) -> None:
    """Stop a job."""
    job = find_job(name)
    remote.cancel(job)
    click.echo(f"job {job.name}: cancelled")


@click.command()
@as_json
def jobs(as_json: bool) -> None:
    """List the jobs that were submitted from here."""
    known = all_jobs()
    if as_json:
        told = [
            {**{key: getattr(j, key) for key in ("name", "site", "target")},
             "tasks": [task._asdict() for task in j.tasks]}
            for j in known
        ]  # fmt: skip
        click.echo(json.dumps(told, indent=1))
        return
    print_table(
        ["job", "site", "model", "target", "tasks"],
        [[j.name, j.site, j.model, j.target, str(len(j.tasks))] for j in known],
    )


def _models(model: str, parameters: Sequence[str], sweep: Sequence[str]) -> List[str]:
    """The model as it is typed, with each combination of the values of a sweep."""
    axes: List[List[str]] = []
    for text in sweep:
        name, equals, values = text.partition("=")
        if not (name.isidentifier() and equals and all(values.split(","))):
            raise BadInput(f"a sweep is written NAME=VALUE,VALUE,…, not {text!r}")
        axes.append([f"{name}={value}" for value in values.split(",")])
    n_models = 1
    for axis in axes:
        n_models *= len(axis)
    if n_models > MOST_TASKS:
        raise BadInput(f"the sweep has {n_models} combinations; at most {MOST_TASKS}")
    return [with_parameters(model, (*parameters, *chosen)) for chosen in itertools.product(*axes)]


def _tasks(n: int) -> str:
    return f"{n} task{'' if n == 1 else 's'}"


def _counts(found: Status) -> str:
    return ", ".join(f"{n} {state}" for state, n in found.counts.items())


def _table(found: Status) -> Table:
    table = Table(title=f"job {found.id}", box=None, pad_edge=False)
    for heading in ("state", "tasks", "which"):
        table.add_column(heading)
    for state, n in found.counts.items():
        which = [k for k, task in enumerate(found.tasks) if task.state == state]
        shown = ", ".join(map(str, which[:12])) + (" …" if len(which) > 12 else "")
        table.add_row(state, str(n), shown)
    return table


def _tell(found: Status) -> None:
    click.echo(_counts(found))
    for number in found.failed[:MOST_LINES]:
        task = found.tasks[number]
        click.echo(f"task {number} {task.why}" + (f": {task.last_line}" if task.log else ""))
    if len(found.failed) > MOST_LINES:
        click.echo(f"and {len(found.failed) - MOST_LINES} more that failed")
    waiting = {task.why for task in found.tasks if task.state == "pending" and task.why}
    for why in sorted(waiting - {"None"}):
        click.echo(f"pending: {why}")
    restarted = [n for n, task in enumerate(found.tasks) if task.restarts]
    if restarted:
        click.echo(f"requeued by Slurm: tasks {', '.join(map(str, restarted[:MOST_LINES]))}")


def _bring(job: Job, out: Optional[Path], as_json: bool, compare: bool) -> int:
    """Fetch, and compare with the CPU when everything is there; gives the exit code."""
    fetched = fetch_results(job)
    whole = len(fetched.complete) == len(job.tasks)
    reports: List[Dict[str, Any]] = []
    if compare and whole:
        reports = [
            _report(job, number, out or Path("comparison") / job.name, as_json)
            for number in fetched.complete
        ]
    if as_json:
        told = {
            "results": str(job.results), "complete": len(fetched.complete), "of": len(job.tasks),
            "partial": list(fetched.partial), "refused": list(fetched.refused), "reports": reports,
        }  # fmt: skip
        click.echo(json.dumps(told))
    else:
        _tell_fetched(job, fetched, reports)
    for line in fetched.refused:
        click.echo(f"loihi-deploy: {line}", err=True)
    if fetched.refused:
        return 2
    return 0 if all(each["ok"] for each in reports) and (whole or not compare) else 1


def _tell_fetched(job: Job, fetched: Fetched, reports: List[Dict[str, Any]]) -> None:
    within = sum(each["ok"] for each in reports)
    if len(reports) > 1:
        click.echo(f"{within} of {len(reports)} tasks have parity with the CPU")
    click.echo(f"{len(fetched.complete)} of {_tasks(len(job.tasks))} complete: {job.results}")
    for number in fetched.partial[:MOST_LINES]:
        click.echo(f"task {number} is PARTIAL: {job.results / f'{number}.partial.npz'}")


def _report(job: Job, number: int, out: Path, as_json: bool) -> Dict[str, Any]:
    """The parity of one task with the CPU, written as a report; only one is in memory at once."""
    task = job.tasks[number]
    folder = out
    if len(job.tasks) > 1:
        plain = "".join(c if c.isalnum() or c in "=.-" else "-" for c in task.parameters)
        folder = out / "-".join(filter(None, (plain, f"seed-{task.seed}")))
    folder.parent.mkdir(parents=True, exist_ok=True)
    parity: Parity = compare_runs([reference(job, number), load_result(job, number)])
    with staged_folder(folder) as stage:
        parity.write(stage)
    if not as_json:
        click.echo(f"{parity.verdict}\nreport: {folder / 'report.html'}")
    return {"task": number, "ok": parity.ok, "verdict": parity.verdict,
            "report": str(folder / "report.html")}  # fmt: skip
