"""Probes that the chip cannot have as asked, read in another way."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.synapses import Synapse

from loihi_rules.draft import Draft, ProbeReading
from loihi_rules.learning_rules.where import chip_learning_connections
from loihi_rules.nengo_parts.built import built_ensemble
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.nengo_parts.wiring import base_of, columns_of, decoded, on_chip, through_a_node
from loihi_rules.notes import ProbeNote

Reading = Tuple[ProbeReading, str, str]  # and what is read instead, and why


def probes(draft: Draft) -> None:
    """Read in another way what nengo-loihi cannot record of objects on the chip.

    It records every step, of whole ensembles, what a compartment has: spikes, current and
    voltage (``builder/probe.py``, ``simulator.py``). What else Nengo can probe is taken
    from what the build fixed, from the learning synapses, from spikes, or from a node on the
    host that is given a copy of the connections; how is in `WAYS`.
    """
    network = draft.network
    learning = set(chip_learning_connections(network, draft.chip))
    for net in [network, *network.all_networks]:
        for probe in list(net.probes):
            target = base_of(probe.target)
            if draft.notes.probes[probe].stands_in:
                continue
            if isinstance(target, (nengo.Connection, LearningRule)):
                conn = target.connection if isinstance(target, LearningRule) else target
                if conn not in learning and _host_only(network, conn):
                    net.probes.remove(probe)
                    draft.host_probes.append(probe)
                    continue
                kind = "learning" if conn in learning else "connection"
                kind = "rule" if isinstance(target, LearningRule) else kind
            elif on_chip(network, target):
                kind = "neurons" if isinstance(probe.obj, Neurons) else "ensemble"
            else:
                continue
            _serve(draft, net, probe, kind)


def _serve(draft: Draft, net: nengo.Network, probe: nengo.Probe, kind: str) -> None:
    way = WAYS.get((kind, probe.attr), _as_it_is if kind in ("neurons", "ensemble") else None)
    found = None if way is None else way(draft, net, probe)
    if way is None:
        net.probes.remove(probe)
        draft.problem(
            name_of(probe),
            "probes of the chip",
            f"'{probe.attr}' of a {'learning rule' if kind == 'rule' else kind} on the chip "
            "cannot be read",
            "probe the ensembles or nodes at its ends",
        )
    elif found is not None:
        reading, after, why = found
        if reading.probe is not probe:
            net.probes.remove(probe)
        draft.readings[probe] = reading
        draft.change(name_of(probe), "probes of the chip", _asked(probe), after, why)


def _asked(probe: nengo.Probe) -> str:
    period = probe.sample_every
    return f"'{probe.attr}'" + ("" if period is None else f" every {period:g} s")


def _host_only(network: nengo.Network, conn: nengo.Connection) -> bool:
    return not any(on_chip(network, end) for end in (conn.pre, conn.post))


# ------------------------------------------------------------------------ the ways


def _as_it_is(draft: Draft, net: nengo.Network, probe: nengo.Probe) -> Optional[Reading]:
    """Spikes, voltages and decoded values; thinned out, and picked out, afterwards."""
    period, target, part = probe.sample_every, probe.target, None
    view = target if isinstance(target, ObjView) else None
    if view is not None and not (isinstance(view.obj, Neurons) and isinstance(view.slice, slice)):
        target, part = view.obj, columns_of(view)  # of neurons, slices can be recorded
    if period is None and part is None:
        return None
    stand_in = _stand_in(draft, net, target, probe)
    return (
        ProbeReading(stand_in, sample_every=period, part=part),
        "all of it at every step, picked out afterwards",
        "the chip's probes record whole ensembles at every step",
    )


def _neuron_input(draft: Draft, net: nengo.Network, probe: nengo.Probe) -> Reading:
    stand_in = _stand_in(draft, net, probe.obj, probe)
    return (
        ProbeReading(
            stand_in,
            "neuron input",
            probe.obj,
            sample_every=probe.sample_every,
            part=_part(probe),
        ),
        "the compartments' current and bias, in Nengo's unit",
        "the chip keeps currents as integers and adds the bias later",
    )


def _refractory_time(draft: Draft, net: nengo.Network, probe: nengo.Probe) -> Reading:
    stand_in = _stand_in(draft, net, probe.obj, probe, attr="output", synapse=None)
    return (
        ProbeReading(
            stand_in,
            "refractory time",
            probe.obj,
            sample_every=probe.sample_every,
            part=_part(probe),
        ),
        "counted from the spikes",
        "the chip has no probe for refractory counters",
    )


def _built(attribute: str) -> Callable[[Draft, nengo.Network, nengo.Probe], Reading]:
    def way(draft: Draft, net: nengo.Network, probe: nengo.Probe) -> Reading:
        return (
            ProbeReading(
                None,
                "built",
                probe.obj,
                attribute=attribute,
                sample_every=probe.sample_every,
                synapse=probe.synapse,
            ),
            "the value that the build fixed, at each sample",
            "it does not change on the chip, which has no probe for it",
        )

    return way


def _learned_weights(draft: Draft, net: nengo.Network, probe: nengo.Probe) -> Reading:
    return (
        ProbeReading(
            None, "weights", probe.obj, sample_every=probe.sample_every, synapse=probe.synapse
        ),
        "read from the learning synapses",
        "the chip has no probe for weights; the two halves (on and off) of each "
        "decoder are put back together",
    )


def _ensemble_input(draft: Draft, net: nengo.Network, probe: nengo.Probe) -> Reading:
    ens = probe.obj
    with net:
        node = nengo.Node(size_in=ens.size_in, label=f"input of {name_of(ens)}")
    node.seed = 0
    for conn in draft.network.all_connections:
        # weights of a solver give to its neurons, on the CPU too
        straight = decoded(conn) and conn.solver.weights
        if base_of(conn.post) is ens and conn.post_obj is ens and not straight:
            _copy_to(draft.network, conn, node[conn.post_slice], conn.synapse, conn.transform)
    return _mirror(net, probe, node)


def _connection_output(draft: Draft, net: nengo.Network, probe: nengo.Probe) -> Optional[Reading]:
    conn = probe.obj
    encodes = decoded(conn) and conn.solver.weights
    size = conn.post_obj.n_neurons if encodes else conn.size_out
    with net:
        node = nengo.Node(size_in=size, label=f"output of {name_of(conn)}")
    node.seed = 0
    transform = conn.transform
    if encodes:  # what such a connection carries is the neurons' input
        encoders = built_ensemble(conn.post_obj, draft.dt).scaled_encoders
        transform = encoders[:, conn.post_slice] @ matrix_of(conn)
    _copy_to(draft.network, conn, node, conn.synapse, transform)
    return _mirror(net, probe, node)


def _learned_output(draft: Draft, net: nengo.Network, probe: nengo.Probe) -> Reading:
    """What learned weights give reaches their target by the host, and is read on the way."""
    node = through_a_node(draft.network, probe.obj, f"output of {name_of(probe.obj)}")
    return _mirror(net, probe, node)


def _connection_input(draft: Draft, net: nengo.Network, probe: nengo.Probe) -> Reading:
    conn = probe.obj
    if isinstance(getattr(conn.pre_obj, "neuron_type", None), nengo.Direct):
        with net:
            node = nengo.Node(size_in=conn.pre_obj.size_out, label=f"input of {name_of(conn)}")
        with draft.network:
            nengo.Connection(conn.pre_obj, node, synapse=None, seed=conn.seed)
        node.seed = 0
        return _mirror(net, probe, node)
    if decoded(conn):
        stand_in = _stand_in(draft, net, conn.pre_obj.neurons, probe, attr="output")
        after = "the spikes of its neurons"
    else:
        stand_in = _stand_in(draft, net, conn.pre_obj, probe, attr="output")
        after = "what its source gives"
    return (
        ProbeReading(stand_in, sample_every=probe.sample_every),
        after,
        "the chip has no probe for connections",
    )


def _rule_error(draft: Draft, net: nengo.Network, probe: nengo.Probe) -> Reading:
    return _mirror(net, probe, _error_node(draft, net, _rule(probe)))


def _rule_activities(draft: Draft, net: nengo.Network, probe: nengo.Probe) -> Reading:
    return (
        ProbeReading(
            _activities(draft, net, probe, probe.synapse),
            sample_every=probe.sample_every,
            part=draft.notes.connections[_rule(probe).connection].sources,
        ),
        "the spikes of its neurons, through the rule's filter",
        "the chip has no probe for learning traces",
    )


def _rule_delta(draft: Draft, net: nengo.Network, probe: nengo.Probe) -> Reading:
    conn = _rule(probe).connection
    with net:
        errors = nengo.Probe(_error_node(draft, net, _rule(probe)), seed=probe.seed)
    errors.label = f"{name_of(probe)} (errors)"
    return (
        ProbeReading(
            _activities(draft, net, probe, None),
            "delta",
            errors,
            sample_every=probe.sample_every,
            synapse=probe.synapse,
            part=draft.notes.connections[conn].sources,
            factor=-float(conn.learning_rule_type.learning_rate) * draft.dt,
        ),
        "by PES's equation, from the errors that the host sends and the chip's spikes",
        "the chip has no probe for learning; it changes weights every four steps, by whole "
        "mantissas",
    )


def _rule(probe: nengo.Probe) -> LearningRule:
    rule: LearningRule = base_of(probe.target)
    return rule


def _error_node(draft: Draft, net: nengo.Network, rule: LearningRule) -> nengo.Node:
    """A node that is given what the rule is given."""
    with net:
        node = nengo.Node(size_in=rule.size_in, label=f"error of {name_of(rule.connection)}")
    node.seed = 0
    for conn in draft.network.all_connections:
        if conn.post_obj == rule:
            _copy_to(draft.network, conn, node[conn.post_slice], conn.synapse, conn.transform)
    return node


def _activities(
    draft: Draft, net: nengo.Network, probe: nengo.Probe, then: Optional[Synapse]
) -> nengo.Probe:
    """A probe of the neurons that a rule learns from, through the rule's filter and another."""
    conn = _rule(probe).connection
    synapse = conn.learning_rule_type.pre_synapse
    if then is not None:
        synapse = synapse.combine(then)
    return _stand_in(draft, net, conn.pre_obj.neurons, probe, attr="output", synapse=synapse)


