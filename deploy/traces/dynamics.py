"""What kind of signal a probe has, found from the network: driven, learned or free.

It decides what two runs can have in common. A *driven* signal goes where its input leads it, so
that its path can be followed in time. A *learned* one does so once learning has settled. A *free*
one is in a loop, or behind one: an integrator keeps every error that it makes, an oscillator its
phase, so that two equally good runs part, and only their statistics agree.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Set

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from loihi_rules.nengo_parts.leads import filters
from loihi_rules.nengo_parts.wiring import base_of

DRIVEN, LEARNED, FREE, UNSUPERVISED = "driven", "learned", "free", "unsupervised"
SYNAPSE = 0.005  # s; Nengo's default, through which most of a network sees a signal


def dynamics_of(network: nengo.Network) -> Callable[[Any], str]:
    """A function that gives the kind of what an object of the network puts out.

    Learned is what is at the end of a connection that learns, and all behind it; free is what is
    in a loop, or behind one. Signals into learning rules close no loop: what they change is
    learned as it is.
    """
    objects = [*network.all_ensembles, *network.all_nodes]
    place = {obj: i for i, obj in enumerate(objects)}
    after: Dict[int, Set[int]] = {i: set() for i in place.values()}
    begins: List[int] = []
    for conn in network.all_connections:
        if isinstance(conn.post_obj, LearningRule):
            continue
        pre, post = place.get(base_of(conn.pre)), place.get(base_of(conn.post))
        if pre is None or post is None:
            continue
        after[pre].add(post)
        if conn.learning_rule_type is not None:
            begins.append(post)
    learned = _behind(begins, after)
    free = _behind(_in_loops(after), after) - learned

    def kind(obj: Any) -> str:
        if isinstance(obj, LearningRule):
            return LEARNED
        if isinstance(obj, nengo.Connection):
            return LEARNED if obj.learning_rule_type is not None else kind(obj.pre_obj)
        at = place.get(base_of(obj))
        return LEARNED if at in learned else FREE if at in free else DRIVEN

    return kind


def _behind(begins: List[int], after: Dict[int, Set[int]]) -> Set[int]:
    """These, and all that they reach."""
    found, waiting = set(begins), list(begins)
    while waiting:
        for next_ in after[waiting.pop()] - found:
            found.add(next_)
            waiting.append(next_)
    return found


def _in_loops(after: Dict[int, Set[int]]) -> List[int]:
    if not after:
        return []
    pairs = [(a, b) for a, bs in after.items() for b in bs]
    rows, columns = zip(*pairs) if pairs else ((), ())
    graph = csr_matrix((np.ones(len(pairs)), (rows, columns)), shape=(len(after), len(after)))
    _, group = connected_components(graph, directed=True, connection="strong")
    size = np.bincount(group)
    return [a for a in after if size[group[a]] > 1 or a in after[a]]


def seen_through(network: nengo.Network, probe: nengo.Probe) -> float:
    """Time constant, in seconds, of the filter that a probe of raw decoded spikes is judged by.

    The fastest synapse through which the network itself sees the signal, or Nengo's default
    where nothing sees it. 0 for probes with a synapse of their own, and for signals that are not
    made of spikes.
    """
    obj = probe.obj
    spiky = isinstance(obj, (nengo.Ensemble, nengo.Connection)) or (
        isinstance(obj, nengo.Node) and obj.output is None
    )
    if filters(probe.synapse) or not spiky or probe.attr not in ("decoded_output", "output"):
        return 0.0
    seers = [
        conn.synapse
        for conn in network.all_connections
        if base_of(conn.pre) is base_of(obj) and not isinstance(conn.pre_obj, Neurons)
    ]
    constants = [float(s.tau) for s in seers if getattr(s, "tau", 0.0)]
    return min(constants, default=SYNAPSE)
