"""Jobs without an array of Slurm's: a process of our own on this machine, its tasks in turn.

Its proof of life is a lock, which it holds from before it is started, and which its children
inherit. A number alone proves nothing: it may be a stranger's by now. So none is signalled whose
group does not have the lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Dict, Optional

from .folder import HERE, Answer, Reported, Settings, complete, own_words, read, stored_id, write

LOCK = "alive.lock"


def start(job: Settings) -> Answer:
    with (HERE / LOCK).open("w") as lock, (HERE / "log" / "all.log").open("ab") as log:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return {"error": "an earlier process of this job is still there; cancel it first"}
        started = subprocess.Popen(
            own_words(job, "all"),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[lock.fileno()],
        )
    write(HERE / "jobid", f"process {started.pid} {socket.gethostname()}\n")
    return {"id": stored_id(), "new": True}


def stop(job: Settings) -> str:
    """Why it cannot be stopped; empty where it was, or is over."""
    _, group, host = stored_id().split()
    if host != socket.gethostname():
        return f"it runs on {host}; cancel it there"
    if not is_alive():
        return ""
    if not has_lock(int(group)):
        return "what runs it is not what was started; it is left alone"
    with contextlib.suppress(ProcessLookupError):
        os.killpg(int(group), signal.SIGTERM)
    return ""


def states(job: Settings) -> Dict[int, Reported]:
    """Of tasks that are still to end, as Slurm would call them."""
    if not is_alive():
        return {}
    left = [n for n in range(job["tasks"]) if not complete(n) and not read(HERE / "ended" / str(n))]
    begun = {n: bool(read(HERE / "started" / str(n))) for n in left}
    return {n: Reported("RUNNING" if begun[n] else "PENDING") for n in left}


def is_lost(job: Settings, known: Optional[Dict[int, Reported]] = None) -> bool:
    """What was started is known by its lock."""
    return False


def has_lock(group: int) -> bool:
    """Whether one of a process group has the lock open, as Linux says; elsewhere it is believed."""
    if group <= 1 or group == os.getpgrp():
        return False
    own = Path("/proc/self/fd")
    if not own.is_dir():
        return True
    lock = os.stat(str(HERE / LOCK))
    for process in own.parent.parent.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone, or another user's
            if os.getpgid(int(process.name)) == group:
                for descriptor in (process / "fd").iterdir():
                    with contextlib.suppress(OSError):
                        if os.path.samestat(lock, descriptor.stat()):
                            return True
    return False


def is_alive() -> bool:
    with contextlib.suppress(FileNotFoundError), (HERE / LOCK).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False
