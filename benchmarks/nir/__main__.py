"""What becomes of NIR files on the chip: the paper's, and those of live frameworks.

NIR_PAPER=/path python -m benchmarks.nir paper           # docs/nir.md's tables
python -m benchmarks.nir paper neuron                    # one of neuron, braille, cnn
python -m benchmarks.nir speed --python PEER/bin/python  # a second of events, beside snnTorch
python -m benchmarks.nir peers --python PEER/bin/python --folder FOLDER
python -m benchmarks.nir peers                           # of what is in emulator_tests/data/nir
python -m benchmarks.nir export                          # what a Nengo network loses as a NIR file
python -m benchmarks.nir clipping                        # of large weights, for finer small ones

The peer's Python has snntorch, norse, spyx, sinabs, rockpool, nir, nirtorch, and scikit-learn.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Optional

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from benchmarks.nir import braille, clipping, convolutional, export, neuron, peers, speed
from benchmarks.nir.table import Table
from deploy.errors import BadInput, TargetUnavailable

KEPT = Path(__file__).parents[2] / "emulator_tests" / "data" / "nir"
PARTS: Dict[str, Callable[[argparse.Namespace], List[Table]]] = {
    "neuron": lambda given: neuron.tables(given.folder),
    "braille": lambda given: braille.tables(given.folder, given.seeds),
    "cnn": lambda given: convolutional.tables(given.folder, given.seeds),
}


def paper(given: argparse.Namespace) -> None:
    """Print the tables of the paper's files, each when it is there."""
    given.folder = paper_folder()
    for part in given.parts:
        if part not in PARTS:
            raise BadInput(f"there is no part {part!r}; there are {', '.join(PARTS)}")
    show((table for part in given.parts or PARTS for table in PARTS[part](given)), given.write)


def speeds(given: argparse.Namespace) -> None:
    """Print the table of run times."""
    show(speed.tables(paper_folder(), given.python, given.repeats), given.write)


def decisions(given: argparse.Namespace) -> None:
    """Print the table of peers' networks; train them first where there is a peer's Python."""
    show(peers.tables(given.folder, given.python, given.samples), given.write)


def paper_folder() -> Path:
    """Where the paper's data is.

    Raises
    ------
    BadInput
    """
    folder = Path(os.environ.get("NIR_PAPER", ""))
    if not os.environ.get("NIR_PAPER") or not (folder / "lif").is_dir():
        raise BadInput(
            "NIR_PAPER has to name the folder of the paper's data, with lif, braille and cnn in it "
            "(from paper/ of github.com/neuromorphs/NIR)"
        )
    return folder


def show(tables: Iterable[Table], path: Optional[Path]) -> None:
    """Print tables as they come, and write them too if there is a path."""
    done = []
    for table in tables:
        done.append(table.markdown())
        print(done[-1], flush=True)
        if path is not None:
            path.write_text("\n".join(done), encoding="utf8")


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.nir", description=__doc__.splitlines()[0]
    )
    commands = parser.add_subparsers(dest="command", required=True)
    of_paper = commands.add_parser("paper", help="the files of the NIR paper")
    of_paper.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; without: all")
    of_paper.add_argument("--seeds", type=int, default=5)
    of_paper.set_defaults(do=paper)
    of_speed = commands.add_parser("speed", help="run times beside snnTorch's")
    of_speed.add_argument("--python", type=Path, required=True, help="the peer's")
    of_speed.add_argument("--repeats", type=int, default=5)
    of_speed.set_defaults(do=speeds)
    of_peers = commands.add_parser("peers", help="digits, trained and decided by live frameworks")
    of_peers.add_argument("--python", type=Path, help="the peers'; without, what is there is used")
    of_peers.add_argument("--folder", type=Path, default=KEPT, help="of networks and decisions")
    of_peers.add_argument("--samples", type=int, help="so many at most of each")
    of_peers.set_defaults(do=decisions)
    of_export = commands.add_parser("export", help="a Nengo network, written and read again")
    of_export.set_defaults(do=lambda given: show(export.tables(), given.write))
    of_clipping = commands.add_parser("clipping", help="weights clipped by percentile")
    of_clipping.set_defaults(do=lambda given: show(clipping.tables(KEPT), given.write))
    for command in (of_paper, of_speed, of_peers, of_export, of_clipping):
        command.add_argument("--write", type=Path, help="file for the tables, as Markdown")
    given = parser.parse_args()
    try:
        given.do(given)
    except (BadInput, TargetUnavailable) as error:
        sys.exit(f"python -m benchmarks.nir: {error}")


if __name__ == "__main__":
    main()
