"""Probes of nodes that hand on what the chip gives are read from the chip."""

from __future__ import annotations

from typing import Any, List, Tuple

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.synapses import LinearFilter

from loihi_rules.draft import Draft, ProbeReading
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.passthrough_nodes import (
    Known,
    Source,
    in_a_row,
    into_passthroughs,
    is_passthrough,
    remove_dead_ends,
    sources_of,
)
from loihi_rules.nengo_parts.wiring import base_of, columns_of, decoded, on_chip
from loihi_rules.notes import ProbeNote


def node_probes(draft: Draft) -> None:
    """Record at the chip what a probed node is handed from it, and hand that to nobody else.

    The output of `nengo.networks.EnsembleArray` is a node, which is on the host, and a decoded
    value without a filter gets there two steps late. Where a probe is all that a node is for, its
    samples are

        Σ_k A_k y_k

    of the connections k that end in it, by way of other nodes too: y_k is what the decoders of
    the connection give, through its filters and the probe's, recorded as the value of an
    ensemble is, and A_k the product of the matrices on the way.
    """
    network = draft.network
    incoming = into_passthroughs(network)
    known: Known = {}
    for net in [network, *network.all_networks]:
        for probe in list(net.probes):
            sources = _sources(network, probe, incoming, known)
            if sources and _is_free(draft, probe):
                _serve(draft, net, probe, sources)
    draft.dropped.extend(remove_dead_ends(network, incoming))


def _sources(
    network: nengo.Network, probe: nengo.Probe, incoming: Any, known: Known
) -> List[Source]:
    """All that a probed node is given, if that can be recorded at the chip, and is worth it."""
    node = base_of(probe.target)
    if not is_passthrough(node) or probe.attr != "output":
        return []
    if any(conn.pre_obj is node for conn in network.all_connections):
        return []
    sources = sources_of(node, incoming, (), known) or []
    can_be = all(
        on_chip(network, source.conn.pre)
        and decoded(source.conn)
        and all(isinstance(s, LinearFilter) for s in (*source.synapses, *_filters(probe)))
        for source in sources
    )
    late = any(not source.synapses for source in sources)
    return sources if can_be and late else []


def _is_free(draft: Draft, probe: nengo.Probe) -> bool:
    """Whether nothing else is made of its samples than what its user gets."""
    return all(
        reading.source is not probe and (reading.probe is not probe or _is_plain(reading))
        for reading in draft.readings.values()
    )


def _is_plain(reading: ProbeReading) -> bool:
    """Whether a user gets the samples of a stand-in as they are."""
    thinned = reading.sample_every is not None or reading.part is not None
    return reading.reads == "probe" and not thinned and reading.synapse is None


def _filters(probe: nengo.Probe) -> Tuple[Any, ...]:
    return () if probe.synapse is None else (probe.synapse,)


def _serve(draft: Draft, net: nengo.Network, probe: nengo.Probe, sources: List[Source]) -> None:
    parts: List[Tuple[nengo.Probe, np.ndarray]] = []
    for k, source in enumerate(sources):
        conn = source.conn
        draft.joined.add(conn)
        with net:
            stand_in = nengo.Probe(
                conn.pre,
                synapse=in_a_row((*source.synapses, *_filters(probe)), chip=False),
                solver=conn.solver,
                seed=conn.seed,
                label=f"{name_of(probe)} (part {k})",
            )
        draft.notes.probes[stand_in] = ProbeNote(stands_in=True, decoders_of=conn)
        parts.append((stand_in, source.matrix))
    net.probes.remove(probe)
    node: Any = probe.target
    asked = next((user for user, s in draft.readings.items() if s.probe is probe), probe)
    draft.readings[asked] = ProbeReading(
        None,
        "sum",
        tuple(parts),
        sample_every=probe.sample_every,
        part=columns_of(node) if isinstance(node, ObjView) else None,
    )
    draft.change(
        name_of(probe),
        "probes of the chip",
        "a node on the host that the chip's values end in",
        "these values, recorded at the chip",
        "they would come to the host two steps late, and nothing else is made of them there",
    )
