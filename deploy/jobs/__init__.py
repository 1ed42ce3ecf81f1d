"""Jobs on a cluster of boards: bundles, sites, and the way there and back.

`site` says where and how, `bundle` packs what runs, `link` reaches the place, `agent` is what runs
there beside Slurm, `job` is what the laptop knows of a job.

>>> from pathlib import Path
>>> from deploy import jobs
>>> tasks = [jobs.Task("pes-connection", seed, duration=8.0) for seed in range(20)]
>>> job = jobs.prepare(tasks, site="inrc")                      # doctest: +SKIP
>>> jobs.submit(job), jobs.wait(job), jobs.fetch(job)           # doctest: +SKIP
>>> jobs.compare(job, Path("comparison"))                       # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from loihi_rules.lazy import lazily

if TYPE_CHECKING:
    from deploy.jobs.comparing import compare
    from deploy.jobs.job import Job, Task, find_job
    from deploy.jobs.preparing import Options, prepare
    from deploy.jobs.remote import cancel, logs, status, submit, wait
    from deploy.jobs.results import Fetched, fetch, load_result, reference
    from deploy.jobs.states import State, Status

__all__ = [
    "Fetched",
    "Job",
    "Options",
    "State",
    "Status",
    "Task",
    "cancel",
    "compare",
    "fetch",
    "find_job",
    "load_result",
    "logs",
    "prepare",
    "reference",
    "status",
    "submit",
    "wait",
]

__getattr__, __dir__ = lazily(
    "deploy.jobs",
    {
        "comparing": ("compare",),
        "job": ("Job", "Task", "find_job"),
        "preparing": ("Options", "prepare"),
        "remote": ("cancel", "logs", "status", "submit", "wait"),
        "results": ("Fetched", "fetch", "load_result", "reference"),
        "states": ("State", "Status"),
    },
)
