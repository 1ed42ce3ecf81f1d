"""What connections have learnt, as arrays of a file."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence, Tuple

import numpy as np

from deploy.files.npz import Arrays
from loihi_rules import Learned

UNITS = {"weights": "target's unit a Hz", "encoders": "gain ÷ radius"}


def describe_learned(learned: Learned) -> Dict[str, Any]:
    """All of it but the arrays, in terms of JSON."""
    return {
        "connection": learned.connection,
        "rule": learned.rule,
        "adapts": learned.adapts,
        "shape": list(np.shape(learned.values)),
        "unit": UNITS[learned.adapts],
        "theta": learned.theta is not None,
        "neurons": learned.neurons,
    }


def learned_arrays(learned: Sequence[Learned]) -> Dict[str, np.ndarray]:
    """The arrays, by the names that `read_learned` looks for."""
    arrays = {}
    for i, each in enumerate(learned):
        arrays[f"learned.{i}.values"] = np.asarray(each.values)
        if each.theta is not None:
            arrays[f"learned.{i}.theta"] = np.asarray(each.theta)
    return arrays


def read_learned(entries: Sequence[Mapping[str, Any]], arrays: Arrays) -> Tuple[Learned, ...]:
    """What `describe_learned` and `learned_arrays` wrote.

    Raises
    ------
    ValueError, KeyError, TypeError
        If the arrays do not fit their description.
    """
    learned = []
    for i, entry in enumerate(entries):
        values = arrays[f"learned.{i}.values"]
        theta = arrays[f"learned.{i}.theta"] if entry["theta"] else None
        name = str(entry["connection"])
        if values.dtype.kind != "f" or list(values.shape) != list(entry["shape"]):
            raise ValueError(f"weights of {name!r} do not fit their description")
        if theta is not None and (theta.dtype.kind != "f" or theta.ndim != 1):
            raise ValueError(f"θ of {name!r} does not fit its description")
        if entry["adapts"] not in UNITS:
            raise ValueError(f"{name!r} learns an unknown thing, {entry['adapts']!r}")
        rule, adapts, neurons = (str(entry[key]) for key in ("rule", "adapts", "neurons"))
        learned.append(Learned(name, rule, adapts, values, theta, neurons))
    return tuple(learned)
