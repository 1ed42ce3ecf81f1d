"""A job's status in words and as a table."""

from __future__ import annotations

from typing import List, Sequence

from rich.table import Table

from deploy.cli.console import say
from deploy.jobs.states import State, Status

MOST_LINES = 20  # of tasks without a result, one a task
REASONS = {  # of squeue's manual, section JOB REASON CODES
    "JobArrayTaskLimit": "no more of them run together (at_once of the site)",
    "Resources": "no board is free",
    "Priority": "other jobs come before it",
    "BeginTime": "it was queued again, and waits a while",
    "PartitionDown": "the partition is down",
    "ReqNodeNotAvail": "the board that was asked for is not available",
    "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions": (
        "its nodes are down, drained or reserved; the site's administrators know for how long"
    ),
    "launch failed requeued held": (
        "Slurm could not start it and holds it; cancel it and submit it again, "
        "or ask the site's administrators to release it"
    ),
    "JobHeldAdmin": "it is held by the site's administrators; ask them",
    "JobHeldUser": "it is held; scontrol release, at the site, lets it start",
}
NO_REASON = "None"  # Slurm's, of what it has not looked at yet


def tasks_in_words(n: int) -> str:
    return f"{n} task{'' if n == 1 else 's'}"


def counts_in_words(found: Status) -> str:
    return ", ".join(f"{n} {state}" for state, n in found.counts.items())


def waiting_in_words(tasks: Sequence[State]) -> List[str]:
    """What those of them that are pending wait for, each reason once."""
    reasons = {task.why for task in tasks if task.state == "pending" and task.why}
    return [REASONS.get(why, why) for why in sorted(reasons - {NO_REASON})]


def table_of(found: Status) -> Table:
    waiting = "; ".join(waiting_in_words(found.tasks))
    table = Table(
        title=f"job {found.id}", caption=f"pending: {waiting}" if waiting else None,
        box=None, pad_edge=False,
    )  # fmt: skip
    for heading in ("state", "tasks", "which"):
        table.add_column(heading)
    for state, n in found.counts.items():
        which = [k for k, task in enumerate(found.tasks) if task.state == state]
        shown = ", ".join(map(str, which[:12])) + (" …" if len(which) > 12 else "")
        table.add_row(state, str(n), shown)
    return table


def print_status(found: Status) -> None:
    say(counts_in_words(found))
    for number in found.without_result[:MOST_LINES]:
        task = found.tasks[number]
        say(f"task {number} {task.why}" + (f": {task.last_line}" if task.log else ""))
    if len(found.without_result) > MOST_LINES:
        say(f"and {len(found.without_result) - MOST_LINES} more without a result")
    for why in waiting_in_words(found.tasks):
        say(f"pending: {why}")
    restarted = [n for n, task in enumerate(found.tasks) if task.restarts]
    if restarted:
        say(f"requeued by Slurm: tasks {', '.join(map(str, restarted[:MOST_LINES]))}")
