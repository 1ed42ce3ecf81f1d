"""loihi-deploy reports"""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from typing import List

import click

from deploy.cli.console import print_table, say, say_error, say_json
from deploy.cli.options import as_json
from deploy.errors import BadInput
from deploy.report.earlier import Earlier, earlier_below


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default="comparison")
@click.option("--page", is_flag=True, help="Write FOLDER/index.html too, where two are compared.")
@click.option("--open", "show", is_flag=True, help="Write that page, and open it in the browser.")
@as_json
def reports(folder: Path, page: bool, show: bool, as_json: bool) -> None:
    """List the comparisons in FOLDER and below it (default: comparison), the newest last."""
    if folder.is_file():
        raise BadInput(f"{folder}: this is a file; give the folder in which comparisons are")
    if not folder.is_dir():
        raise BadInput(f"{folder}: there is no such folder; loihi-deploy compare MODEL makes one")
    found = earlier_below(folder)
    index = folder / "index.html"
    if page or show:
        _write(index, found)
    if as_json:
        say_json([each._asdict() for each in found])
    elif not found:
        say(f"there are no comparisons in {folder}")
    else:
        rows: List[List[str]] = [
            [each.made, each.model, each.target, f"{each.seconds:g}", each.seeds, each.outcome,
             each.page]
            for each in found
        ]  # fmt: skip
        print_table(["made", "model", "on", "seconds", "seed", "verdict", "page"], rows)
    if (page or show) and not as_json:
        say(f"all of them, two side by side: {index}")
    if show and not webbrowser.open(index.resolve().as_uri()):
        say_error(f"loihi-deploy: there is no browser here; open {index} in one")
    sys.exit(0)


def _write(index: Path, found: List[Earlier]) -> None:
    from deploy.files.atomic import atomic_write
    from deploy.report.index_page import render_index  # loads Jinja

    with atomic_write(index) as stream:
        stream.write(render_index(index.parent, found).encode())
