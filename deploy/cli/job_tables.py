"""A job's status in words and as a table."""

from __future__ import annotations

from rich.table import Table

from deploy.cli.console import say
from deploy.jobs.states import Status

MOST_LINES = 20  # of tasks without a result, one a task
REASONS = {  # of squeue's manual, section JOB REASON CODES
    "JobArrayTaskLimit": "no more of them run together (at_once of the site)",
    "Resources": "no board is free",
    "Priority": "other jobs come before it",
    "BeginTime": "it was queued again, and waits a while",
    "PartitionDown": "the partition is down",
    "ReqNodeNotAvail": "the board that was asked for is not available",
}


def tasks_in_words(n: int) -> str:
    return f"{n} task{'' if n == 1 else 's'}"


def counts_in_words(found: Status) -> str:
    return ", ".join(f"{n} {state}" for state, n in found.counts.items())


def table_of(found: Status) -> Table:
    table = Table(title=f"job {found.id}", box=None, pad_edge=False)
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
    waiting = {task.why for task in found.tasks if task.state == "pending" and task.why}
    for why in sorted(waiting - {"None"}):
        say(f"pending: {REASONS.get(why, why)}")
    restarted = [n for n, task in enumerate(found.tasks) if task.restarts]
    if restarted:
        say(f"requeued by Slurm: tasks {', '.join(map(str, restarted[:MOST_LINES]))}")
