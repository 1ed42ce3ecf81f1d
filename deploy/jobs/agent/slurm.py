"""Jobs that are arrays of Slurm's, which may be down, and then nothing can be said."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
from typing import Dict, List, NamedTuple, Optional

from .folder import (
    HERE,
    Answer,
    Reported,
    Settings,
    begun,
    complete,
    generation,
    own_words,
    slurm_name,
    stored_id,
    was_cancelled,
    write,
)

OWN = f"--user={os.getuid()}"  # two users' jobs of one content have one name
PATIENCE = 60  # s, for one of Slurm's commands
WAYS_OUT = {
    "Invalid job array specification": "; there may be more tasks than its MaxArraySize allows "
    "(scontrol show config): submit fewer at a time",
}


class Output(NamedTuple):
    """What one of Slurm's commands gave."""

    code: int
    out: str
    err: str


class Unreachable(Exception):
    """Slurm does not answer, so nothing can be said, and nothing may be done."""


def call(*words: str) -> Output:
    try:
        done = subprocess.run(words, capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise Unreachable(f"{words[0]} gave no answer within {PATIENCE} s") from None
    except FileNotFoundError:
        raise Unreachable(f"{words[0]} is not there") from None
    return Output(
        done.returncode,
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )


def last_line(text: str, otherwise: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else otherwise


def start(job: Settings) -> Answer:
    name = slurm_name(job)
    there = queued(name)
    new = not there
    if new:
        with contextlib.suppress(Unreachable):  # it may have been taken all the same
            code, out, err = sbatch(job)
            there = [out.strip().split(";")[0]] if code == 0 else []
            if code and "unable to contact" not in err.lower() and not queued(name):
                said = last_line(err, "no answer").rpartition("error: ")[2]
                return {"error": "sbatch: " + said + WAYS_OUT.get(said.rpartition(": ")[2], "")}
        there = there if there and there[0].isdigit() else queued(name)
        if not there:
            raise Unreachable("sbatch gave no answer; ask again")
    write(HERE / "jobid", there[0] + "\n")
    return {"id": stored_id(), "new": new}


def queued(name: str) -> List[str]:
    """Ids of the arrays of this name that Slurm knows, the oldest first."""
    code, out, err = call(
        "squeue", "--noheader", OWN, "--name=" + name, "--format=%F", "--states=all"
    )
    if code:
        raise Unreachable(last_line(err, "squeue failed"))
    return sorted({line.strip() for line in out.splitlines() if line.strip().isdigit()}, key=int)


def sbatch(job: Settings) -> Output:
    """Have an array queued."""
    write(HERE / "run.sh", "#!/bin/sh\nexec " + shlex.join(own_words(job, "task")) + "\n")
    left = [str(number) for number in range(job["tasks"]) if not complete(number)]
    array = ",".join(left) if generation() else f"0-{job['tasks'] - 1}"
    options = ["--parsable", "--job-name=" + slurm_name(job), "--requeue",
               f"--array={array}%{job['at_once']}",
               "--output=" + str(HERE / "log" / "%a.log"), "--open-mode=append",
               "--chdir=" + str(HERE)]  # fmt: skip
    options += ["--partition=" + job["partition"]] if job["partition"] else []
    options += ["--nodelist=" + job["board"]] if job["board"] else []
    options += ["--time=" + job["time_limit"]] if job["time_limit"] else []
    return call("sbatch", *options, str(HERE / "run.sh"))


def stop(job: Settings) -> str:
    """Why it cannot be stopped; empty where it was."""
    code, _, err = call("scancel", OWN, "--name=" + slurm_name(job), stored_id())
    return last_line(err, "scancel failed") if code else ""


def states(job: Settings) -> Dict[int, Reported]:
    """State and reason by task, of what Slurm has in its queue, or else on its books."""
    found = in_queue(job)
    if any(n not in found and not complete(n) for n in range(job["tasks"])):
        found = {**accounted(job), **found}
    return found


def is_lost(job: Settings, known: Optional[Dict[int, Reported]] = None) -> bool:
    """Whether Slurm, which answers, knows nothing of a job that it took and never began."""
    if not stored_id().isdigit() or was_cancelled() or begun():
        return False
    known = states(job) if known is None else known
    return not (known or queued(slurm_name(job)))


def in_queue(job: Settings) -> Dict[int, Reported]:
    code, out, err = call("squeue", "--noheader", "--array", OWN, "--jobs=" + stored_id(),
                          "--name=" + slurm_name(job), "--format=%K|%T|%r",
                          "--states=all")  # fmt: skip
    if code and "Invalid job id" not in err:
        raise Unreachable(last_line(err, "squeue failed"))
    states: Dict[int, Reported] = {}
    for line in out.splitlines():
        number, state, reason = (line.strip().split("|") + ["", ""])[:3]
        if number.isdigit():
            states[int(number)] = Reported(state, reason)
    return states


def accounted(job: Settings) -> Dict[int, Reported]:
    """Nothing where Slurm keeps no books."""
    try:
        code, out, _ = call("sacct", "--noheader", "--parsable2", "--allocations", OWN,
                            "--jobs=" + stored_id(), "--name=" + slurm_name(job),
                            "--format=JobID,State")  # fmt: skip
    except Unreachable:
        return {}
    return read_accounts(out) if code == 0 else {}


def read_accounts(out: str) -> Dict[int, Reported]:
    """``12_3|CANCELLED by 0`` and the like, as sacct --parsable2 prints them.

    Those that wait are one line, ``12_[4-7%2]``, and left out: the queue has them, or Slurm is
    done for.
    """
    states: Dict[int, Reported] = {}
    for line in out.splitlines():
        array, _, state = line.strip().partition("|")
        number = array.partition("_")[2]
        if number.isdigit() and state:
            states[int(number)] = Reported(state.split()[0])
    return states
