"""How a job comes by its boards: a module for each ``take`` of a site.

To add one, write a module with the functions of `Scheduler`, and list it.
"""

from __future__ import annotations

from typing import Dict, Optional, Protocol

from . import process, slurm
from .folder import Answer, Reported, Settings


class Scheduler(Protocol):
    """What each module has."""

    def start(self, job: Settings) -> Answer:
        """The job's id, or what went wrong."""

    def stop(self, job: Settings) -> str:
        """Why it cannot be stopped; empty where it was."""

    def states(self, job: Settings) -> Dict[int, Reported]:
        """Of tasks, by number."""

    def is_lost(self, job: Settings, known: Optional[Dict[int, Reported]] = None) -> bool:
        """Whether nobody knows of what was started; ``known`` are its states, if asked for."""


SCHEDULERS: Dict[str, Scheduler] = {"sbatch": slurm, "nxsdk": process, "process": process}


def scheduler_of(job: Settings) -> Scheduler:
    return SCHEDULERS[job["take"]]
