"""Values that go to the chip, or come from it, are as late as their user asked, not later."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Set

import nengo
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.synapses import Lowpass, Synapse

from loihi_rules.chip.lags import without
from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.figures import figure
from loihi_rules.nengo_parts.leads import Lead, filters, steps_of
from loihi_rules.nengo_parts.names import filter_name, name_of
from loihi_rules.nengo_parts.wiring import base_of, decoded, on_chip
from loihi_rules.notes import Notes, Way

LEAST_STEPS = 3  # of a filter that one step can be taken from
WORTH_A_WARNING = 2  # steps, by which a value comes late
RULE_OF_DELAYS = "a step each way between chip and host"
MOST_RECORDED = 0.2  # of the filter of what is recorded, that a lag takes


class Arrival(NamedTuple):
    """One of the ways by which a value comes to an object on the host.

    Attributes
    ----------
    late : int
        Steps later than on the CPU.
    filtered : bool
        Whether a filter on the way has made it smooth.
    """

    late: int
    filtered: bool


def host_delays(draft: Draft) -> None:
    """Take out of the host's filters what the way to and from the chip adds.

    *From the chip* spikes take a step, and what an ensemble represents takes two, by way of the
    compartments that decode it. Nengo's filters take one, which one that gives its output in
    the same step (`loihi_rules.nengo_parts.leads.Lead`) saves; for the other a low-pass filter has
    τ − dt, and another filter is that much early. A value that has no filter is late. By how much
    later an ensemble answers than on the CPU (`loihi_rules.chip.lags`) is taken out of its filter
    too.

    What comes late to a node, as its connections from the chip have no filter, is made early by
    the next filter that it goes through on the host.

    *To the chip* a value takes a step, as spikes, and is then filtered by the compartment. The
    host applies the user's own filter, of any kind, without Nengo's step, and then the inverse
    of the compartment's (`loihi_rules.routes.from_host.before_chip`). What reaches the neurons
    is what reaches them on the CPU. A value that was filtered anywhere is smooth, and is sent
    as much earlier as the steps that it has lost before; others stay late by those, which the
    change says. A loop without a filter anywhere goes round in a few steps: one more changes
    where it settles, on the CPU too (x ← x / 2 + 0.3 of 50 neurons, 0.6 → 0.85), and is warned of.
    """
    network, notes = draft.network, draft.notes.connections
    for conn in network.all_connections:
        if not on_chip(network, conn.pre) or on_chip(network, conn.post):
            continue
        if isinstance(conn.post_obj, LearningRule) or notes[conn].steps_late is not None:
            continue
        _receive(draft, conn)
    for probe in network.all_probes:
        _record(draft, probe)
    after = _after(network)
    arrivals = _catch_up(draft, after)
    bare = _after(network, lambda conn: not _filters(draft, conn))
    for conn in network.all_connections:
        if notes[conn].way != Way.FROM_HOST or notes[conn].steps_late is not None:
            continue
        _send(draft, conn, arrivals[base_of(conn.pre)], after, bare)


def _receive(draft: Draft, conn: nengo.Connection) -> None:
    own, steps, notes = conn.synapse, _late(conn, draft.dt), draft.notes
    notes.connections[conn] = replace(notes.connections[conn], steps_late=steps)
    if own is not None:
        lag = notes.ensembles[conn.pre_obj].lag if decoded(conn) else 0.0
        conn.synapse = _kept(own, lag, draft.dt) if decoded(conn) else Lead(own)
    elif _only_filtered(draft.network, notes, conn.post_obj):
        return  # made up for on the way back to the chip
    draft.change(
        name_of(conn),
        "values to the host",
        filter_name(own),
        "the same on the host; "
        + (f"{_count(steps, draft.dt)} later than asked" if steps else "as early as asked"),
        "the chip hands spikes to the host a step late, and decoded values two",
    )


def _catch_up(draft: Draft, after: Dict[object, Set[object]]) -> Dict[object, Set[Arrival]]:
    """Take out of the host's own filters what values lost before; how late the host's objects are.

    Not where a value comes back to where it starts, as a loop needs the step that Nengo's
    filters take.
    """
    network, notes = draft.network, draft.notes.connections
    left = [
        conn
        for conn in network.all_connections
        if _is_hosts_own(network, conn)
        and notes[conn].steps_late is None
        and _is_smooth(conn.synapse, draft.dt)
        and not _comes_back(conn, after)
    ]
    taken: Dict[nengo.Connection, int] = {}
    while True:
        arrivals = _arrivals(draft, taken)
        late = {conn: _least(arrivals[base_of(conn.pre)]) for conn in left if conn not in taken}
        waiting = [conn for conn, steps in late.items() if steps]
        behind = {obj for conn in waiting for obj in _reached(base_of(conn.post), after)}
        first = [conn for conn in waiting if base_of(conn.pre) not in behind]
        if not first:
            break
        for conn in first:
            taken[conn] = late[conn]
            notes[conn] = replace(notes[conn], steps_late=0)
            _give_back(draft, conn, late[conn])
    return arrivals


def _is_hosts_own(network: nengo.Network, conn: nengo.Connection) -> bool:
    """Whether both ends of a connection are on the host, and it hands on a value."""
    return not (
        on_chip(network, conn.pre)
        or on_chip(network, conn.post)
        or isinstance(conn.post_obj, LearningRule)
        or isinstance(conn.pre_obj, (nengo.Ensemble, Neurons))
        or conn.learning_rule_type is not None
    )


def _least(arrivals: Set[Arrival]) -> int:
    """Steps by which all ways to an object are late."""
    return min((each.late for each in arrivals), default=0)


def _give_back(draft: Draft, conn: nengo.Connection, steps: int) -> None:
    """Make the filter of a connection on the host so many steps earlier."""
    own = conn.synapse
    more = steps - 1.0  # than Nengo's own step, which a lead has not
    if isinstance(own, Lowpass) and more * draft.dt <= own.tau / 2:
        conn.synapse = Lead(Lowpass(without(own.tau, more * draft.dt, draft.dt)))
    else:
        conn.synapse = Lead(own, more)
    draft.change(
        name_of(conn),
        "values to the host",
        filter_name(own),
        f"the same on the host, {_count(steps, draft.dt)} earlier",
        "so much later its value comes from the chip, by a way without a filter",
    )


def _record(draft: Draft, probe: nengo.Probe) -> None:
    """Take out of the filter of what is recorded by how much later its ensemble answers.

    No more than a fifth of it, with which noise grows by a ninth: what is recorded is looked at.
    """
    ens, notes, own = base_of(probe.target), draft.notes.probes, probe.synapse
    if not (isinstance(ens, nengo.Ensemble) and on_chip(draft.network, ens)):
        return
    lag = draft.notes.ensembles[ens].lag if probe.attr == "decoded_output" else 0.0
    if not lag or notes[probe].lag_is_out or not isinstance(own, Lowpass) or not own.tau:
        return
    notes[probe] = replace(notes[probe], lag_is_out=True)
    taken = min(lag, MOST_RECORDED * own.tau)
    probe.synapse = Lowpass(without(own.tau, taken, draft.dt))
    if abs(lag) < draft.dt / 2:
        return
    given = "added to the filter" if lag < 0 else "taken out of the filter"
    part = f"of which {figure(1000 * taken, 2)} ms are" if taken < lag else "which is"
    draft.change(
        name_of(probe),
        "values to the host",
        filter_name(own),
        filter_name(probe.synapse),
        f"neurons that fire at whole steps answer {figure(abs(1000 * lag), 2)} ms "
        f"{'later' if lag > 0 else 'earlier'} than the CPU's, {part} {given}",
    )


def _only_filtered(network: nengo.Network, notes: Notes, node: object) -> bool:
    """Whether all that a node does is to hand on to the chip, by way of filters."""
    out = [conn for conn in network.all_connections if conn.pre_obj is node]
    probed = any(base_of(probe.target) is node for probe in network.all_probes)
    return (
        bool(out)
        and not probed
        and all(
            notes.connections[conn].way == Way.FROM_HOST and _asked(network, conn) is not None
            for conn in out
        )
    )


def _asked(network: nengo.Network, conn: nengo.Connection) -> Optional[Synapse]:
    """The filter that a user gave to what the host sends; see before_chip."""
    if conn.synapse is None:
        return Lowpass(float(network.config[base_of(conn.post)].input_tau))
    asked: Synapse = conn.synapse.synapse
    return asked


def _kept(synapse: Synapse, lag: float, dt: float) -> Lead:
    """The filter of a decoded value, two steps earlier, and by the lag of what it represents."""
    if not isinstance(synapse, Lowpass):
        return Lead(synapse, 1.0)
    tau = synapse.tau - dt if synapse.tau >= LEAST_STEPS * dt else synapse.tau
    return Lead(Lowpass(without(tau, lag, dt)))


def _late(conn: nengo.Connection, dt: float) -> int:
    """Steps by which a value that leaves the chip stays late."""
    if conn.synapse is None:
        return 2 if decoded(conn) else 1
    return int(decoded(conn) and not _is_smooth(conn.synapse, dt))


def _send(
    draft: Draft,
    conn: nengo.Connection,
    arrivals: Set[Arrival],
    after: Dict[object, Set[object]],
    bare: Dict[object, Set[object]],
) -> None:
    network, notes, own = draft.network, draft.notes.connections, _asked(draft.network, conn)
    tau = float(network.config[base_of(conn.post)].input_tau)
    smooth = _is_smooth(own, draft.dt)
    ends = {Arrival(w.late + (own is None), w.filtered or smooth) for w in arrivals}
    ahead = min(w.late for w in ends) if all(w.filtered for w in ends) else 0
    steps = max(w.late for w in ends) - ahead
    notes[conn] = replace(notes[conn], steps_late=steps)
    if ahead:
        conn.synapse = Lead(own, steps_of(tau, draft.dt) + ahead)
    looped = _comes_back(conn, after)
    if not (steps or ahead or looped):
        return
    draft.change(
        name_of(conn),
        "loops over the host" if looped else "values from the host",
        filter_name(own),
        f"the same; {_count(ahead, draft.dt)} sent ahead; "
        f"{_count(steps, draft.dt)} later than asked",
        "a value takes a step each way between chip and host"
        + ("; what no filter makes smooth is not sent ahead" if steps else ""),
    )
    is_bare = not filters(own, draft.dt) and _comes_back(conn, bare)
    if steps >= (1 if is_bare else WORTH_A_WARNING):
        draft.warn(
            name_of(conn),
            RULE_OF_DELAYS,
            f"what it carries comes {_count(steps, draft.dt)} later than on the CPU, "
            + ("in a loop over the host" if looped else "from the chip and back to it")
            + ", as no filter on the way is there to take that out of",
            "give it a synapse, or the connections before it, of "
            f"{_count(LEAST_STEPS, draft.dt)} or more",
        )


def _count(steps: int, dt: float) -> str:
    return f"{1000 * dt * steps:g} ms"


def _is_smooth(synapse: Optional[Synapse], dt: float) -> bool:
    """Whether what a filter gives can be sent ahead."""
    short = isinstance(synapse, Lowpass) and synapse.tau < LEAST_STEPS * dt
    return synapse is not None and not short


def _filters(draft: Draft, conn: nengo.Connection) -> bool:
    """Whether a connection has a filter by now, of a step at least."""
    own = conn.synapse
    if draft.notes.connections[conn].way == Way.FROM_HOST:
        own = _asked(draft.network, conn)
    elif isinstance(own, Lead):
        own = own.synapse
    return filters(own, draft.dt)


def _arrivals(draft: Draft, taken: Mapping[nengo.Connection, int]) -> Dict[object, Set[Arrival]]:
    """How late, and how smooth, values come to each object on the host.

    ``taken``: steps that filters on the host make up for.
    """
    network = draft.network
    into: Dict[object, List[nengo.Connection]] = {}
    for conn in network.all_connections:
        if not on_chip(network, conn.post) and not isinstance(conn.post_obj, LearningRule):
            into.setdefault(base_of(conn.post), []).append(conn)
    hosts = [e for e in network.all_ensembles if not on_chip(network, e)]
    arrivals: Dict[object, Set[Arrival]] = {
        obj: set() if obj in into else {Arrival(0, False)} for obj in [*network.all_nodes, *hosts]
    }
    changed = True
    while changed:
        changed = False
        for obj, conns in into.items():
            found = {each for conn in conns for each in _along(draft, conn, arrivals, taken)}
            if isinstance(obj, nengo.Ensemble):
                found = {Arrival(each.late, False) for each in found}
            if not found <= arrivals[obj]:
                arrivals[obj] |= found
                changed = True
    for obj in arrivals:
        arrivals[obj] = arrivals[obj] or {Arrival(0, False)}  # a circle that nothing enters
    return arrivals


def _along(
    draft: Draft,
    conn: nengo.Connection,
    arrivals: Dict[object, Set[Arrival]],
    taken: Mapping[nengo.Connection, int],
) -> Set[Arrival]:
    synapse = conn.synapse.synapse if isinstance(conn.synapse, Lead) else conn.synapse
    filtered = _is_smooth(synapse, draft.dt)
    if on_chip(draft.network, conn.pre):
        return {Arrival(int(draft.notes.connections[conn].steps_late or 0), filtered)}
    given = arrivals[base_of(conn.pre)]
    back = taken.get(conn, 0)
    return {Arrival(each.late - back, each.filtered or filtered) for each in given}


def _after(
    network: nengo.Network, counts: Callable[[nengo.Connection], bool] = lambda conn: True
) -> Dict[object, Set[object]]:
    """What each object goes to, by way of those connections that count."""
    after: Dict[object, Set[object]] = {}
    for each in filter(counts, network.all_connections):
        end = base_of(each.post)
        end = base_of(end.connection.post) if isinstance(end, LearningRule) else end
        after.setdefault(base_of(each.pre), set()).add(end)
    return after


def _comes_back(conn: nengo.Connection, after: Dict[object, Set[object]]) -> bool:
    """Whether what a connection sends to the chip can come back to where it starts."""
    return base_of(conn.pre) in _reached(base_of(conn.post), after)


def _reached(start: object, after: Dict[object, Set[object]]) -> Set[object]:
    """All that a value may come to, where it starts from too."""
    seen: Set[object] = set()
    left = [start]
    while left:
        obj = left.pop()
        if obj not in seen:
            seen.add(obj)
            left += after.get(obj, set())
    return seen
