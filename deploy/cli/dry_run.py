"""What a job would send, and how long it may take."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Dict

from deploy.cli.console import print_table, say, say_json
from deploy.cli.job_tables import tasks_in_words
from deploy.emulator.silicon import Silicon
from deploy.targets import find_target

if TYPE_CHECKING:
    from deploy.jobs.job import Job
    from deploy.jobs.preparing import Packed

TRIED = 200  # steps of the first task that are run here, to know how long one takes


def print_dry_run(packed: Packed, as_json: bool) -> None:
    """Print a job that is not sent."""
    job = packed.job
    seconds = _seconds_of_a_task(job)
    total = sum(task.duration for task in job.tasks)
    if as_json:
        said: Dict[str, Any] = {
            "name": job.name, "site": job.site.name, "host": job.site.host, "target": job.target,
            "tasks": [task._asdict() for task in job.tasks], "files": dict(packed.files),
            "bytes": len(packed.data), "model seconds": total, "silicon": dict(job.silicon),
            "seconds of a task here": None if math.isnan(seconds) else seconds,
        }  # fmt: skip
        say_json(said)
        return
    where, tasks = job.site.host or "this machine", tasks_in_words(len(job.tasks))
    on = job.modes_on(job.target)
    modes = f" with {Silicon.of(on)}" if on else ""
    say(
        f"job {job.name} would go to {job.site.name} ({where}): {tasks} on {job.target}{modes}, "
        f"{total:g} s of model time in all"
    )
    own = {name: size for name, size in packed.files.items() if name.startswith("model/")}
    rest = sum(packed.files.values()) - sum(own.values())
    rows = [[name, f"{size:,}"] for name, size in own.items()]
    print_table(["file", "bytes"], [*rows, ["loihi-deploy itself, and what is to do", f"{rest:,}"]])
    if math.isnan(seconds):
        say(f"how long a task takes is not known, as {job.target} is not here")
    else:
        other = f"; {where} may be faster or slower" if job.site.host else ""
        say(f"a task takes some {_in_words(seconds)} on this machine{other}")
    say("nothing was sent")


def _seconds_of_a_task(job: Job) -> float:
    """Of the longest, from some steps of it that are run here; NaN if that cannot be."""
    from deploy.workflows.run import run  # loads Nengo

    if find_target(job.target).missing() is not None:
        return math.nan
    longest = max(job.tasks, key=lambda task: task.duration)
    times = []
    for steps in (1, TRIED):
        begun = time.perf_counter()
        run(
            longest.model, steps * job.dt, job.target, longest.seed, dt=job.dt,
            silicon=job.modes_on(job.target),
        )  # fmt: skip
        times.append(time.perf_counter() - begun)
    a_step = max(times[1] - times[0], 0.0) / (TRIED - 1)
    return times[0] + a_step * longest.duration / job.dt


def _in_words(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
