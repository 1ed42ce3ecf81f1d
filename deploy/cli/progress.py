"""A progress bar on standard error, where that is a terminal."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any, Dict, Iterator, Optional

if TYPE_CHECKING:
    from deploy.workflows.run import Progress as Report


@contextlib.contextmanager
def progress_bar() -> Iterator[Optional[Report]]:
    """A progress bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # takes as long to load as all of the above
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: Dict[str, Any] = {}

        def report(target: str, done: int, total: int) -> None:
            if target not in tasks:
                tasks[target] = bars.add_task(target, total=total)
            bars.update(tasks[target], completed=done)

        yield report
