"""Probes that the chip cannot serve as asked, served another way."""

from __future__ import annotations

import nengo
from nengo.connection import LearningRule

from loihi_rules.change import name_of
from loihi_rules.passes.placement import base_of, chip_learning_connections, on_chip
from loihi_rules.rewrite import Draft, ServedProbe


def probes(draft: Draft) -> None:
    """Serve ``sample_every`` and learned weights of objects on the chip.

    nengo-loihi records every step or nothing (``simulator.py``, ``_probe``) and
    cannot probe a connection on the chip at all; the decoders of a learning
    connection are read from its synapses instead.
    """
    network = draft.network
    learning = chip_learning_connections(network)
    for net in [network, *network.all_networks]:
        for probe in list(net.probes):
            target = base_of(probe.target)
            if isinstance(target, nengo.Ensemble) and on_chip(network, target):
                if probe.sample_every is not None:
                    _sample_afterwards(draft, probe)
            elif isinstance(target, (nengo.Connection, LearningRule)):
                _connection_probe(draft, net, probe, learning)


def _sample_afterwards(draft: Draft, probe: nengo.Probe) -> None:
    period, probe.sample_every = probe.sample_every, None
    draft.served[probe] = ServedProbe(probe, sample_every=period)
    draft.change(
        name_of(probe),
        "probe every step",
        f"sample every {period:g} s",
        "every step, thinned out afterwards",
        "the chip's probes record every step",
    )


def _connection_probe(draft: Draft, net: nengo.Network, probe: nengo.Probe, learning) -> None:
    conn = probe.obj.connection if isinstance(probe.obj, LearningRule) else probe.obj
    if conn in learning:
        if probe.attr != "weights":
            net.probes.remove(probe)
            draft.problem(
                name_of(probe),
                "probe of a learning connection",
                f"'{probe.attr}' of a connection that learns on the chip cannot be read",
                "probe its 'weights', or the node or ensemble that makes the error",
            )
            return
        net.probes.remove(probe)
        draft.served[probe] = ServedProbe(
            None, "weights", conn, sample_every=probe.sample_every, synapse=probe.synapse
        )
        draft.change(
            name_of(probe),
            "probe of learned weights",
            "Probe(connection, 'weights')",
            "read from the learning synapses",
            "the chip has no probe for weights; the two halves (on and off) of each "
            "decoder are put back together",
        )
        return
    net.probes.remove(probe)
    if _on_host(draft.network, conn):
        draft.host_probes.append(probe)
        return
    draft.problem(
        name_of(probe),
        "probe of a connection on the chip",
        f"'{probe.attr}' of a connection on the chip cannot be read",
        "probe the ensembles at its two ends",
    )


def _on_host(network: nengo.Network, conn: nengo.Connection) -> bool:
    ends = [base_of(conn.pre), base_of(conn.post)]
    return not any(isinstance(end, nengo.Ensemble) and on_chip(network, end) for end in ends)
