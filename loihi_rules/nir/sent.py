"""A graph as it is sent to a machine that has neither the nir package nor HDF5.

An npz file with a JSON record: of each node its type's name, and all that it has, as the nir
package has read it. A board's machines have Python 3.8, for which there is no nir package.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Dict, List

import numpy as np

from loihi_rules.nir.errors import NirError

FORMAT, VERSION = "loihi-deploy NIR graph", 1
BEGINS = b"PK"  # as every npz file does, and no HDF5 file
MOST_BYTES = 2 * 2**30  # of all arrays, unpacked
DEEPEST = 100  # of values within values


def to_bytes(graph: Any) -> bytes:
    """A graph of the nir package's objects, packed; the same graph, the same bytes.

    Parameters
    ----------
    graph : nir.NIRGraph
    """
    arrays: List[np.ndarray] = []
    record = {"format": FORMAT, "version": VERSION, "graph": _packed(graph, arrays)}
    text = json.dumps(record, sort_keys=True).encode()
    members = {"json": np.frombuffer(text, np.uint8)}
    members.update({str(k): values for k, values in enumerate(arrays)})
    stream = io.BytesIO()
    np.savez(stream, **members)  # type: ignore[arg-type]  # in the order of their names
    return stream.getvalue()


def _packed(value: Any, arrays: List[np.ndarray]) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if is_dataclass(value) and not isinstance(value, type):
        return {"node": type(value).__name__, "has": _packed(vars(value), arrays)["map"]}
    if isinstance(value, dict):
        return {"map": [[str(key), _packed(of, arrays)] for key, of in value.items()]}
    if isinstance(value, (list, tuple, set)):
        parts = sorted(value) if isinstance(value, set) else value
        return {"list": [_packed(of, arrays) for of in parts]}
    values = np.asarray(value)
    if values.dtype.kind in "OUS":
        flat = (of.decode(errors="replace") if isinstance(of, bytes) else of for of in values.flat)
        return {"texts": [str(of) for of in flat], "shape": list(values.shape)}
    arrays.append(values)
    return {"array": len(arrays) - 1}


def is_sent(path: Path) -> bool:
    """Whether a file is one of these, by how it begins."""
    try:
        with open(path, "rb") as stream:
            return stream.read(len(BEGINS)) == BEGINS
    except OSError:
        return False


def read_sent(path: Path) -> Any:
    """The graph of a file of `to_bytes`; its nodes are of types of the same names and values.

    Raises
    ------
    NirError
        If it is none, or larger than what is read.
    """
    try:
        with zipfile.ZipFile(path) as members:
            if sum(member.file_size for member in members.infolist()) > MOST_BYTES:
                raise NirError(f"{path}: its arrays are larger than what is read")
        with np.load(path, allow_pickle=False) as npz:
            record = json.loads(bytes(npz["json"]))
            if (record["format"], record["version"]) != (FORMAT, VERSION):
                raise ValueError("its format is another")
            return _unpacked(record["graph"], npz, DEEPEST)
    except (zipfile.BadZipFile, OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise NirError(f"{path}: this is no graph that loihi-deploy has sent ({error})") from None


def _unpacked(value: Any, arrays: Any, depth: int) -> Any:
    if not depth:
        raise ValueError("values within values, too deep")
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[str(int(value["array"]))]
    if "texts" in value:
        return np.array(value["texts"], object).reshape(value["shape"])
    if "list" in value:
        return [_unpacked(of, arrays, depth - 1) for of in value["list"]]
    found: Dict[str, Any] = {
        str(key): _unpacked(of, arrays, depth - 1)
        for key, of in value["has" if "node" in value else "map"]
    }
    if "node" not in value:
        return found
    name = value["node"]
    if not (isinstance(name, str) and name.isidentifier()):
        raise ValueError("a node without a type")
    node = type(name, (SentNode,), {})()
    vars(node).update(found)
    return node


class SentNode:
    """A node, or a graph; its type has the name of the nir package's own."""
