"""What jobs run: a task in a process of its own, or all of them one after another."""

from __future__ import annotations

import compileall
import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import List

from .folder import HERE, complete, generation, locked, read, settings, stored_id, write


def packages() -> Path:
    """Our packages out of the bundle, once for all jobs that bring the same.

    Python's own compiled modules are beside them; numba's cache is in the user's.
    """
    place = HERE.parent.parent / "packages" / settings()["packages"]
    with locked("packages.lock"):
        if not place.exists():
            beside = place.with_name(f".{place.name}.{os.getpid()}")
            try:
                unpack_packages(beside)
                # now or not at all: one written while the disk is full would stop every later job
                if not compileall.compile_dir(str(beside), quiet=2, ddir=str(place)):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))
                with contextlib.suppress(OSError):  # another job was faster
                    os.replace(str(beside), str(place))
            finally:
                shutil.rmtree(str(beside), ignore_errors=True)
    return place


def unpack_packages(folder: Path) -> None:
    with tarfile.open(str(HERE / "bundle.tar"), "r:") as tar:
        for entry in tar:
            parts = Path(entry.name).parts
            if entry.isfile() and parts[0] == "packages" and ".." not in parts:
                path = folder.joinpath(*parts[1:])
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                stream = tar.extractfile(entry)
                path.write_bytes(stream.read() if stream else b"")


def owns(array: str, attempt: int) -> bool:
    """Whether this array is the job's; the first of its generation that asks is."""
    with locked("owner.lock"):
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
    job, begun = settings(), time.time()
    restarts = int(os.environ.get("SLURM_RESTART_COUNT", "0"))
    write(HERE / "started" / str(number), json.dumps({"restarts": restarts}))
    with contextlib.suppress(FileNotFoundError):
        (HERE / "ended" / str(number)).unlink()
    environment = dict(os.environ, PYTHONPATH=str(packages()), PYTHONUNBUFFERED="1",
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
    if code and not complete(number):
        end = {"code": code, "stopped": bool(stopped), "seconds": time.time() - begun}
        write(HERE / "ended" / str(number), json.dumps(end))
    return code if code >= 0 else 128 - code


def every_task(attempt: int) -> int:
    """One after another, until one is stopped."""
    worst = 0
    for number in range(settings()["tasks"]):
        code = task(number, attempt)
        worst = max(worst, code)
        if code in (128 + signal.SIGTERM, 128 + signal.SIGKILL):
            break
    return worst
