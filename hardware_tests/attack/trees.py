"""Files of HDF5 as trees in JSON: groups, datasets, and what only harm has a use for.

A table is a group, anything else a dataset. A table with one of `SPECIAL`'s keys is what that says:
a link, a shape with nothing in it, values of another type or of another file.
"""

from __future__ import annotations

import contextlib
import copy
import json
import random
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import numpy as np

from hardware_tests.attack import grammar

MOST_DATASETS = 200


def _node(kind: str, **values: Any) -> Dict[str, Any]:
    return {"type": kind, **values}


def _graph(nodes: Dict[str, Any], *edges: Tuple[str, str]) -> Dict[str, Any]:
    nodes = {"input": _node("Input", shape=[2]), **nodes, "output": _node("Output", shape=[2])}
    return {"node": {"type": "NIRGraph", "nodes": nodes, "edges": [list(each) for each in edges]},
            "version": "1.0"}  # fmt: skip


_LIF = _node("LIF", tau=[0.01, 0.01], r=[1, 1], v_leak=[0, 0], v_threshold=[1, 1], v_reset=[0, 0])
_CUBA = {key: value for key, value in _LIF.items() if key != "tau"}
TREES: Tuple[Dict[str, Any], ...] = (
    _graph(
        {
            "affine": _node("Affine", weight=[[1.0, 0.5], [0.0, 1.0]], bias=[0.0, 0.1]),
            "lif": _LIF,
            "back": _node("Linear", weight=[[0.1, 0.0], [0.0, 0.1]]),
            "late": _node("Delay", delay=[0.002, 0.002]),
            "cuba": {**_CUBA, "type": "CubaLIF", "tau_mem": [0.01, 0.01],
                     "tau_syn": [0.02, 0.02], "w_in": [1, 1]},
        },
        ("input", "affine"), ("affine", "lif"), ("lif", "back"), ("back", "lif"), ("lif", "late"),
        ("late", "cuba"), ("cuba", "output"),
    ),
    _graph(
        {
            "conv": _node("Conv2d", input_shape=[3, 3], weight=[[[[1.0, 0.5], [0.5, 1.0]]]],
                          stride=[1, 1], padding=[0, 0], dilation=[1, 1], groups=1, bias=[0.0]),
            "if": _node("IF", r=[[[1, 1], [1, 1]]], v_threshold=[[[1, 1], [1, 1]]],
                        v_reset=[[[0, 0], [0, 0]]]),
            "pool": _node("SumPool2d", kernel_size=[2, 2], stride=[2, 2], padding=[0, 0]),
            "flatten": _node("Flatten", start_dim=0, end_dim=-1, input_type=[1, 1, 1]),
            "scale": _node("Scale", scale=[2.0]),
            "cubali": _node("CubaLI", tau_mem=[0.01], tau_syn=[0.02], r=[1], v_leak=[0], w_in=[1]),
        },
        ("input", "conv"), ("conv", "if"), ("if", "pool"), ("pool", "flatten"),
        ("flatten", "scale"), ("scale", "cubali"), ("cubali", "output"),
    ),
    _graph(
        {
            "inner": {
                "type": "NIRGraph",
                "nodes": {
                    "input": _node("Input", shape=[2]),
                    "conv": _node("Conv1d", input_shape=1, weight=[[[1.0]], [[1.0]]], stride=1,
                                  padding="same", dilation=1, groups=2, bias=[0.0, 0.0]),
                    "threshold": _node("Threshold", threshold=[0.5, 0.5]),
                    "output": _node("Output", shape=[2]),
                },
                "edges": [["input", "conv"], ["conv", "threshold"], ["threshold", "output"]],
            },
            "i": _node("I", r=[1, 1]),
            "li": _node("LI", tau=[0.1, 0.1], r=[1, 1], v_leak=[0, 0]),
        },
        ("input", "inner"), ("inner", "i"), ("i", "li"), ("li", "output"),
    ),
)  # fmt: skip
TREES[1]["node"]["nodes"]["input"]["shape"] = [1, 3, 3]
TREES[1]["node"]["nodes"]["output"]["shape"] = [1]
SMALL = _graph({"if": _node("IF", r=[1, 1], v_threshold=[1, 1], v_reset=[0, 0])},
               ("input", "if"), ("if", "output"))  # fmt: skip

