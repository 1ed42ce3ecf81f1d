"""What can be asked of a job's site."""

from __future__ import annotations

import shutil
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from deploy.errors import TargetUnavailable
from deploy.jobs.job import Job
from deploy.jobs.link import Link
from deploy.jobs.site import Site
from deploy.jobs.states import Status
from deploy.shown import printable

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0  # s between two questions
LAST_OF_LOG = 16384  # bytes
VERSION = """import sys
sys.exit("Python %d.%d: 3.8 or newer is needed" % sys.version_info[:2]
         if sys.version_info < (3, 8) else print("Python %d.%d.%d" % sys.version_info[:3]))
"""
MOST_RESUBMISSIONS = 3  # of a job that is lost, and lost again


def submit(job: Job, again: bool = False) -> Dict[str, Any]:
    """Send a job and have it queued; once, however often this is called.

    Parameters
    ----------
    job : Job
    again : bool
        Whether tasks that failed are started once more.

    Returns
    -------
    dict
        ``id`` of the job at its site, whether it is ``new``, and whether it was ``cancelled``.

    Raises
    ------
    TargetUnavailable
        If the site cannot be reached; call it again, and it finds what is there.
    """
    link = Link(job.site)
    job.note("sending")
    link.send(job.folder / "sent", job.name)
    said = link.ask(job.name, "again" if again else "submit")
    answer = {"id": printable(said.get("id", ""))[:80],
              **{key: said.get(key) is True for key in ("new", "cancelled")}}  # fmt: skip
    if not answer["id"]:
        raise TargetUnavailable(
            f"site {job.site.name}: did not say what became of the job; ask again"
        )
    job.note("submitted", **answer)
    return answer


def status(job: Job) -> Status:
    """State of each task.

    Raises
    ------
    TargetUnavailable
        If the site, or Slurm there, does not answer.
    """
    found = Status.of(Link(job.site).ask(job.name, "status"), len(job.tasks))
    job.note("status", **found.counts)
    return found


def cancel(job: Job) -> bool:
    """Stop what is queued or running; gives whether there was anything."""
    left = Link(job.site).ask(job.name, "cancel").get("left") is True
    job.note("cancelled" if left else "over before it was cancelled")
    return left


def logs(job: Job, task: int = 0, offset: int = -LAST_OF_LOG) -> Tuple[str, int]:
    """A piece of a task's log, and the offset at which the next begins.

    Parameters
    ----------
    job : Job
    task : int
    offset : int
        In bytes; from the end if below 0.
    """
    answer = Link(job.site).ask(job.name, "logs", str(int(task)), str(int(offset)))
    end = answer.get("offset")
    if type(end) is not int or end < 0:
        raise TargetUnavailable(f"site {job.site.name}: gave no log that can be read")
    text = printable(answer.get("log", ""))
    if text and 0 <= offset >= end:
        raise TargetUnavailable(f"site {job.site.name}: gives a log that has no end")
    return text, end


def wait(
    job: Job,
    progress: Optional[Callable[[Status], None]] = None,
    patience: float = 600.0,
    resubmit: Optional[Callable[[], bool]] = None,
) -> Status:
    """Until every task is over.

    Parameters
    ----------
    job : Job
    progress : callable, optional
        Is called with each status.
    patience : float
        Seconds for which a site that does not answer is asked again.
    resubmit : callable, optional
        Is called where Slurm has lost the job before it began, and says whether to submit it again,
        which is done `MOST_RESUBMISSIONS` times at the most; a lost job is over without it.

    Raises
    ------
    TargetUnavailable
        If it does not answer for longer.
    """
    pause, silent_since, resubmissions = FIRST_WAIT, time.monotonic(), 0
    while True:
        try:
            found = status(job)
            silent_since = time.monotonic()
            if progress is not None:
                progress(found)
            again = found.lost and resubmissions < MOST_RESUBMISSIONS
            if again and resubmit is not None and resubmit():
                resubmissions += 1
                submit(job)
            elif found.over:
                return found
        except TargetUnavailable:
            if time.monotonic() - silent_since > patience:
                raise
        time.sleep(pause)
        pause = min(pause * 1.2, LONGEST_WAIT)


def check_site(site: Site) -> List[Dict[str, Any]]:
    """Try each step of a site: reach it, its Python, its folder, its Slurm."""
    link = Link(site)
    python = site.python_words
    steps = [
        ("reached", ["true"]),
        ("Python", [*python, "-c", VERSION]),
        ("folder", ["mkdir", "-p", "-m", "700", site.folder]),
        ("Nengo there", [*python, "-c", "import nengo, nengo_loihi"]),
    ]
    if site.host:
        steps.append(("rsync there", ["rsync", "--version"]))
    if site.slurm:
        steps.append(("Slurm", ["sinfo", "--version"]))
        partition = ["--partition=" + site.partition] if site.partition else []
        steps.append(("partition", ["sinfo", "--noheader", "--format=%P %a %D", *partition]))
    found: List[Dict[str, Any]] = []
    if site.host:
        here = shutil.which("rsync")
        answer = here or "not installed here; files go by it: install it"
        found.append({"step": "rsync here", "works": here is not None, "answer": answer})
    for name, words in steps:
        try:
            answer = printable(link.run(words)).strip()[:200]
            # sinfo says nothing of a partition that is not there
            good = name != "partition" or bool(answer)
            found.append({"step": name, "works": good, "answer": answer})
        except TargetUnavailable as error:
            found.append({"step": name, "works": False, "answer": str(error)})
            if name == "reached":
                break
    return found
