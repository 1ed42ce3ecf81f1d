"""Jobs that are arrays of Slurm's, which may be down, and then nothing can be said."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import time
from typing import Dict, List, NamedTuple, Optional

from .folder import (
    HERE,
    Answer,
    Reported,
    Settings,
    any_begun,
    complete,
    generation,
    own_words,
    read,
    slurm_name,
    stored_id,
    was_cancelled,
    write,
)

OWN = f"--user={os.getuid()}"  # two users' jobs of one content have one name
PATIENCE = 60  # s, for one of Slurm's commands
SKEW = 10  # s, by which clocks of two login machines may differ
REST = -1  # stands for tasks that Slurm has under one line, as they never began
UNKNOWN = "Invalid job id"  # what Slurm says of what it has forgotten
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
        write(HERE / "queued", f"{time.time():.3f}\n")  # before: an age is never too small
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
    begun = shlex.quote(str(HERE / "begun"))
    write(HERE / "run.sh", "#!/bin/sh\n"
          "# known before Python is, which may not even start there\n"
          f'echo {{}} 2>/dev/null > {begun}/"$SLURM_ARRAY_TASK_ID"\n'
          "exec " + shlex.join(own_words(job, "task")) + "\n")  # fmt: skip
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
    return last_line(err, "scancel failed") if code and UNKNOWN not in err else ""  # it is over


def states(job: Settings) -> Dict[int, Reported]:
    """State and reason by task, of what Slurm has in its queue, or else on its books."""
    found = in_queue(job)
    left = [n for n in range(job["tasks"]) if not complete(n)]
    if any(n not in found for n in left) and REST not in found:
        found = {**accounted(job), **found}
    rest = found.pop(REST, None)
    return {**{n: rest for n in left}, **found} if rest else found


def is_lost(job: Settings, known: Optional[Dict[int, Reported]] = None) -> bool:
    """Whether Slurm, which answers, has lost a job that it took and never began.

    It forgets what has ended, too, and a job that somebody cancelled before it began must not be
    begun. So it is lost only where Slurm cannot have forgotten it yet.
    """
    if not stored_id().isdigit() or was_cancelled() or any_begun(job):
        return False
    known = states(job) if known is None else known
    if known or queued(slurm_name(job)):
        return False
    age = time.time() - float(read(HERE / "queued", "0"))
    kept = seconds_kept()
    return kept == 0 or -SKEW < age < kept


def seconds_kept() -> int:
    """How long Slurm knows a job that has ended, at the least; 0 if for ever."""
    code, out, err = call("scontrol", "show", "config")
    found = re.search(r"^MinJobAge\s*=\s*(\d+)", out, re.MULTILINE)
    if code or not found:
        raise Unreachable(last_line(err, "scontrol gave no configuration"))
    return int(found.group(1))


def in_queue(job: Settings) -> Dict[int, Reported]:
    code, out, err = call("squeue", "--noheader", "--array", OWN, "--jobs=" + stored_id(),
                          "--name=" + slurm_name(job), "--format=%K|%T|%r",
                          "--states=all")  # fmt: skip
    if code and UNKNOWN not in err:
        raise Unreachable(last_line(err, "squeue failed"))
    return read_queue(out)


def read_queue(out: str) -> Dict[int, Reported]:
    """``3|PENDING|Priority`` and the like; ``N/A|CANCELLED|…`` is of all that never began."""
    states: Dict[int, Reported] = {}
    for line in out.splitlines():
        number, state, reason = (line.strip().split("|") + ["", ""])[:3]
        if state:
            states[int(number) if number.isdigit() else REST] = Reported(state, reason)
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
    done for. Those that ended before they began are one, ``12``.
    """
    states: Dict[int, Reported] = {}
    for line in out.splitlines():
        array, _, state = line.strip().partition("|")
        number = array.partition("_")[2]
        if number.isdigit() and state:
            states[int(number)] = Reported(state.split()[0])
        elif state and state != "PENDING":
            states[REST] = Reported(state.split()[0])
    return states
