"""CSV and other text with a first line of names: a column a value, or tidy."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import List, TextIO

import numpy as np

from deploy.errors import BadInput
from deploy.files.npz import in_one_line
from deploy.files.numbers import read_numbers
from deploy.recordings.mapping import Mapping
from deploy.recordings.recording import MOST_NAMES, Recorded, check_budget
from deploy.recordings.tables import TIDY, signals_of_columns, signals_of_tidy

MOST_BYTES = 2**29  # of text, which as parquet or npz is a third
MOST_HEADER = 2**22  # characters
SEPARATORS = ",;\t"


def read(path: Path, mapping: Mapping) -> List[Recorded]:
    """What is between commas, semicolons or tabs; the first line has the names."""
    with in_one_line(path, "CSV", "its first line names columns, all others are numbers"):
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise BadInput(
                f"{path}: {size / 2**20:,.0f} MiB of text, of which at most "
                f"{MOST_BYTES // 2**20} are read; save it as parquet or npz"
            )
        with open(path, encoding="utf-8-sig", newline="") as stream:
            header = stream.readline(MOST_HEADER)
            if not header.strip() or not header.endswith("\n"):
                raise ValueError("it has no first line with names, and lines below")
            separator = max(SEPARATORS, key=header.count)
            names = [name.strip() for name in next(csv.reader([header], delimiter=separator))]
            _check_names(names)
            if set(TIDY) <= set(names):
                return _tidy(stream, names, separator, path.name)
            values = read_numbers(stream, separator)
    if not values.size:
        raise BadInput(f"{path}: there are no numbers below its names")
    if values.shape[1] != len(names):
        raise BadInput(f"{path}: {len(names)} names, and {values.shape[1]} numbers a line")
    check_budget(values.size, str(path))
    return signals_of_columns(dict(zip(names, values.T)), mapping, path.name)


def _check_names(names: List[str]) -> None:
    if len(names) > MOST_NAMES:
        raise ValueError(f"{len(names):,} columns")
    for name in names:
        if not name:
            raise ValueError("a column has no name")
        if names.count(name) > 1:
            raise ValueError(f"two columns are called {name!r}")
    if all(_is_number(name) for name in names):
        raise ValueError("its first line are numbers")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _tidy(stream: TextIO, names: List[str], separator: str, source: str) -> List[Recorded]:
    wanted = [names.index(name) for name in (*TIDY, *(["kind"] if "kind" in names else []))]
    columns: List[List[str]] = [[] for _ in wanted]
    for line, row in enumerate(csv.reader(stream, delimiter=separator), 2):
        if len(row) != len(names):
            raise ValueError(f"line {line} has {len(row)} fields, the first {len(names)}")
        for column, place in zip(columns, wanted):
            column.append(row[place])
    texts = dict(zip([names[place] for place in wanted], columns))
    table = {
        name: np.array(column, dtype=str if name in ("trace", "kind") else float)
        for name, column in texts.items()
    }
    return signals_of_tidy(table, source)