WAYS: Dict[Tuple[str, str], Any] = {
    ("ensemble", "input"): _ensemble_input,
    ("ensemble", "scaled_encoders"): _built("scaled_encoders"),
    ("neurons", "input"): _neuron_input,
    ("neurons", "refractory_time"): _refractory_time,
    ("learning", "weights"): _learned_weights,
    ("learning", "input"): _connection_input,
    ("learning", "output"): _learned_output,
    ("rule", "error"): _rule_error,
    ("rule", "activities"): _rule_activities,
    ("rule", "delta"): _rule_delta,
    ("connection", "weights"): _built("weights"),
    ("connection", "output"): _connection_output,
    ("connection", "input"): _connection_input,
}


def _part(probe: nengo.Probe) -> Any:
    return columns_of(probe.target) if isinstance(probe.target, ObjView) else None


def _stand_in(
    draft: Draft, net: nengo.Network, target: Any, probe: nengo.Probe, **other: Any
) -> nengo.Probe:
    """A probe of a target, like another probe but for its period."""
    asked = {"attr": probe.attr, "synapse": probe.synapse, **other}
    with net:
        stand_in = nengo.Probe(
            target, asked["attr"], synapse=asked["synapse"], solver=probe.solver, seed=probe.seed
        )
    stand_in.label = f"{name_of(probe)} (every step)"
    draft.notes.probes[stand_in] = ProbeNote(stands_in=True)
    return stand_in


def _copy_to(
    network: nengo.Network, conn: nengo.Connection, node: Any, synapse: Any, transform: Any
) -> None:
    """Have a node on the host given what a connection carries.

    In the whole network, which is the last to be built: both ends are there then.
    """
    with network:
        nengo.Connection(
            conn.pre,
            node,
            function=conn.function,
            transform=transform,
            solver=conn.solver if not conn.solver.weights else nengo.solvers.LstsqL2(),
            synapse=synapse,
            eval_points=conn.eval_points,
            scale_eval_points=conn.scale_eval_points,
            seed=conn.seed,
        )


def _mirror(net: nengo.Network, probe: nengo.Probe, node: nengo.Node) -> Reading:
    columns = _part(probe)
    with net:
        stand_in = nengo.Probe(
            node if columns is None else node[columns],
            synapse=probe.synapse,
            sample_every=probe.sample_every,
            label=name_of(probe),
            seed=probe.seed,
        )
    return (
        ProbeReading(stand_in),
        "a node on the host that is given a copy",
        "the chip has no probe for what a connection carries",
    )
