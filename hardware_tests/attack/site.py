"""A job's folder as at a site, with its agent, beside a Slurm that is pretended."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

from deploy.jobs.preparing import AGENT
from hardware_tests.attack import pretend_slurm
from hardware_tests.attack.victim import Violation

NAME = "oja-0123456789ab"


class Site:
    """One job, of so many tasks.

    Parameters
    ----------
    folder : pathlib.Path
        A new one.
    tasks : int
    take : str
    books : bool
        Whether Slurm keeps some.
    """

    def __init__(self, folder: Path, tasks: int = 1, take: str = "sbatch", books: bool = False):
        self.here = folder / "jobs" / NAME
        self.here.mkdir(parents=True)
        shutil.copytree(AGENT, self.here / "agent", ignore=shutil.ignore_patterns("__pycache__"))
        (self.here / "bundle.tar").write_bytes(b"x")
        settings = {"name": NAME, "sha256": hashlib.sha256(b"x").hexdigest(), "tasks": tasks,
                    "take": take, "python": [sys.executable], "partition": "", "board": "",
                    "time_limit": "", "at_once": 2, "environment": {}, "packages": ""}  # fmt: skip
        (self.here / "settings.json").write_text(json.dumps(settings))
        pretend_slurm.install(folder / "bin")
        self.file = folder / "slurm.json"
        self.n_tasks = tasks
        self.environment = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}",
                            "PRETEND_SLURM": str(self.file)}  # fmt: skip
        self.slurm = {"jobs": [], "books": [] if books else None, "kept": 300, "next": 5,
                      "calls": []}  # fmt: skip

    @property
    def slurm(self) -> Dict[str, Any]:
        """What Slurm knows."""
        return json.loads(self.file.read_text())

    @slurm.setter
    def slurm(self, known: Dict[str, Any]) -> None:
        self.file.write_text(json.dumps(known))

    def job(self, number: int) -> Optional[Dict[str, Any]]:
        """Slurm's of this id and name."""
        found = [j for j in self.slurm["jobs"] if j["id"] == number and j["name"].startswith(NAME)]
        return found[0] if found else None

    @property
    def submissions(self) -> int:
        """How often sbatch was called."""
        return self.slurm["calls"].count("sbatch")

    def ask(self, command: str, error: bool = False) -> Dict[str, Any]:
        """What the agent answers; an error only where there may be one.

        Raises
        ------
        Violation
        """
        words = [sys.executable, str(self.here / "agent" / "__main__.py"), command]
        done = subprocess.run(
            words, env=self.environment, capture_output=True, text=True, timeout=60, check=False,
            start_new_session=True,
        )  # fmt: skip
        if done.returncode or done.stderr.strip():
            raise Violation(f"unclear: {command} ends with {done.returncode}: {done.stderr[-300:]}")
        answer = json.loads(done.stdout)
        if not error and {"error", "unreachable"} & set(answer):
            raise Violation(f"refused: {command} says {answer}")
        return answer

    def states(self) -> List[str]:
        """Of each task."""
        tasks = self.ask("status")["tasks"]
        return [tasks[str(n)]["state"] for n in range(self.n_tasks)]


def new_site(draw: random.Random, **how: Any) -> Site:
    """In a folder that goes with this process's own temporary ones."""
    return Site(Path(tempfile.mkdtemp(prefix=f"site-{draw.randrange(10**6)}-")), **how)
