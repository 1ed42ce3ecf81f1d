"""``loihi-deploy`` as on a laptop of its own, in a process that can be killed."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, NamedTuple, Optional, Tuple

from deploy.cli import COMMANDS


class Done(NamedTuple):
    """What a command left."""

    code: int
    stdout: str
    stderr: str
    memory: int = 0  # KiB, the most that the kernel has counted of it

    @property
    def clear(self) -> bool:
        """Whether what went wrong is one line without a traceback."""
        lines = self.stderr.strip().splitlines()
        told_of_tasks = all("task " in line for line in lines)  # a line for each
        return "Traceback" not in self.stderr + self.stdout and (len(lines) <= 1 or told_of_tasks)


class Laptop:
    """Runs commands as forks of this process, which has them imported already.

    Parameters
    ----------
    folder : pathlib.Path
        Its home; jobs are kept there.
    settings : mapping of str to str
        Of the cluster; see `daemons.Cluster.settings`.
    """

    def __init__(self, folder: Path, settings: Dict[str, str]):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for name in COMMANDS:
            importlib.import_module(f"deploy.cli.{name}")
        self.environment = {**settings, "XDG_STATE_HOME": str(folder / "state")}

    def run(self, *arguments: object, kill_after: Optional[float] = None) -> Done:
        """Run a command to its end, or kill it after so many seconds."""
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            out, err = Path(scratch) / "out", Path(scratch) / "err"
            for path in (out, err):
                path.touch()  # it may be killed before it opens them
            pid = os.fork()
            if pid == 0:
                self._be_the_command([str(word) for word in arguments], out, err)
            code, memory = self._wait(pid, kill_after)
            texts = (path.read_text(errors="surrogateescape") for path in (out, err))
            return Done(code, *texts, memory)

    def _wait(self, pid: int, kill_after: Optional[float]) -> Tuple[int, int]:
        if kill_after is not None:
            end = time.monotonic() + kill_after
            while time.monotonic() < end:
                found, status, used = os.wait4(pid, os.WNOHANG)
                if found:
                    return os.waitstatus_to_exitcode(status), used.ru_maxrss
                time.sleep(0.005)
            os.kill(pid, signal.SIGKILL)
        _, status, used = os.wait4(pid, 0)
        return os.waitstatus_to_exitcode(status), used.ru_maxrss

    def _be_the_command(self, words, out: Path, err: Path) -> None:
        try:
            for path, number in ((out, 1), (err, 2)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            os.chdir(self.folder)
            os.environ.update(self.environment)
            for name, number in (("stdout", 1), ("stderr", 2)):
                setattr(sys, name, os.fdopen(number, "w", closefd=False))
            from deploy.cli.main import main

            code = 0
            try:
                code = main(words)
            except SystemExit as end:
                code = end.code
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 0)
        except BaseException:
            import traceback

            traceback.print_exc()
            sys.stderr.flush()
            os._exit(70)
