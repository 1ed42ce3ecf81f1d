"""What jobs run: a task in a process of its own, or all of them one after another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import List

from .folder import (
    HERE,
    complete,
    forget,
    generation,
    locked,
    note,
    read,
    settings,
    stored_id,
    was_cancelled,
    write,
)
from .packages import Damaged, check_bundle, packages


def owns(array: str, attempt: int) -> bool:
    """Whether this array is the job's; the first of its generation that asks is."""
    with locked(HERE / "owner.lock"):
        if attempt != generation():
            return False
        if not read(HERE / "owner"):
            write(HERE / "owner", array + "\n")
        return read(HERE / "owner") == array


def task(number: int, attempt: int) -> int:
    """Run one; what is complete is not run again, whoever asks."""
    array = os.environ.get("SLURM_ARRAY_JOB_ID", "")
    if array and not owns(array, attempt):
        print(f"array {array} is a second one of this job, which {stored_id()} runs")
        return 0
    if complete(number):
        return 0
    if was_cancelled():  # before it began, or it was queued again after that
        print("the job was cancelled; this task of it is not run")
        return 0
    job, begun = settings(), time.time()
    note("started", number, restarts=int(os.environ.get("SLURM_RESTART_COUNT", "0")))
    for earlier in ("ended", "said"):
        forget(earlier, number)
    try:
        check_bundle()
        place = packages()
    except Damaged as error:
        return ended_early(number, str(error))
    except OSError as error:
        return ended_early(number, f"{error.filename or HERE}: {error.strerror}")
    environment = dict(os.environ, PYTHONPATH=str(place), PYTHONUNBUFFERED="1",
                       PYTHONDONTWRITEBYTECODE="1")  # fmt: skip
    environment.setdefault("OMP_NUM_THREADS", "1")
    environment.update(job.get("environment", {}))
    words = [sys.executable, "-m", "deploy.jobs.runner", str(HERE / "bundle.tar"),
             "--task", str(number), "--out", str(HERE / "results")]  # fmt: skip
    stopped: List[float] = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(time.time()))
    # it inherits the lock by which a process is known to live
    running = subprocess.Popen(words, env=environment, cwd=str(HERE), close_fds=False)
    passed_on = False
    while running.poll() is None:
        if stopped and not passed_on:  # the runner saves what it has
            running.send_signal(signal.SIGTERM)
            passed_on = True
        time.sleep(0.05)
    code = running.returncode
    note_end(number, code, bool(stopped), begun)
    return code if code >= 0 else 128 - code


def note_end(number: int, code: int, stopped: bool, begun: float) -> None:
    now = time.time()
    try:
        note("ended", number, code=code, stopped=stopped, seconds=now - begun, time=now)
    except OSError as error:  # on a full disk the log has it
        print(f"loihi-deploy agent: ended with {code} ({error.strerror})", file=sys.stderr)


def ended_early(number: int, why: str) -> int:
    """Before there was anything to run, which the log says."""
    print(f"loihi-deploy agent: {why}", file=sys.stderr, flush=True)
    note_end(number, 2, False, time.time())
    return 2


def every_task(attempt: int) -> int:
    """One after another, until one is stopped."""
    worst = 0
    for number in range(settings()["tasks"]):
        code = task(number, attempt)
        worst = max(worst, code)
        if code in (128 + signal.SIGTERM, 128 + signal.SIGKILL):
            break
    return worst