HARMS: Tuple[Any, ...] = (
    {"->": "/node/nodes/lif"}, {"->": "/gone"}, {"->>": "/"}, {"=": "/node"}, {"=": "/node/edges"},
    {"shape of nothing": [10**9]}, {"shape of nothing": [10**6, 10**6]},
    {"shape of nothing": [20_000, 10_000]}, {"shape of nothing": []}, {"in another file": 0},
    {"as": ["S5", ["a", "b"]]}, {"as": ["c16", [1, 2]]}, {"as": ["f2", [1, 2]]},
    {"as": ["u1", [[1, 2], [3, 4]]]}, {"as": ["i8", [2**62]]}, {"references": 0}, {"a type": 0},
    {"a": {"b": {"c": 1}}}, [[2**40]], [-1], [[]],
)  # fmt: skip


def harmed(draw: random.Random) -> Tuple[Dict[str, Any], str]:
    """One of the trees, in which some places have something else; and which."""
    tree, said = copy.deepcopy(draw.choice(TREES)), []
    places = draw.sample(sorted(grammar.places(tree), key=str), draw.choice((1, 1, 2, 3)))
    for path in sorted(places, key=len, reverse=True):  # none within what is new
        holder = tree
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = draw.choice(HARMS) if draw.random() < 0.6 else grammar.value(draw)
        said.append(".".join(map(str, path))[-40:])
    return tree, ", ".join(said)


def _soft(group: Any, key: str, value: Any) -> None:
    import h5py

    group[key] = h5py.SoftLink(str(value))


def _external(group: Any, key: str, value: Any) -> None:
    import h5py

    group[key] = h5py.ExternalLink("/etc/passwd", str(value))


def _hard(group: Any, key: str, value: Any) -> None:
    group[key] = group.file[str(value)]


def _empty(group: Any, key: str, value: Any) -> None:
    """A shape that costs nothing to write."""
    options = {"chunks": (1,) * len(value), "compression": "gzip"} if value else {}
    group.create_dataset(key, tuple(map(int, value)), "f8", **options)


def _elsewhere(group: Any, key: str, value: Any) -> None:
    group.create_dataset(key, (4,), "f8", external=[("/etc/passwd", 0, 32)])


def _typed(group: Any, key: str, value: Any) -> None:
    """Values as another type of NumPy's."""
    kind, values = value
    group[key] = np.array(values).astype(str(kind))


def _references(group: Any, key: str, value: Any) -> None:
    import h5py

    group.create_dataset(key, data=np.array([group.ref] * 2, dtype=h5py.ref_dtype))


def _named_type(group: Any, key: str, value: Any) -> None:
    group[key] = np.dtype("f8")


SPECIAL: Dict[str, Callable[[Any, str, Any], None]] = {
    "->": _soft, "->>": _external, "=": _hard, "shape of nothing": _empty,
    "in another file": _elsewhere, "as": _typed, "references": _references,
    "a type": _named_type,
}  # fmt: skip
WORDS = (*SPECIAL, "type", "nodes", "edges", "metadata", "weight", "bias", "NIRGraph", "Conv1d",
         "AvgPool2d", "Threshold", "loihi_rules", "given")  # fmt: skip


def write(path: Path, tree: Any, form: str = "earliest") -> bool:
    """A file of a tree; False where there can be none.

    Parameters
    ----------
    path : pathlib.Path
    tree : dict, list, str, int, float or bool
        In terms of JSON.
    form : str
        Of HDF5: ``"earliest"`` or ``"latest"``.
    """
    import h5py

    if not isinstance(tree, dict):
        return False
    with h5py.File(path, "w", libver=form) as file:
        _fill(file, tree, [0])
    return True


def write_json(path: Path, text: bytes) -> bool:
    """The same of the text of a tree."""
    try:
        return write(path, json.loads(text))
    except (ValueError, RecursionError):
        return False


def _fill(group: Any, tree: Dict[str, Any], counted: Any) -> None:
    for key, value in tree.items():
        counted[0] += 1
        if counted[0] > MOST_DATASETS:
            return
        # what HDF5 itself, or NumPy, refuses to write does no harm
        with contextlib.suppress(ValueError, TypeError, OverflowError, OSError, KeyError,
                                 RuntimeError, MemoryError, RecursionError):  # fmt: skip
            name = key if key and key != "." else "x"
            special = [each for each in SPECIAL if isinstance(value, dict) and each in value]
            if special:
                SPECIAL[special[0]](group, name, value[special[0]])
            elif isinstance(value, dict):
                _fill(group.require_group(name), value, counted)
            else:
                group[name] = _values(value)


def _values(value: Any) -> Any:
    import h5py

    array = np.asarray(value)
    return array.astype(h5py.string_dtype()) if array.dtype.kind == "U" else array
