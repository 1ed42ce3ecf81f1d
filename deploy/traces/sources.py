"""Which ensembles a probe's samples come from, over however many connections."""

from __future__ import annotations

from typing import Any, Callable, Dict, FrozenSet, List, Set

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule

from loihi_rules.nengo_parts.wiring import base_of


def sources_of(network: nengo.Network) -> Callable[[nengo.Probe], FrozenSet[nengo.Ensemble]]:
    """A function that gives the ensembles which a probe of the network depends on.

    What goes into a learning rule goes into the target of its connection. What nodes share by
    other ways than connections, as an object that both have, is not seen.
    """
    before: Dict[Any, Set[Any]] = {}
    for conn in network.all_connections:
        for post in _ends(conn.post):
            before.setdefault(post, set()).add(base_of(conn.pre))

    def behind(probe: nengo.Probe) -> FrozenSet[nengo.Ensemble]:
        found = set(_ends(probe.target))
        waiting = list(found)
        while waiting:
            for source in before.get(waiting.pop(), set()) - found:
                found.add(source)
                waiting.append(source)
        return frozenset(obj for obj in found if isinstance(obj, nengo.Ensemble))

    return behind


def _ends(target: Any) -> List[Any]:
    """The ensembles and nodes that something is, or joins."""
    obj = target.obj if isinstance(target, ObjView) else target
    if isinstance(obj, LearningRule):
        obj = obj.connection
        return [base_of(obj.post)]
    if isinstance(obj, nengo.Connection):
        return [base_of(obj.pre), *_ends(obj.post)]
    return [base_of(obj)]
