"""Filters that are too short."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Tuple

import nengo
import numpy as np
from nengo.synapses import LinearFilter

from deploy.suspects.suspect import Copies, Suspect, Symptoms, names
from loihi_rules.nengo_parts.figures import figure
from loihi_rules.nengo_parts.passthrough_nodes import is_passthrough
from loihi_rules.nengo_parts.wiring import base_of, decoded

SHORT = 0.003  # s: single spikes pass through
DEFAULT = 0.005  # s, Nengo's
LOOKED = 1.0  # s, of an answer that is no formula


def short_synapse(symptoms: Symptoms) -> List[Suspect]:
    """Connections of values through which single spikes pass, on the whole way to an ensemble."""
    found = _outermost(symptoms.network, _without_filter(symptoms.network))
    if not found:
        return []

    def apply(copies: Copies) -> None:
        for conn in found:
            copies[conn].synapse = nengo.Lowpass(DEFAULT)

    figure = f"{len(found)} with {_in_words(found[0].synapse)}"
    edit = f"synapse={DEFAULT:g}"
    return [Suspect("the wrong synapse: none, or too short", names(found), figure, edit, apply)]


def _without_filter(network: nengo.Network) -> List[nengo.Connection]:
    """Connections on a way from one ensemble to another on which all filters are short."""
    conns = [conn for conn in network.all_connections if conn.learning_rule_type is None]
    last = {conn: _lasts(conn.synapse) for conn in conns}
    onto = [conn for conn in conns if is_passthrough(base_of(conn.post))]
    since: Dict[Any, float] = {}  # the last ensemble, at least; seconds
    until: Dict[Any, float] = {}  # the next
    changed = True
    while changed:
        changed = False
        for conn in onto:
            node = base_of(conn.post)
            before = 0.0 if decoded(conn) else since.get(base_of(conn.pre), math.inf)
            if before + last[conn] < since.get(node, math.inf):
                since[node], changed = before + last[conn], True
        for conn in conns:
            node, end = base_of(conn.pre), base_of(conn.post)
            after = 0.0 if isinstance(end, nengo.Ensemble) else until.get(end, math.inf)
            if is_passthrough(node) and last[conn] + after < until.get(node, math.inf):
                until[node], changed = last[conn] + after, True
    found = []
    for conn in conns:
        end = base_of(conn.post)
        before = 0.0 if decoded(conn) else since.get(base_of(conn.pre), math.inf)
        after = 0.0 if isinstance(end, nengo.Ensemble) else until.get(end, math.inf)
        if before + last[conn] + after < SHORT:
            found.append(conn)
    return found


def _outermost(network: nengo.Network, conns: List[nengo.Connection]) -> List[nengo.Connection]:
    """Of those that nodes join to one way, the ones that its author has written himself."""
    depths = _depths(network)
    joined: Dict[Any, Any] = {}  # a node, to one that stands for all that it is joined with

    def stands_for(obj: Any) -> Any:
        while joined.get(obj, obj) is not obj:
            obj = joined[obj]
        return obj

    for conn in conns:
        ends = [end for end in (base_of(conn.pre), base_of(conn.post)) if is_passthrough(end)]
        if len(ends) == 2:
            joined[stands_for(ends[0])] = stands_for(ends[1])
    least: Dict[Any, int] = {}
    groups: List[Tuple[nengo.Connection, Any]] = []
    for conn in conns:
        ends = [end for end in (base_of(conn.pre), base_of(conn.post)) if is_passthrough(end)]
        group = stands_for(ends[0]) if ends else conn
        groups.append((conn, group))
        least[group] = min(depths[conn], least.get(group, depths[conn]))
    return [conn for conn, group in groups if depths[conn] == least[group]]


def _depths(network: nengo.Network, depth: int = 0) -> Dict[nengo.Connection, int]:
    """In how many networks each connection is."""
    found = {conn: depth for conn in network.connections}
    for inner in network.networks:
        found.update(_depths(inner, depth + 1))
    return found


def _lasts(synapse: Any) -> float:
    """Mean delay of a filter, in seconds: −H′(0)/H(0), the centre of its answer to a spike."""
    if synapse is None:
        return 0.0
    if isinstance(synapse, LinearFilter) and synapse.analog:
        num, den = (np.append(np.zeros(2), c)[-2:] for c in (synapse.num, synapse.den))
        if num[1] == 0 or den[1] == 0:
            return math.inf  # no low-pass filter
        return float(den[0] / den[1] - num[0] / num[1])
    spike = np.zeros((round(LOOKED / 0.001), 1))
    spike[0] = 1.0
    answer = synapse.filt(spike, dt=0.001, y0=0)[:, 0]
    return float(np.average(np.arange(len(answer)), weights=np.abs(answer)) * 0.001)


def _in_words(synapse: Any) -> str:
    return (
        "no synapse" if synapse is None else f"a filter of {figure(1000 * _lasts(synapse), 3)} ms"
    )
