"""What the functions of a user's nodes give that Nengo refuses, by the node's name."""

from __future__ import annotations

import contextlib
from types import FrameType
from typing import Any, Iterator, Optional

import nengo
import numpy as np
from nengo.exceptions import SimulationError

from loihi_rules.nengo_parts.names import name_of

CALLS = "step_simpyfunc"  # nengo/builder/operator.py, SimPyFunc.make_step
LONGEST = 60  # characters of a value


@contextlib.contextmanager
def naming_functions(network: Optional[nengo.Network]) -> Iterator[None]:
    """Have Nengo's errors of values name the node, or the connection, that gave them.

    Nengo names the function, which of most is ``<lambda>``.

    Parameters
    ----------
    network : nengo.Network or None
        Whose functions are called, or a copy of it that shares them.

    Raises
    ------
    nengo.exceptions.SimulationError
        As Nengo does.
    """
    try:
        yield
    except SimulationError as error:
        frame = _calling(error)
        owner = None if frame is None or network is None else _owner(network, frame)
        if frame is None or owner is None:
            raise
        raise SimulationError(_said(owner, frame)) from error


def _calling(error: BaseException) -> Optional[FrameType]:
    """The frame in which Nengo had called a function, if it is there that the error arose."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last.tb_frame if last is not None and last.tb_frame.f_code.co_name == CALLS else None


def _owner(network: nengo.Network, frame: FrameType) -> Any:
    """Which object has the function; of several that share it, the one whose signal it is."""
    fn = getattr(frame.f_locals.get("self"), "fn", None)
    if fn is None:  # as the outputs of nodes that pass on what enters them
        return None
    found = [
        *(node for node in network.all_nodes if node.output is fn),
        *(conn for conn in network.all_connections if conn.function is fn),
    ]
    output = getattr(frame.f_locals.get("self"), "output", None)
    of = [obj for obj in found if getattr(output, "name", None) == f"{obj}.out"]
    return next(iter(of or found), None)


def _said(owner: Any, frame: FrameType) -> str:
    value = frame.f_locals.get("y")
    size = owner.size_out if isinstance(owner, nengo.Node) else owner.size_mid
    shown = " ".join(repr(value).split())
    shown = shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
    numbers = "one finite number" if size == 1 else f"{size} finite numbers"
    wanted = f"let it give {numbers} in each step"
    if value is not None and np.size(value) != size:
        return f"{name_of(owner)}: its function gave {shown}, which are {np.size(value)}; {wanted}"
    return f"{name_of(owner)}: its function gave {shown}; {wanted}"
