"""Commands about sites and jobs."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, List, Optional

import click

import deploy
from deploy.console import duration_of, print_table, seeds_of
from deploy.inrc import job as work
from deploy.inrc.site import TEMPLATE, find_site, load_sites, sites_file
from deploy.parity import compare_runs
from deploy.report.folder import staged_folder

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


@click.group(invoke_without_command=True)
@click.pass_context
def sites(context: click.Context) -> None:
    """List the sites where jobs can run; see also: sites check NAME, sites template."""
    if context.invoked_subcommand is None:
        rows = [
            [s.name, s.host or "this machine", "Slurm" if s.slurm else "a process", s.partition]
            for s in load_sites().values()
        ]
        print_table(["site", "reached by", "jobs are", "partition"], rows)
        click.echo(f"sites are written in {sites_file()}")


@sites.command("check")
@click.argument("name")
@as_json
def check(name: str, as_json: bool) -> None:
    """Try each step of a site, and say what fails."""
    found = work.check_site(find_site(name))
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
@click.option("--duration", type=float, help="Seconds of model time.")
@click.option("--dt", type=float, default=0.001, show_default=True, help="Step in seconds.")
@click.option(
    "--wait", is_flag=True, help="Until it is over; then fetch, and compare with the CPU."
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="With --wait: folder of the reports, one a seed."
)
@as_json
def submit(
    model: str,
    site: str,
    target: str,
    seeds: str,
    duration: Optional[float],
    dt: float,
    wait: bool,
    out: Optional[Path],
    as_json: bool,
) -> None:
    """Send MODEL to a site, a task for each seed; the same job is never sent twice.

    If the way breaks anywhere, submit again: it finds what is there.
    """
    job = work.prepare(model, duration_of(model, duration), site, target, seeds_of(seeds), dt)
    answer = work.submit(job)
    if not as_json:
        again = "" if answer.get("new") else ", as it was already"
        click.echo(f"job {job.name}: {answer['id']} at {site}, {len(job.seeds)} tasks{again}")
    elif not wait:
        click.echo(json.dumps({"name": job.name, **answer}))
    if wait:
        ended = work.wait(job)
        _tell(ended, as_json)
        sys.exit(_compare(job, out or Path("comparison") / job.name, as_json))


@click.command()
@click.argument("name")
@as_json
def status(name: str, as_json: bool) -> None:
    """Say how far a job is."""
    answer = work.status(work.find_job(name))
    if as_json:
        click.echo(json.dumps(answer, indent=1))
    else:
        _tell(answer, as_json)
    failed = any(task["state"] == "failed" for task in answer["tasks"].values())
    sys.exit(1 if failed else 0)


@click.command()
@click.argument("name")
@click.option("--task", type=click.IntRange(min=0), default=0, show_default=True)
def logs(name: str, task: int) -> None:
    """Print the end of a task's log."""
    click.echo(work.logs(work.find_job(name), task))


@click.command()
@click.argument("name")
@as_json
def fetch(name: str, as_json: bool) -> None:
    """Bring a job's results here, and check them."""
    job = work.find_job(name)
    found = work.fetch(job)
    told = {"results": str(job.folder / "results"), "complete": len(found), "of": len(job.seeds)}
    click.echo(
        json.dumps(told)
        if as_json
        else f"{told['complete']} of {told['of']} tasks: {told['results']}"
    )


@click.command()
@click.argument("name")
def cancel(name: str) -> None:
    """Stop a job."""
    work.cancel(work.find_job(name))
    click.echo(f"job {name}: cancelled")


@click.command()
@as_json
def jobs(as_json: bool) -> None:
    """List the jobs that were submitted from here."""
    known = work.all_jobs()
    if as_json:
        click.echo(json.dumps([asdict(job) for job in known], indent=1))
        return
    print_table(
        ["job", "site", "model", "target", "tasks"],
        [[j.name, j.site, j.model, j.target, str(len(j.seeds))] for j in known],
    )


def _compare(job: work.Job, out: Path, as_json: bool) -> int:
    """Fetch, run the CPU reference for each seed, and write a report for each."""
    found = work.fetch(job)
    if not found:
        return 1
    good = True
    for traces in found:
        folder = out if len(job.seeds) == 1 else out / f"seed-{traces.seed}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        reference = deploy.run(job.model, job.duration, "cpu", traces.seed, dt=job.dt)
        with staged_folder(folder) as stage:
            parity = compare_runs([reference, traces])
            parity.write(stage)
        good = good and parity.ok
        if as_json:
            click.echo(json.dumps({**parity.to_dict(), "report": str(folder / "report.html")}))
        else:
            click.echo(f"{parity.verdict}\nreport: {folder / 'report.html'}")
    return 0 if good and len(found) == len(job.seeds) else 1


def _tell(answer: Dict[str, Any], as_json: bool) -> None:
    if as_json:
        return
    states: Dict[str, List[str]] = {}
    for number, task in answer["tasks"].items():
        states.setdefault(task["state"], []).append(str(number))
    for state, numbers in states.items():
        click.echo(f"{state}: {len(numbers)}")
    for number, task in answer["tasks"].items():
        if task["state"] == "failed":
            last = (task.get("log") or "no log").strip().splitlines()[-1:]
            click.echo(f"task {number} {task['why']}: {''.join(last)}")
