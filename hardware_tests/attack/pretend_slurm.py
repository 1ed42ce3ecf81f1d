"""Slurm's commands over a file of jobs: ``python pretend_slurm.py squeue …``.

As Slurm 22.05 answers where a real one was asked (jobs of several users cannot be had of a test
cluster with one user, nor can it be made to forget at a given time). The file has ``jobs``, which
it knows, ``books`` for sacct or none, ``kept`` seconds, and what was called.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, List

PROGRAMS = ("squeue", "sbatch", "scancel", "sacct", "scontrol")
OVER = ("COMPLETED", "CANCELLED", "FAILED", "NODE_FAIL", "TIMEOUT", "PREEMPTED")


def install(folder: Path) -> None:
    """Have a folder for PATH with all programs in it."""
    folder.mkdir()
    for name in PROGRAMS:
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{__file__}" {name} "$@"\n')
        path.chmod(0o755)


def main(program: str, words: List[str]) -> int:
    file = Path(os.environ["PRETEND_SLURM"])
    given = dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))
    plain = [word for word in words if not word.startswith("--")]
    with open(f"{file}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = json.loads(file.read_text())
        known["calls"].append(program)
        code = {"squeue": squeue, "scancel": scancel, "sacct": sacct, "sbatch": sbatch,
                "scontrol": scontrol}[program](known, given, plain)  # fmt: skip
        file.write_text(json.dumps(known))
    return code


def chosen(jobs: List[Dict[str, Any]], given: Dict[str, str]) -> List[Dict[str, Any]]:
    return [
        job
        for job in jobs
        if given.get("user", str(job["user"])) == str(job["user"])
        and given.get("name", job["name"]) == job["name"]
        and given.get("jobs", str(job["id"])) == str(job["id"])
    ]


def unknown(text: str) -> int:
    print(text, file=sys.stderr)
    return 1


def squeue(known: Dict[str, Any], given: Dict[str, str], plain: List[str]) -> int:
    if "jobs" in given and not any(str(job["id"]) == given["jobs"] for job in known["jobs"]):
        return unknown("slurm_load_jobs error: Invalid job id specified")
    for job in chosen(known["jobs"], given):
        for number, state in job["tasks"].items():
            if given["format"] == "%F":
                print(job["id"])
            else:
                never = state == "CANCELLED" and number in job.get("never", [])
                print(f"{'N/A' if never else number}|{state}|None")
    return 0


def scancel(known: Dict[str, Any], given: Dict[str, str], plain: List[str]) -> int:
    named = [job for job in known["jobs"] if str(job["id"]) in plain]
    if not any(state not in OVER for job in named for state in job["tasks"].values()):
        return unknown(f"scancel: error: Kill job error on job id {plain}: Invalid job id")
    for job in chosen(named, given):
        for number, state in job["tasks"].items():
            if state not in OVER:
                job["tasks"][number] = "CANCELLED"
                if state == "PENDING":
                    job.setdefault("never", []).append(number)
    return 0


def sacct(known: Dict[str, Any], given: Dict[str, str], plain: List[str]) -> int:
    if known["books"] is None:
        return unknown("Slurm accounting storage is disabled")
    for job in chosen(known["books"], given):
        for number, state in job["tasks"].items():
            never = number in job.get("never", [])
            said = "CANCELLED by 0" if state == "CANCELLED" else state
            print(f"{job['id']}{'' if never else '_' + number}|{said}")
    return 0


def sbatch(known: Dict[str, Any], given: Dict[str, str], plain: List[str]) -> int:
    number = known["next"]
    known["next"] += 1
    tasks: List[str] = []
    for piece in given["array"].partition("%")[0].split(","):
        first, _, last = piece.partition("-")
        tasks += map(str, range(int(first), int(last or first) + 1))
    job = {"id": number, "user": os.getuid(), "name": given["job-name"]}
    known["jobs"].append({**job, "tasks": {task: "PENDING" for task in tasks}})
    print(number)
    return 0


def scontrol(known: Dict[str, Any], given: Dict[str, str], plain: List[str]) -> int:
    print(f"Configuration data\nMinJobAge               = {known['kept']} sec")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
