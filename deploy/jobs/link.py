"""The way to a site: commands and folders, over ssh and rsync, or copied on this machine."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path, PurePosixPath
from typing import Any, Dict, List, Optional, Sequence

from deploy.errors import TargetUnavailable
from deploy.jobs.calling import Silent, TooMuch, call
from deploy.jobs.copying import Wanted, copy_folder
from deploy.jobs.names import checked
from deploy.jobs.site import Site
from deploy.shown import one_line, printable

SSH_CONFIG = "LOIHI_DEPLOY_SSH_CONFIG"  # another file than ~/.ssh/config
PATIENCE = 180  # s, for one command
MOST_ANSWER = 16 * 2**20  # bytes


class Link:
    """Runs commands at a site, and brings folders there and back.

    The user's own ssh is used, with its configuration, keys and agent; it never asks for a
    password, and never takes an unknown host's key, whatever that configuration says.

    Parameters
    ----------
    site : Site
    """

    def __init__(self, site: Site):
        self.site = site
        config = os.environ.get(SSH_CONFIG)
        options = ("BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=15",
                   "ServerAliveInterval=10", "ForwardAgent=no")  # fmt: skip
        chosen = [word for option in options for word in ("-o", option)]
        self._ssh = ["ssh", *(["-F", config] if config else []), *chosen]

    def run(self, words: Sequence[str]) -> str:
        """What a command there prints.

        Raises
        ------
        TargetUnavailable
            If it cannot be reached, or fails; in one line.
        """
        if self.site.host:
            # both begin at home, where a path may be relative to
            there = [word[2:] if word.startswith("~/") else word for word in words]
            return self._call([*self._ssh, "--", self.site.host, shlex.join(there)], None, PATIENCE)
        return self._call([os.path.expanduser(word) for word in words], Path.home(), PATIENCE)

    def folder(self, name: str) -> str:
        """Of a job, there."""
        place = self.site.folder
        place = place[2:] if place.startswith("~/") else place
        return f"{place}/jobs/{checked('name', name, 'the name of a job')}"

    def send(self, source: Path, name: str) -> None:
        """Bring a folder's files into a job's folder there."""
        folder = PurePosixPath(self.folder(name))
        made = (folder.parent.parent, folder.parent, folder)  # each private, not the last alone
        self.run(["mkdir", "-p", "-m", "700", *map(str, made)])
        if not self.site.host:
            copy_folder(source, Path.home() / self.folder(name))
            return
        # by content: what is damaged there may have the right size and time
        self._rsync(f"{source}/", f"{self.site.host}:{self.folder(name)}/", "--checksum")

    def bring(self, name: str, wanted: Wanted, target: Path, here: Path) -> None:
        """Bring results of a job here, in one call.

        What has come of a file when the way breaks is kept in ``target``, and added to when it is
        asked for again.

        Parameters
        ----------
        name : str
        wanted : Wanted
        target : pathlib.Path
        here : pathlib.Path
            What is in this folder already, and unchanged, is not brought.

        Raises
        ------
        TargetUnavailable
            If it does not come whole, or more comes than such a job can have.
        """
        place = f"{self.folder(name)}/results"
        if not self.site.host:
            copy_folder(Path.home() / place, target, here, wanted)
            return
        rules = target.with_name(f"{target.name}.rules")
        rules.write_text(wanted.rules)
        options = (f"--max-size={wanted.most_bytes}", f"--compare-dest={here.resolve()}",
                   f"--filter=merge {rules}", "--partial-dir=.partial")  # fmt: skip
        source = f"{self.site.host}:{place}/"
        self._rsync(source, f"{target}/", *options, into=target, most_into=wanted.most_together)

    def ask(self, name: str, *words: str) -> Dict[str, Any]:
        """What the agent of a job answers.

        Raises
        ------
        TargetUnavailable
            If there is no answer, or none that can be read.
        """
        agent = f"{self.folder(name)}/agent/__main__.py"
        text = self.run([*self.site.python_words, agent, *words])
        try:
            answer = json.loads(text.strip().splitlines()[-1])
            if not isinstance(answer, dict):
                raise ValueError(text)
        except (ValueError, IndexError, RecursionError):
            raise TargetUnavailable(
                f"site {self.site.name}: gave no answer that can be read; ask again"
            ) from None
        for key in ("unreachable", "error"):
            if key in answer:
                raise TargetUnavailable(f"site {self.site.name}: {one_line(answer[key])[:300]}")
        return answer

    def _rsync(
        self,
        source: str,
        target: str,
        *options: str,
        into: Optional[Path] = None,
        most_into: int = 0,
    ) -> None:
        # its time is one without a byte: a slow line may take as long as it needs
        words = ["rsync", "--recursive", "--times", "--chmod=D700,F600", "--no-links"]
        words += [f"--timeout={PATIENCE}", *options, "-e", shlex.join(self._ssh)]
        self._call([*words, "--", source, target], None, None, into, most_into)

    def _call(
        self,
        command: List[str],
        cwd: Optional[Path],
        patience: Optional[float],
        into: Optional[Path] = None,
        most_into: int = 0,
    ) -> str:
        try:
            done = call(command, MOST_ANSWER, patience, cwd, into, most_into)
        except FileNotFoundError:
            raise TargetUnavailable(
                f"site {self.site.name}: {command[0]} is not installed here; install it, "
                "`loihi-deploy doctor` lists what is needed for what"
            ) from None
        except Silent:
            raise TargetUnavailable(
                f"site {self.site.name}: no answer within {PATIENCE} s; try again"
            ) from None
        except TooMuch:
            what = "answer" if into is None else "bring"
            raise TargetUnavailable(
                f"site {self.site.name}: it was about to {what} more than such a job can have, "
                "and was stopped"
            ) from None
        if done.code:
            lines = done.err.decode(errors="replace").strip().splitlines() or ["no message"]
            answer = printable(lines[-1])[:200]
            raise TargetUnavailable(f"site {self.site.name}: {command[0]}: {answer}")
        return done.out.decode(errors="replace")
