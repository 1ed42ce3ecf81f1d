"""A number by which two runs can tell that they ran the same model."""

from __future__ import annotations

import hashlib
import inspect
import json
from dataclasses import asdict
from typing import Any, Dict

import nengo
import numpy as np
from nengo.base import NengoObject, ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.params import FrozenObject, iter_params

from deploy.models.reads import text_of
from loihi_rules.blocks.injection import injections_of


def fingerprint(network: nengo.Network) -> str:
    """SHA-256 over everything that makes the model what it is.

    Objects stand for themselves by their place in the network, arrays by their
    bytes, functions by their source text; neither addresses nor versions enter,
    so that another machine and another Python give the same number.

    Parameters
    ----------
    network : nengo.Network

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    objects = [*network.all_ensembles, *network.all_nodes, *network.all_connections]
    objects += network.all_probes
    place = {id(obj): f"{type(obj).__name__}#{i}" for i, obj in enumerate(objects)}
    description = [
        [
            place[id(obj)],
            {name: _plain(getattr(obj, name), place) for name in sorted(obj.params)},
        ]
        for obj in objects
    ]
    seeds = [net.seed for net in [network, *network.all_networks]]
    injected = [
        [place[id(ens)], [_plain(asdict(injection), place) for injection in given]]
        for ens, given in injections_of(network).items()
    ]
    parts = [seeds, description, *([injected] if injected else [])]
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def neurons_fingerprint(conn: nengo.Connection) -> str:
    """SHA-256 over the ensembles at both ends of a connection, with their seeds.

    Weights that were learnt between two ensembles mean nothing between others. Labels do not
    enter.

    Parameters
    ----------
    conn : nengo.Connection
        Of a network whose seeds are fixed.
    """
    ends = [conn.pre_obj, conn.post_obj]
    description = []
    for end in ends:
        obj = end.ensemble if isinstance(end, Neurons) else end
        names = [name for name in sorted(obj.params) if name != "label"]
        description.append([type(obj).__name__, {n: _plain(getattr(obj, n), {}) for n in names}])
    text = json.dumps(description, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any, place: Dict[int, str]) -> Any:
    """A value in terms of JSON."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (float, np.floating)):
        return float(value).hex()
    if isinstance(value, (np.integer, np.bool_)):
        return int(value)
    if isinstance(value, np.ndarray):
        data = np.ascontiguousarray(value)
        little = data.astype(data.dtype.newbyteorder("<"), copy=False)
        return [data.dtype.kind, list(data.shape), hashlib.sha256(little.tobytes()).hexdigest()]
    if hasattr(value, "tocoo"):  # a sparse matrix of SciPy's
        whole = value.tocoo()
        return [
            "sparse",
            list(whole.shape),
            [_plain(np.asarray(a), place) for a in (whole.row, whole.col, whole.data)],
        ]
    if isinstance(value, ObjView):
        return ["view", _plain(value.obj, place), str(value.slice)]
    if isinstance(value, Neurons):
        return ["neurons", _plain(value.ensemble, place)]
    if isinstance(value, LearningRule):
        return ["rule of", _plain(value.connection, place)]
    if isinstance(value, NengoObject):
        return place.get(id(value), type(value).__name__)
    if isinstance(value, FrozenObject):
        names = sorted(iter_params(value))
        return [type(value).__name__, {n: _plain(getattr(value, n), place) for n in names}]
    if isinstance(value, dict):
        return {str(k): _plain(v, place) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v, place) for v in value]
    if isinstance(value, slice):
        return str(value)
    if callable(value):
        return _function(value)
    return type(value).__name__


def _function(function: Any) -> Any:
    name = getattr(function, "__qualname__", type(function).__name__)
    code = getattr(inspect.unwrap(function), "__code__", None)
    return [name] if code is None else [name, text_of(code)]
