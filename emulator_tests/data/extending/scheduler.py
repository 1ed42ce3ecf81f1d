"""All tasks of a job at once, each a process of its own on this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import Dict, List, Optional

from .folder import HERE, Answer, Reported, Settings, complete, own_words, stored_id, write


def start(job: Settings) -> Answer:
    pids = []
    for number in range(job["tasks"]):
        with (HERE / "log" / f"{number}.log").open("ab") as log:
            task = subprocess.Popen(
                own_words(job, "task"),
                env={**os.environ, "SLURM_ARRAY_TASK_ID": str(number)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        pids.append(str(task.pid))
    write(HERE / "jobid", f"side by side: {' '.join(pids)}\n")
    return {"id": stored_id(), "new": True}


def stop(job: Settings) -> str:
    for pid in _pids():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    return ""


def states(job: Settings) -> Dict[int, Reported]:
    return {
        number: Reported("RUNNING")
        for number, pid in enumerate(_pids())
        if not complete(number) and _is_there(pid)
    }


def is_lost(job: Settings, known: Optional[Dict[int, Reported]] = None) -> bool:
    return False


def _pids() -> List[int]:
    return [int(pid) for pid in stored_id().partition(": ")[2].split()]


def _is_there(pid: int) -> bool:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"
    return False
