"""How a job comes by its boards: a module for each ``take`` of a site.

Each has ``start(job)``, which gives the job's id, or what went wrong; ``stop(job)``, which gives
why it could not; ``states(job)``, state and reason by task; and ``is_lost(job, states)``, whether
nobody knows of what was started.
"""

from . import process, slurm

SCHEDULERS = {"sbatch": slurm, "nxsdk": process, "process": process}


def scheduler_of(job):
    return SCHEDULERS[job["take"]]
