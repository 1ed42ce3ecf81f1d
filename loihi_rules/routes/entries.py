"""Connections into the neurons of one ensemble, as the choice of their ways sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, Optional, Tuple

import nengo
import numpy as np
from nengo.ensemble import Neurons
from nengo.synapses import Lowpass
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from loihi_rules.lags import without
from loihi_rules.settings import TYPICAL_FREQUENCY
from loihi_rules.wiring import base_of, decoded, is_chip_input, on_chip


@dataclass(frozen=True)
class Entry:
    """A connection into neurons on the chip.

    Attributes
    ----------
    conn : nengo.Connection
    tau : float or None
        Time constant of the filter asked for, less the lag, seconds; 0 for none, None for another
        filter than a low-pass one.
    from_host : bool
        Whether its source is on the host, which can filter by whatever is left to do.
    spikes : bool
        Whether it goes straight to neurons, by weights that its user chose.
    carriable : bool
        Whether it is a decoded value into an ensemble, which neurons between can carry.
    rows : int
        In-axons that it takes at each core of its target where it comes straight or by a
        matrix: its source's neurons.
    sensitivity : float
        Error, in radii, for each second that it comes late or early.
    loop : bool
        Whether its target is also, by whatever way, upstream of its source.
    lag : float
        By how many seconds what comes through this filter is later than on the CPU already.
    """

    conn: nengo.Connection
    tau: Optional[float]
    from_host: bool
    spikes: bool
    carriable: bool
    rows: int
    sensitivity: float
    loop: bool
    lag: float = 0.0


def entries_of(network: nengo.Network, dt: float) -> Dict[nengo.Ensemble, List[Entry]]:
    """By target: what enters it, in the order of the network.

    A signal of 1 Hz that is Δt late errs by 2π · 1 Hz · Δt. In a loop whose longest filter is
    τ, Δt is Δt / τ of the loop's own time, so that its phase after one second errs by
    2π Δt / τ; and where one source enters twice, by filters that differ by Δτ, what the user
    is after is their difference, of which Δt / Δτ is lost.

    What an ensemble represents is later on the chip, or earlier, by ``network.config[ens].lag``;
    the filter that follows gives that back (`loihi_rules.lags`). Connections of one filter keep
    one, with the mean of their lags.
    """
    into: Dict[nengo.Ensemble, List[nengo.Connection]] = {}
    for conn in network.all_connections:
        if on_chip(network, conn.post):
            into.setdefault(base_of(conn.post), []).append(conn)
    parts, slowest = loops_of(network, dt)
    entries: Dict[nengo.Ensemble, List[Entry]] = {}
    for ens, conns in into.items():
        taus: Dict[Any, List[Optional[float]]] = {}  # by source
        for conn in conns:
            taus.setdefault(base_of(conn.pre), []).append(tau_of(conn))
        found = [_entry(network, conn, taus, parts, slowest) for conn in conns]
        entries[ens] = _without_lags(network, found, dt)
    return entries


def tau_of(conn: nengo.Connection) -> Optional[float]:
    """Of a low-pass filter, 0 for none; None for another filter."""
    if conn.synapse is None:
        return 0.0
    return float(conn.synapse.tau) if isinstance(conn.synapse, Lowpass) else None


def goes_straight(network: nengo.Network, conn: nengo.Connection) -> bool:
    """Whether it carries spikes, or weights that its user asked for, straight to neurons."""
    if isinstance(conn.pre_obj, Neurons) and isinstance(conn.post_obj, Neurons):
        return True
    if is_chip_input(conn.pre):
        return isinstance(conn.post_obj, Neurons)
    if not on_chip(network, conn.pre):
        return False
    return isinstance(conn.post_obj, Neurons) or (decoded(conn) and conn.solver.weights)


def _without_lags(network: nengo.Network, entries: List[Entry], dt: float) -> List[Entry]:
    together: Dict[float, List[Entry]] = {}
    for entry in entries:
        if entry.tau and _may_be_late(entry):
            together.setdefault(entry.tau, []).append(entry)
    lags = {
        tau: float(
            np.average(
                [network.config[e.conn.pre_obj].lag or 0.0 for e in alike],
                weights=[e.sensitivity for e in alike],
            )
        )
        for tau, alike in together.items()
    }
    return [
        replace(entry, tau=without(entry.tau, lags[entry.tau], dt), lag=lags[entry.tau])
        if entry.tau and _may_be_late(entry) and lags[entry.tau]
        else entry
        for entry in entries
    ]


def _may_be_late(entry: Entry) -> bool:
    return not entry.from_host and decoded(entry.conn) and entry.conn.learning_rule_type is None


def _entry(
    network: nengo.Network,
    conn: nengo.Connection,
    beside: Mapping[Any, List[Optional[float]]],
    parts: Dict[Any, int],
    slowest: Dict[int, float],
) -> Entry:
    tau, chip = tau_of(conn), on_chip(network, conn.pre) or is_chip_input(conn.pre)
    pre, post = base_of(conn.pre), base_of(conn.post)
    loop = chip and parts[pre] in slowest and parts[pre] == parts[post]
    sensitivity = 2 * np.pi * TYPICAL_FREQUENCY
    if loop:
        sensitivity = max(sensitivity, 2 * np.pi / slowest[parts[pre]])
    if chip and tau is not None:
        apart = [abs(tau - other) for other in beside[pre] if other is not None and other != tau]
        sensitivity = max([sensitivity, *(1 / gap for gap in apart)])
    straight = goes_straight(network, conn)
    return Entry(
        conn,
        tau,
        not chip,
        straight,
        chip and not straight and decoded(conn) and isinstance(conn.post_obj, nengo.Ensemble),
        int(getattr(conn.pre_obj, "n_neurons", conn.pre_obj.size_out)),
        float(sensitivity),
        loop,
    )


def loops_of(network: nengo.Network, dt: float) -> Tuple[Dict[Any, int], Dict[int, float]]:
    """The strongly connected part of each object, and of each part its longest filter.

    Parts without a connection inside them have none. A step is the least that a loop takes.
    """
    objects: Dict[Any, int] = {}
    edges = []
    for conn in network.all_connections:
        ends = [base_of(conn.pre), base_of(conn.post)]
        edges.append([objects.setdefault(end, len(objects)) for end in ends])
    if not edges:
        return {}, {}
    pre, post = np.array(edges).T
    graph = coo_matrix((np.ones(len(pre)), (pre, post)), shape=(len(objects),) * 2)
    part = connected_components(graph, directed=True, connection="strong")[1]
    slowest: Dict[int, float] = {}
    for conn, (a, b) in zip(network.all_connections, edges):
        if part[a] == part[b]:
            tau = max(tau_of(conn) or 0.0, dt)
            slowest[int(part[a])] = max(slowest.get(int(part[a]), 0.0), tau)
    return {obj: int(part[k]) for obj, k in objects.items()}, slowest
