"""NIR files: HDF5, read with h5py and the nir package, and believed in nothing.

The format is that of ``nir/serialization.py`` (nir 1.0): a group ``node`` of type ``NIRGraph``,
whose ``nodes`` are groups with a ``type`` and a dataset for each parameter, and ``edges``.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import warnings
from pathlib import Path
from typing import IO, Any, Dict, Iterator, List, Set, Tuple

import numpy as np

from loihi_rules.nir.errors import NirError
from loihi_rules.nir.sent import is_sent, read_sent
from loihi_rules.nir.stored import MOST_EXPANSION, bytes_stored, read_texts

MOST_BYTES = 2 * 2**30  # of all arrays of a file
MOST_OBJECTS = 200_000  # groups and datasets
DEEPEST = 32  # graphs within graphs, by groups
KINDS = "fiubS"  # of numbers and texts; strings of any length beside these
NEEDS = (
    "NIR files need the packages nir and h5py: pip install 'loihi-deploy[nir]', with Python 3.10 "
    "or newer"
)


def import_nir() -> Any:
    """The nir package.

    Raises
    ------
    NirError
        If it, or h5py, is not installed.
    """
    try:
        importlib.import_module("h5py")
        return importlib.import_module("nir")
    except ImportError:
        raise NirError(NEEDS) from None


def read_file(path: Path) -> Any:
    """The graph that is in a file.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    nir.NIRGraph
        As it is in the file; whether its shapes agree is not looked at.

    Raises
    ------
    NirError
        If it is no NIR file, leads out of itself, or is larger than what is read.
    """
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():  # which may never end
        raise NirError(f"{path}: this is no file, but a pipe or a device; name a file")
    if is_sent(path):
        return read_sent(path)
    nir = import_nir()
    with _opened(path) as (h5py, file), open(path, "rb") as stream:
        found = _Walk(h5py, path, stream).group(file["node"], "node", 0)
    if not isinstance(found, dict) or not _is_graph(found):
        raise NirError(f"{path}: what is in it is not a NIRGraph")
    return _graph(nir, path, found)


def check_file(path: Path) -> None:
    """Refuse what is no HDF5 file with a graph in it, before it is read and Nengo is loaded.

    Raises
    ------
    NirError
    """
    if not is_sent(path):
        with _opened(path):
            pass


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Tuple[Any, Any]]:
    """h5py, and a file that has a graph."""
    try:
        h5py: Any = importlib.import_module("h5py")
    except ImportError:
        raise NirError(NEEDS) from None
    try:
        with h5py.File(path, "r") as file:
            if not isinstance(file.get("node", getlink=True), h5py.HardLink):
                raise NirError(f"{path}: there is no graph in it (no group 'node')")
            yield h5py, file
    except FileNotFoundError:
        raise NirError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise NirError(f"{path}: this is a folder; name a NIR file in it") from None
    except (OSError, RuntimeError, KeyError, UnicodeError) as error:  # h5py's, of what is damaged
        said = " ".join(str(error).split())
        raise NirError(f"{path}: this is no HDF5 file that can be read ({said[:120]})") from None


class _Walk:
    """Reads groups and datasets of one file, and counts while it does."""

    def __init__(self, h5py: Any, path: Path, stream: IO[bytes]):
        self.h5py, self.path, self.stream = h5py, path, stream
        self.file_bytes = os.fstat(stream.fileno()).st_size
        self.n_bytes = self.n_objects = 0
        self.seen: Set[Any] = set()

    def group(self, group: Any, name: str, depth: int) -> Any:
        if not isinstance(group, self.h5py.Group):
            raise NirError(f"{self.path}: {name} is no group")
        if depth > DEEPEST:
            raise NirError(f"{self.path}: {name} is nested more than {DEEPEST} deep")
        self._once(group, name)
        return {key: self._item(group, key, f"{name}/{key}", depth) for key in group}

    def _item(self, group: Any, key: str, name: str, depth: int) -> Any:
        link = group.get(key, getlink=True)
        if not isinstance(link, self.h5py.HardLink):
            kind = type(link).__name__
            raise NirError(f"{self.path}: {name} is a link ({kind}), which is not followed")
        item = group[key]
        if isinstance(item, self.h5py.Group):
            return self.group(item, name, depth + 1)
        if not isinstance(item, self.h5py.Dataset):
            raise NirError(f"{self.path}: {name} is neither a group nor a dataset")
        self._once(item, name)
        return self._values(item, name)

    def _once(self, item: Any, name: str) -> None:
        """Count it; no object has two names, by which a group could hold itself."""
        self.n_objects += 1
        if self.n_objects > MOST_OBJECTS:
            raise NirError(f"{self.path}: there are more than {MOST_OBJECTS:,} objects in it")
        where = self.h5py.h5o.get_info(item.id)
        mark = (where.fileno, where.addr)
        if mark in self.seen:
            raise NirError(f"{self.path}: {name} is another name of what is there already")
        self.seen.add(mark)

    def _values(self, item: Any, name: str) -> Any:
        text = self.h5py.check_string_dtype(item.dtype) is not None
        if item.dtype.kind not in KINDS and not text:
            raise NirError(f"{self.path}: {name} holds {item.dtype}, not numbers or text")
        if item.is_virtual or item.external:
            raise NirError(f"{self.path}: {name} is kept in another file, which is not read")
        if item.shape is None:
            raise NirError(f"{self.path}: {name} is empty")
        self._has_room(item, name, int(np.prod(item.shape, dtype=float)))
        value = self._texts(item, name) if item.dtype.kind == "O" else item[()]
        if isinstance(value, bytes):
            return value.decode("utf8", "replace")
        return value

    def _has_room(self, item: Any, name: str, n_values: int) -> None:
        """Hold a shape, and lengths of texts, against what the file has of them."""
        wanted = n_values * item.dtype.itemsize
        self.n_bytes += n_values * max(item.dtype.itemsize, 8)
        if self.n_bytes > MOST_BYTES:
            raise NirError(
                f"{self.path}: its arrays take more than {MOST_BYTES // 2**30} GiB, at {name}"
            )
        stored = min(bytes_stored(item), self.file_bytes)
        if wanted > MOST_EXPANSION * stored:
            raise NirError(
                f"{self.path}: {name} says that it has {wanted:,} bytes, and the file has "
                f"{stored:,} of it"
            )

    def _texts(self, item: Any, name: str) -> Any:
        """Texts of any length: one, or an array of them."""
        try:
            found = read_texts(self.h5py, item, self.stream, MOST_BYTES - self.n_bytes)
        except ValueError as error:
            raise NirError(f"{self.path}: texts of {name} cannot be read ({error})") from None
        self.n_bytes += sum(map(len, found.ravel()))
        return found if item.shape else found[()]


def _graph(nir: Any, path: Path, found: Dict[str, Any]) -> Any:
    """The nir package's own objects of what a file holds."""
    _shapes_are_ours(found)
    known = {name for name in dir(nir) if isinstance(getattr(nir, name), type)}
    for name, kind in _types(found, "node"):
        if kind not in known:
            raise NirError(f"{path}: {name} has the type {kind[:40]!r}, which NIR has not")
    try:
        with warnings.catch_warnings():  # it reckons with what has not been looked at yet
            warnings.simplefilter("ignore")
            return nir.dict2NIRNode(found)
    except Exception as error:  # it asserts, and takes keys for granted
        raise NirError(f"{path}: the nir package cannot read it ({_said(error)})") from None


