"""``loihi-deploy`` of somebody who is attacked: each command a process that the kernel measures."""

from __future__ import annotations

import os
import re
import resource
import time
from pathlib import Path
from typing import Dict, NamedTuple, Optional, Sequence

from hardware_tests.cluster.laptop import Done, Laptop

# what a terminal obeys, or what turns the direction of reading; line feeds and tabs are ours
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
FORGED = re.compile(r"^\s*(PARITY|NO PARITY|loihi-deploy): forged", re.MULTILINE)
ERRORS = ("loihi-deploy",)
MOST_MEMORY = 300  # MiB beyond what the program itself takes
MOST_SECONDS = 60.0


class Violation(Exception):
    """What must not be."""


class Outcome(NamedTuple):
    """How a trial ended."""

    kind: str
    name: str
    seed: int
    good: bool
    what: str
    seconds: float
    memory: float  # MiB beyond what the program itself takes


class Victim(Laptop):
    """A laptop whose commands may be short of memory.

    Parameters
    ----------
    folder : pathlib.Path
        Its home, below which its site ``local`` is too.
    settings : mapping of str to str, optional
        Of its environment.
    """

    def __init__(self, folder: Path, settings: Optional[Dict[str, str]] = None):
        super().__init__(folder, {"HOME": str(folder), **(settings or {})})
        self.environment.setdefault("LOIHI_DEPLOY_SITES", str(folder / "sites.toml"))
        self.room: Optional[int] = None  # bytes of address space beyond what is in use
        self.most_memory = 0.0
        self.measure()

    def measure(self) -> None:
        """What the program itself takes: a fork has what this process has imported."""
        self.own = self.run("--version").memory

    def _be_the_command(self, words: Sequence[str], out: Path, err: Path) -> None:
        if self.room is not None:
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + self.room,) * 2)
        if words[0] == "runner":  # what jobs run, in the place of the command line
            from deploy.cli import main
            from deploy.jobs import runner

            main.main = lambda arguments: runner.main(arguments[1:])
        super()._be_the_command(words, out, err)

    def ask(self, *words: object, codes: Sequence[int] = (0, 1, 2, 3), lines: int = 1) -> Done:
        """Run a command, which may be refused; but clearly, harmlessly and within its budget.

        Parameters
        ----------
        words : object
        codes : sequence of int
            Exit codes that are right.
        lines : int
            Of errors, at the most.

        Raises
        ------
        Violation
        """
        begun = time.monotonic()
        done = self.run(*words, kill_after=2 * MOST_SECONDS)
        seconds = time.monotonic() - begun
        self.most_memory = max(self.most_memory, (done.memory - self.own) / 1024)
        said = done.stdout + done.stderr
        errors = [each for each in done.stderr.splitlines() if each.startswith(ERRORS)]
        if "Traceback" in said or done.code not in codes:
            raise Violation(f"unclear: {words[0]} ends with {done.code}: {said[-300:]!r}")
        if OBEYED.search(said) or FORGED.search(said):
            found = OBEYED.search(said) or FORGED.search(said)
            raise Violation(f"raw: {said[max(0, found.start() - 60) : found.end() + 60]!r}")
        if len(errors) > lines or (done.code in (2, 3) and not errors):
            raise Violation(f"unclear: {len(errors)} lines of errors: {done.stderr[-300:]!r}")
        if self.most_memory > MOST_MEMORY:
            raise Violation(f"dear: {self.most_memory:.0f} MiB by {words[0]}: {said[-200:]!r}")
        if seconds > MOST_SECONDS:
            raise Violation(f"dear: {seconds:.0f} s by {words[0]}: {said[-200:]!r}")
        return done


def is_gone(pid: int) -> bool:
    """Whether a process of ours has ended."""
    return os.waitpid(pid, os.WNOHANG)[0] == pid
