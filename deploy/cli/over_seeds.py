"""One model over many seeds, as `sweep` and `compare --seeds` have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Sequence

import deploy
from deploy.cli.console import say, say_json
from deploy.cli.progress import progress_bar
from deploy.cli.reading import begun
from deploy.cli.spread_table import print_spread
from deploy.files.places import check_folder
from deploy.report.earlier import earlier_in, in_words

NOT_WRITTEN = "report: not written; for that, give --out FOLDER"


def compare_over_seeds(
    model: Any,
    seconds: float,
    seeds: Sequence[int],
    targets: Sequence[str],
    out: Optional[Path],
    as_json: bool,
    processes: Optional[int] = None,
    **options: Any,
) -> int:
    """Compare, say it, and write the report if there is a folder for it; gives the exit code.

    Parameters
    ----------
    model, seconds, seeds, targets, processes
        As for `deploy.sweep`.
    out : pathlib.Path or None
    as_json : bool
    options
        ``dt``, ``engine``, ``ideals``, ``tolerances``, ``spread`` and ``silicon``.
    """
    if out is not None:
        check_folder(out)
    before = None if out is None else earlier_in(out)
    model = begun(model, seeds[0])
    with progress_bar() as bar:
        found = deploy.sweep(
            model,
            seconds,
            seeds,
            targets,
            processes,
            folder=out,
            progress=None if bar is None else lambda done, total: bar("runs", done, total),
            **options,
        )
    page = None if out is None else str(found.save(out))
    if as_json:
        say_json({**found.to_dict(), "report": page})
    else:
        print_spread(found)
        place = "" if before is None else f", in the place of {in_words(before)}"
        say(f"report: {page}{place}" if page else NOT_WRITTEN)
    return 0 if found.ok else 1