def _types(found: Dict[str, Any], name: str) -> Iterator[Tuple[str, str]]:
    """Of each node of a graph, and of graphs within it, where that is a text."""
    nodes = found.get("nodes")
    for key, node in nodes.items() if isinstance(nodes, dict) else ():
        kind = node.get("type") if isinstance(node, dict) else None
        if isinstance(kind, str):
            yield f"{name}/nodes/{key}", kind
            yield from _types(node, f"{name}/nodes/{key}")


def _said(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return f"there is no {text}" if isinstance(error, KeyError) else text[:200]


def _is_graph(found: Dict[str, Any]) -> bool:
    kind = found.get("type")
    return isinstance(kind, str) and kind == "NIRGraph"


def _shapes_are_ours(found: Dict[str, Any]) -> None:
    """Have nir leave shapes alone: it refuses files of its own paper, as of lif_rockpool.nir."""
    if _is_graph(found):
        found["type_check"] = False
        nodes = found.get("nodes")
        for node in nodes.values() if isinstance(nodes, dict) else ():
            if isinstance(node, dict):
                _shapes_are_ours(node)


def edges_of(graph: Any) -> List[Tuple[str, str]]:
    """Its edges, in an order that does not depend on who wrote it."""
    return sorted({(str(a), str(b)) for a, b in graph.edges})
