"""Filters that are too short, and values that are handed on too often."""

from __future__ import annotations

from typing import Any, Dict, List

import nengo
import numpy as np

from deploy.suspects.suspect import Copies, Suspect, Symptoms, free_to_vary, names
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.wiring import base_of, decoded

SHORT = 0.003  # s: single spikes pass through
DEFAULT = 0.005  # s, Nengo's
LONG = 4  # ensembles that do nothing but hand a value on


def short_synapse(symptoms: Symptoms) -> List[Suspect]:
    """Connections of values through which single spikes pass."""
    found = [
        conn
        for conn in symptoms.network.all_connections
        if decoded(conn)
        and isinstance(base_of(conn.post), nengo.Ensemble)
        and conn.learning_rule_type is None
        and getattr(conn.synapse, "tau", 0.0) < SHORT
    ]
    if not found:
        return []

    def apply(copies: Copies) -> None:
        for conn in found:
            copies[conn].synapse = nengo.Lowpass(DEFAULT)

    figure = f"{len(found)} with {_in_words(found[0].synapse)}"
    edit = f"synapse={DEFAULT:g}"
    return [Suspect("the wrong synapse: none, or too short", names(found), figure, edit, apply)]


def _in_words(synapse: Any) -> str:
    return "no synapse" if synapse is None else f"a filter of {1000 * synapse.tau:g} ms"


def long_chain(symptoms: Symptoms) -> List[Suspect]:
    """Ensembles that hand a value on as it is, one after the other."""
    relays = _relays(symptoms.network)
    if len(relays) < LONG:
        return []

    def apply(copies: Copies) -> None:
        for ens, entering in relays.items():
            _bypass(symptoms.network, copies, ens, entering)

    figure = f"{len(relays)} ensembles hand a value on as it is, and each adds its noise"
    edit = "connect what is before them to what is behind"
    return [Suspect("too long a chain", names(list(relays)), figure, edit, apply)]


def _relays(network: nengo.Network) -> Dict[nengo.Ensemble, nengo.Connection]:
    """Ensembles that nobody probes, with the one connection into each."""
    entering: Dict[Any, List[nengo.Connection]] = {}
    leaving: Dict[Any, List[nengo.Connection]] = {}
    for conn in network.all_connections:
        entering.setdefault(base_of(conn.post), []).append(conn)
        leaving.setdefault(base_of(conn.pre), []).append(conn)
    probed = {base_of(probe.obj) for probe in network.all_probes}
    return {
        ens: entering[ens][0]
        for ens in free_to_vary(network)
        if ens not in probed
        and len(entering.get(ens, [])) == 1
        and ens in leaving
        and isinstance(base_of(entering[ens][0].pre), nengo.Ensemble)
        and all(_as_it_is(conn) for conn in (*entering[ens], *leaving[ens]))
    }


def _as_it_is(conn: nengo.Connection) -> bool:
    transform = getattr(conn.transform, "init", None)
    plain = transform is None or np.array_equal(transform, 1.0)
    whole = conn.pre is conn.pre_obj and conn.post is conn.post_obj
    return conn.function is None and plain and whole and conn.learning_rule_type is None


def _bypass(
    network: nengo.Network, copies: Copies, ens: nengo.Ensemble, entering: nengo.Connection
) -> None:
    """Have what leaves an ensemble leave what is before it."""
    copy, conns = copies[ens], copies[network].all_connections
    before = next(conn for conn in conns if base_of(conn.post) is copy)
    behind = [conn for conn in conns if base_of(conn.pre) is copy]
    with copies[network]:
        for conn in behind:
            nengo.Connection(
                before.pre_obj, conn.post_obj, synapse=conn.synapse, seed=conn.seed,
                label=f"{name_of(entering)} → {name_of(conn.post)}",
            )  # fmt: skip
    gone = {before, *behind}
    for place in (copies[network], *copies[network].all_networks):
        place.connections[:] = [conn for conn in place.connections if conn not in gone]
        place.ensembles[:] = [each for each in place.ensembles if each is not copy]
