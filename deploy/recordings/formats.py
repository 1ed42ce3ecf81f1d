"""The formats of recordings, by the ends of their files' names.

To add one, write its reader in a file of this folder, a function of a path and a `Mapping`, and
list it here.
"""

from __future__ import annotations

from typing import Dict, NamedTuple


class Format(NamedTuple):
    """Where a format's reader is: a module of this folder, and a function in it."""

    module: str
    function: str = "read"


FORMATS: Dict[str, Format] = {
    ".npz": Format("npz"),
    ".csv": Format("csv"),
    ".tsv": Format("csv"),
    ".parquet": Format("arrow", "read_parquet"),
    ".feather": Format("arrow", "read_feather"),
    ".arrow": Format("arrow", "read_feather"),
    ".nwb": Format("nwb"),
    ".nix": Format("neo"),
}
PICKLED = (".pkl", ".pickle", ".pickl", ".joblib", ".dill")  # code that would run when it is read
