"""loihi-deploy submit"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Iterable, List, Optional, Sequence, Tuple

import click

from deploy.cli import completion
from deploy.cli.bringing import bring, check_pages, into
from deploy.cli.console import say, say_json
from deploy.cli.dry_run import print_dry_run
from deploy.cli.job_tables import print_status, tasks_in_words
from deploy.cli.options import (
    as_json,
    dt_option,
    duration_option,
    parameter_option,
    silicon_option,
    weights_options,
)
from deploy.cli.reading import begun, check_run, check_weights_file, model_of, seeds_of
from deploy.emulator.silicon import Silicon
from deploy.errors import BadInput
from deploy.jobs import remote
from deploy.jobs.job import BETWEEN, MOST_TASKS, Task
from deploy.jobs.site import find_site
from deploy.targets import check_silicon


@click.command()
@click.argument("model", shell_complete=completion.models)
@click.option(
    "--site",
    required=True,
    shell_complete=completion.sites,
    help="See: loihi-deploy sites.",
)
@click.option("--target", default="emulator", show_default=True, shell_complete=completion.targets)
@click.option("--seeds", default="0", show_default=True, help="FIRST:END, or with commas.")
@parameter_option
@click.option(
    "--sweep", multiple=True, metavar="NAME=A,B,…", help="A task for each value; with several, all."
)
@duration_option
@dt_option
@weights_options
@silicon_option
@click.option(
    "--beside",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A file that MODEL reads; it is put beside it.",
)
@click.option("--again", is_flag=True, help="Start tasks once more that ended without a result.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Say what would be sent, and how long it may take; send nothing.",
)
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
    dt: Optional[float],
    weights: Optional[Path],
    learn_on: bool,
    fan_in: Optional[int],
    silicon: Tuple[str, ...],
    beside: Tuple[Path, ...],
    again: bool,
    dry_run: bool,
    wait: bool,
    out: Optional[Path],
    as_json: bool,
) -> None:
    """Send MODEL to a site, a task for each seed; the same job is never sent twice.

    If the way breaks anywhere, submit again: it finds what is there.
    """
    find_site(site)
    if out is not None and not wait:
        raise BadInput("--out is for the reports that --wait makes; give both, or none")
    modes = Silicon.read(silicon)
    check_silicon([target, *BETWEEN.get(target, ())], modes)
    wanted = seeds_of(seeds)
    check_weights_file(weights, learn_on, fan_in)
    timed = [
        (typed, seed, check_run(typed, [], [seed], duration, dt))
        for typed in _models(model, parameters, sweep)
        for seed in wanted
    ]
    tasks = [Task(typed, seed, timing.seconds) for typed, seed, timing in timed]
    if out is not None:
        check_pages(tasks, out)
    step = _one_step(timing.dt for _, _, timing in timed)
    spelled, first_seed, _ = timed[0]
    first = begun(spelled, first_seed)
    from deploy.jobs.preparing import Options, pack, prepare  # loads Nengo

    there = {} if isinstance(first, str) else {spelled: first}
    options = Options(target, step, weights, learn_on, fan_in, beside, silicon=modes, begun=there)
    if dry_run:
        print_dry_run(pack(tasks, site, options), as_json)
        return
    job = prepare(tasks, site, options)
    answer = remote.submit(job, again)
    if not as_json:
        known = "" if answer["new"] else ", as it was already"
        known += "; it was cancelled, and --again starts it once more" * answer["cancelled"]
        say(f"job {job.name}: {answer['id']} at {site}, {tasks_in_words(len(job.tasks))}{known}")
    elif not wait:
        say_json({"name": job.name, **answer}, None)
    if wait:
        found = remote.wait(job, resubmit=lambda: True)  # what this command is for
        if not as_json:
            print_status(found)
        sys.exit(bring(job, out, as_json, True))


def _one_step(steps: Iterable[float]) -> float:
    """The step of all tasks of a job, which has one."""
    found: List[float] = sorted(set(steps))
    if len(found) != 1:
        each = ", ".join(f"{step:g} s" for step in found)
        raise BadInput(f"all tasks of a job have one step, not {each}; submit them one by one")
    return found[0]


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
    return [model_of(model, (*parameters, *chosen)) for chosen in itertools.product(*axes)]
