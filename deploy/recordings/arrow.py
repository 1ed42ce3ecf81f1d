"""Parquet and Arrow (feather) files, as of ``frame.to_parquet("run.parquet")``; needs pyarrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, List
from typing import Mapping as MappingOf

import numpy as np

from deploy.errors import BadInput
from deploy.files.npz import in_one_line
from deploy.recordings.lazily import load
from deploy.recordings.mapping import Mapping
from deploy.recordings.recording import MOST_NAMES, Recorded, check_budget
from deploy.recordings.tables import TIDY, signals_of_columns, signals_of_tidy


def read_parquet(path: Path, mapping: Mapping) -> List[Recorded]:
    """A column a value, or tidy."""
    parquet = load("pyarrow.parquet", "parquet")
    with _opened(path, "parquet"):
        file = parquet.ParquetFile(path)
        schema = file.schema_arrow
        return _signals(
            schema, file.metadata.num_rows, lambda names: file.read(names), mapping, path
        )


def read_feather(path: Path, mapping: Mapping) -> List[Recorded]:
    """A column a value, or tidy."""
    arrow = load("pyarrow", "parquet")
    with _opened(path, "Arrow"), arrow.OSFile(str(path)) as stream:
        file = arrow.ipc.open_file(stream)
        batches = (file.get_batch(i) for i in range(file.num_record_batches))
        table = arrow.Table.from_batches(batches, file.schema)
        return _signals(file.schema, table.num_rows, table.select, mapping, path)


def _opened(path: Path, name: str) -> Any:
    return in_one_line(path, name, "DataFrame.to_parquet or .to_feather makes them")


def _signals(
    schema: Any, rows: int, take: Callable[[List[str]], Any], mapping: Mapping, path: Path
) -> List[Recorded]:
    kinds = _kinds(schema, path)
    if set(TIDY) <= set(kinds):
        wanted = [*TIDY, *(["kind"] if "kind" in kinds else [])]
        check_budget(rows * len(wanted), str(path))
        return signals_of_tidy(_columns(take(wanted), wanted), path.name)
    wanted = [name for name, kind in kinds.items() if kind == "number"]
    check_budget(rows * len(wanted), str(path))
    return signals_of_columns(_columns(take(wanted), wanted), mapping, path.name)


def _kinds(schema: Any, path: Path) -> Dict[str, str]:
    """Of each column, in Arrow's plain types alone; texts are of use in tidy tables only."""
    types = load("pyarrow", "parquet").types
    if len(schema) > MOST_NAMES:
        raise BadInput(f"{path}: {len(schema):,} columns are too many")
    kinds: Dict[str, str] = {}
    for column in schema:
        kind = column.type
        if types.is_dictionary(kind):
            kind = kind.value_type
        is_text = types.is_string(kind) or types.is_large_string(kind)
        is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
        if column.name in kinds:
            raise BadInput(f"{path}: two columns are called {column.name!r}")
        if not is_text and not is_number:
            raise BadInput(f"{path}: {column.name!r} is {kind}, no numbers; leave it out")
        kinds[column.name] = "text" if is_text else "number"
    return kinds


def _columns(table: Any, names: List[str]) -> MappingOf[str, np.ndarray]:
    """As arrays; what is missing is NaN."""
    return {name: table.column(name).to_numpy() for name in names}
