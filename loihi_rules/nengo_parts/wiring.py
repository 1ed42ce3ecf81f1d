"""What a connection joins, and how it is changed in place."""

from __future__ import annotations

from typing import Any, FrozenSet

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.ensemble import Neurons

UNSET = object()


def base_of(obj: Any) -> Any:
    """The ensemble, node or rule below a view or a set of neurons."""
    if isinstance(obj, ObjView):
        obj = obj.obj
    return obj.ensemble if isinstance(obj, Neurons) else obj


def driven_one_by_one(network: nengo.Network) -> FrozenSet[nengo.Ensemble]:
    """Whose neurons get currents of their own, beside or instead of what they represent."""
    return frozenset(
        base_of(conn.post) for conn in network.all_connections if isinstance(conn.post_obj, Neurons)
    )


def on_chip(network: nengo.Network, obj: Any) -> bool:
    """Whether an end of a connection is on the chip, once placement has run."""
    ens = base_of(obj)
    if not isinstance(ens, nengo.Ensemble):
        return False
    # as ``network.config[ens].on_chip``, by which all that walks over connections asks
    config = network.config
    of_class = config[type(ens)]
    parameter = of_class.get_param("on_chip")
    own = parameter.data.get(config[ens], UNSET)
    return (parameter.get_default(of_class) if own is UNSET else own) is not False


def is_chip_input(obj: Any) -> bool:
    """Whether a node's spikes arise on the chip, as those of a DVS file do.

    nengo-loihi puts nodes there whose output is a ``ChipProcess`` (``inputs.py``).
    """
    kinds = type(getattr(base_of(obj), "output", None)).__mro__
    return any((k.__module__, k.__name__) == ("nengo_loihi.inputs", "ChipProcess") for k in kinds)


def decoded(conn: nengo.Connection) -> bool:
    """Whether the connection carries what an ensemble represents, not single spikes."""
    return isinstance(conn.pre_obj, nengo.Ensemble)


def columns_of(view: Any) -> np.ndarray:
    """Which dimensions of its object a view has, in its order."""
    if not isinstance(view, ObjView):
        return np.arange(view.size_out)
    dimensions: np.ndarray = np.arange(view.obj.size_out)[view.slice]
    return dimensions


def rows_of(view: Any) -> np.ndarray:
    """Which dimensions of its object a view is given, in its order."""
    if not isinstance(view, ObjView):
        return np.arange(view.size_in)
    dimensions: np.ndarray = np.arange(view.obj.size_in)[view.slice]
    return dimensions


def reconnect(conn: nengo.Connection, **ends: Any) -> None:
    """Give a connection another ``pre`` or ``post``.

    Nengo lets a connection's ends be set once; its other attributes are checked against
    them, so they have to be set afterwards.
    """
    for name, end in ends.items():
        attribute = getattr(type(conn), name)
        attribute.__delete__(conn)
        attribute.__set__(conn, end)


def through_a_node(network: nengo.Network, conn: nengo.Connection, label: str) -> nengo.Node:
    """A node between a connection and its target, which it gives the same in the same step.

    It has a function, as a node that only passes on would be made a direct connection.
    """
    post = conn.post
    with network:
        node = nengo.Node(_as_given, size_in=conn.size_out, size_out=conn.size_out, label=label)
        reconnect(conn, post=node)
        nengo.Connection(node, post, synapse=None, seed=0)
    node.seed = 0
    return node


def end_behind_nodes(network: nengo.Network, conn: nengo.Connection) -> Any:
    """What a connection is to, behind the nodes that `through_a_node` has put between."""
    end = base_of(conn.post)
    while is_between(end):
        end = next(base_of(c.post) for c in network.all_connections if c.pre is end)
    return end


def is_between(end: Any) -> bool:
    """Whether `through_a_node` has put it between."""
    return isinstance(end, nengo.Node) and end.output is _as_given


def _as_given(t: float, x: np.ndarray) -> np.ndarray:
    return x
