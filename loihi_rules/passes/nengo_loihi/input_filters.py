"""How values enter chip neurons: through which weights, and which filters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import nengo
import numpy as np
from nengo.ensemble import Neurons
from nengo.solvers import NoSolver
from nengo.synapses import Lowpass

from loihi_rules.chip.levels import filter_of, off_filter
from loihi_rules.chip.tuning import has_a_threshold
from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.figures import figure
from loihi_rules.nengo_parts.names import filter_name, name_of
from loihi_rules.nengo_parts.settings import TYPICAL_FREQUENCY, declare, is_set
from loihi_rules.nengo_parts.solvers import MultipliedOut
from loihi_rules.nengo_parts.stepped import is_stepped
from loihi_rules.nengo_parts.wiring import base_of, decoded, reconnect
from loihi_rules.notes import ConnectionNote, EnsembleNote, Way
from loihi_rules.routes.bare import in_the_same_step, steps_late
from loihi_rules.routes.by_host import decode, reached, relay, relay_to_neurons
from loihi_rules.routes.carriers import (
    LEAST_UNITS,
    Carriers,
    Values,
    carriers,
    most_rows,
    reach_of,
    weight_units,
)
from loihi_rules.routes.entries import Entry, entries_of, values_of_connection
from loihi_rules.routes.from_host import SPIKE, before_chip, spike_behind, spike_of
from loihi_rules.routes.loops import keep_speed
from loihi_rules.routes.plan import HOP_STEPS, LEAST_STEPS, Choice, Plan, before_carriers, plan
from loihi_rules.routes.ways import CHOICES, FILTER_SETTING, WAY_SETTING
from loihi_rules.routes.worth import farthest, worth_for_values, worth_for_weights

RULE = "filters of inputs"
WORTH_A_WORD = 1e-5  # s
WORTH_A_WARNING = 0.05  # error at 1 Hz of what comes late or early: 8 ms


class Taus(NamedTuple):
    """The time constant of a compartment's filter in seconds: asked for, and the chip's."""

    asked: float
    real: float


def input_filters(draft: Draft) -> None:
    """Give each connection into chip neurons the filter that its user asked for.

    A compartment has one low-pass filter for all that enters it, of a time constant τ_c.
    nengo-loihi makes that 5 ms, on top of each connection's own, and sends every decoded value
    through 20 neurons a dimension (``builder/connection.py``: ``decode_tau``,
    ``decode_neurons``), which makes it late and noisy. Here τ_c and the way of each connection
    are chosen together, so that the errors that are to be expected add up to the least
    (`loihi_rules.routes.plan.plan`):

    - between two ensembles, decoders and encoders are multiplied out to a matrix of weights,
      as on the CPU, over as many cores as it takes, with the filter τ_c;
    - or the value is carried by neurons between (`loihi_rules.routes.carriers`), behind a
      filter of their own, so that both and the carriers' delay make up the filter asked for;
    - or it goes to the host and back, which has the filter asked for, and makes up for τ_c
      (`loihi_rules.routes.by_host`); such a way has a price, as a board's steps wait for it;
    - from the host, what is left to do before the chip's filter is exactly that
      (`loihi_rules.routes.from_host.before_chip`).

    What the way to the host and back takes is the next pass's,
    `loihi_rules.passes.nengo_loihi.host_delays`.

    A user sets τ_c of an ensemble with ``network.config[ens].input_tau``, and the way of a
    connection with ``network.config[conn].way``, ``"matrix"``, ``"carried"`` or
    ``"host"`` (`loihi_rules.declare_settings`).
    """
    network, notes = draft.network, draft.notes.connections
    declare(network, nengo.Connection, WAY_SETTING)
    declare(network, nengo.Ensemble, FILTER_SETTING)
    multiplied: Dict[int, MultipliedOut] = {}
    carried: Dict[Any, Values] = {}
    chosen = is_set(network, nengo.Connection, WAY_SETTING)
    bare = [conn for conn in network.all_connections if in_the_same_step(network, conn)]
    for ens, entries in entries_of(network, draft.notes, draft.dt).items():
        config, settings = network.config, network.config[ens]
        new = any(notes[entry.conn].way is None for entry in entries)
        if settings.input_tau is None or new:
            asked = {
                k: CHOICES[config[entry.conn].way]
                for k, entry in enumerate(entries if chosen else ())
                if config[entry.conn].way in CHOICES
            }
            tau = None if settings.input_tau is None else float(settings.input_tau)
            silent = _has_a_threshold(draft, ens)
            found = plan(
                entries, ens.n_neurons, ens.dimensions, draft.dt, draft.chip, tau, asked, silent
            )
            _warn_of_other_filters(draft, found)
            choices = [c for c in found.choices if notes[c.entry.conn].way is None]
            real = keep_speed(ens, choices, found.tau, draft.dt)
            settings.input_tau = real
            if real != found.tau:
                draft.change(
                    name_of(ens),
                    "time constants",
                    f"a loop with a filter of {1000 * found.tau:g} ms",
                    f"{figure(1000 * real, 4)} ms, and weights for the same speed",
                    "the chip's decay is a multiple of 1/4096 a step",
                )
            _enter(draft, ens, choices, Taus(found.tau, real), multiplied, carried)
    for conn in network.all_connections:
        if notes[conn].way is None:
            _warn_of_another_way(draft, conn, name_of(conn), None)
    _say_how_late(draft, [conn for conn in bare if notes[conn].way in (Way.MATRIX, Way.STRAIGHT)])


def _say_how_late(draft: Draft, conns: Sequence[nengo.Connection]) -> None:
    """Say what comes a step later than on the CPU, and through chains by how many.

    A spike reaches other cores in the step after. On the CPU a connection with a filter takes a
    step as well, and one without takes none.
    """
    late = steps_late(conns)
    for conn in conns:
        steps = late[base_of(conn.post)]
        draft.change(
            name_of(conn),
            RULE,
            "no filter, in the same step",
            "a step later" + (f", {steps} with those before it" if steps > 1 else ""),
            "the chip's spikes reach other neurons in the next step",
        )
    for ens in {base_of(conn.post): None for conn in conns}:
        ends = not any(base_of(conn.pre) is ens for conn in conns)
        error = 2 * np.pi * TYPICAL_FREQUENCY * late[ens] * draft.dt
        if ends and error >= WORTH_A_WARNING:
            draft.warn(
                name_of(ens),
                RULE,
                f"it is reached {late[ens]} steps later than on the CPU, through connections "
                "without a filter, each of which takes the chip a step",
                "give them synapse=0, by which they take the CPU a step, too",
            )


def _warn_of_another_way(
    draft: Draft, conn: nengo.Connection, name: str, taken: Optional[Way]
) -> None:
    """Say where a connection does not take the way that its user chose for it."""
    if not is_set(draft.network, nengo.Connection, WAY_SETTING):
        return
    settings = draft.network.config[conn]
    if WAY_SETTING not in settings or settings.way is None or CHOICES.get(settings.way) == taken:
        return
    draft.warn(
        name,
        RULE,
        f"its way was chosen to be {settings.way!r}, but it goes "
        f"{taken or 'by way of the host'}",
        'leave way as it is, None: it is "matrix", "carried" or "host", of what an ensemble on the '
        "chip represents and gives another by a low-pass filter",
    )


def _has_a_threshold(draft: Draft, ens: nengo.Ensemble) -> bool:
    return ens in draft.tuning and has_a_threshold(ens, draft.tuning[ens])


def _enter(
    draft: Draft,
    ens: nengo.Ensemble,
    choices: Sequence[Choice],
    taus: Taus,
    multiplied: Dict[int, MultipliedOut],
    carried: Dict[Any, Values],
) -> None:
    """Give connections their ways and filters, and say so.

    ``multiplied`` has, by the identity of a solver, what to multiply it out with; ``carried`` what
    functions give.
    """
    together: Dict[Optional[float], List[nengo.Connection]] = {}
    by_host: Dict[float, List[Entry]] = {}
    notes = draft.notes.connections
    asked, tau = taus
    compartments, acts = Lowpass(tau), _as_it_acts(tau, draft.dt)
    least, fine = _worth(draft, ens, asked)
    others: Dict[Tuple[int, Way], str] = {}  # by what the ways cost, which many have in common
    for choice in choices:
        conn, way = choice.entry.conn, choice.way
        before, name = conn.synapse, name_of(conn)
        notes[conn] = replace(notes[conn], way=way)
        _warn_of_another_way(draft, conn, name, way)
        first = ""
        if way == Way.FROM_HOST:
            jump = choice.entry.jump
            usual = spike_of(conn, asked, draft.dt, choice.entry.given, jump)
            spike = max(usual, least)
            same = choice.entry.tau == asked  # what is not filtered here is not sent ahead
            if same and spike == SPIKE:
                spike = fine or SPIKE
            if spike != SPIKE:
                reach = farthest(choice.entry.given) if least > usual else 0.0
                notes[conn] = replace(notes[conn], spike=spike, reach=reach)
            left = before_chip(before, asked, draft.dt, spike, jump)
            conn.synapse = None if same else left.synapse
            first = f"{filter_name(conn.synapse)}, then "
        elif way == Way.CARRIED:
            conn.synapse = Lowpass(before_carriers(choice.entry, tau, draft.dt))
            first = f"{filter_name(conn.synapse)}{_as_it_acts(conn.synapse.tau, draft.dt)}, then "
            if decoded(conn):
                together.setdefault(choice.entry.tau, []).append(conn)
        elif way == Way.BY_HOST:
            own = choice.entry.tau or 0.0
            if isinstance(conn.post_obj, Neurons):
                _relay_to_neurons(draft, ens, choice.entry, own, asked)
            else:
                if choice.entry.spikes:
                    draft.encoded.append(conn)
                    decode(conn)
                by_host.setdefault(own, []).append(choice.entry)
            first = f"{filter_name(Lowpass(own))} there, made up for "
        else:
            conn.synapse = compartments
            if way == Way.MATRIX:
                solver = conn.solver
                if id(solver) not in multiplied:  # equal ones may differ in what Nengo cannot see
                    multiplied[id(solver)] = MultipliedOut(solver)
                conn.solver = multiplied[id(solver)]
        long = [tau, conn.synapse.tau] if way == Way.CARRIED else [tau]
        for each in (each for each in long if off_filter(each, draft.dt)):
            _warn_of_a_long_filter(draft, name, each, choice.entry.by_host and way != Way.BY_HOST)
        if way != Way.STRAIGHT or choice.entry.tau != asked:
            kind = id(choice.costs), way
            if kind not in others:
                others[kind] = _others(choice)
            draft.change(
                name,
                RULE,
                filter_name(before),
                f"{way}: {first}the chip's filter of {1000 * tau:g} ms{acts}{_cost(choice)}",
                f"compartments have one filter for all that enters them{_lag(choice.entry)}"
                + others[kind],
            )
    for own, entries in by_host.items():
        _relay(draft, ens, entries, own, asked, least)
    most = draft.chip.in_axons_a_core
    parts = [part for conns in together.values() for part in _parts(conns, most)]
    for part in parts:
        _carry(draft, ens, part, tau, most_rows(draft.chip) // len(parts), carried)


def _worth(draft: Draft, ens: nengo.Ensemble, tau: float) -> Tuple[float, float]:
    """What a spike of the host's is worth at the least, and at the most; 0 where all the same."""
    if ens not in draft.tuning or is_stepped(ens):
        return 0.0, 0.0
    least = worth_for_weights(ens, draft.tuning[ens], tau, draft.dt)
    return least, worth_for_values(ens, tau, draft.dt)


def _as_it_acts(tau: float, dt: float) -> str:
    """The time constant that the chip has, where that is another."""
    return f", {figure(1000 * filter_of(tau, dt), 4)} ms in truth" if off_filter(tau, dt) else ""


def _warn_of_a_long_filter(draft: Draft, name: str, tau: float, by_host: bool) -> None:
    """Say that a filter of the chip's has another time constant than was asked for."""
    acts, kept = filter_of(tau, draft.dt), 'network.config[connection].way = "host", or '
    draft.warn(
        name,
        RULE,
        f"its filter of {figure(1000 * tau, 4)} ms acts as one of {figure(1000 * acts, 4)} ms, as "
        "currents decay by whole numbers of 1/4096 a step",
        f"{kept if by_host else ''}take {figure(1000 * acts, 4)} ms, or a longer dt",
    )


def _relay(
    draft: Draft, ens: nengo.Ensemble, entries: List[Entry], own: float, tau: float, least: float
) -> None:
    """Send values by way of the host, of one filter together."""
    label = f"relay to {name_of(ens)}"
    conns = [entry.conn for entry in entries]
    made = relay(draft.network, ens, conns, own, tau, draft.dt, label)
    share = min(sum(entry.share for entry in entries), 1.0)
    usual = spike_behind(own, tau, draft.dt, share)
    reach = farthest() if least > usual else 0.0
    draft.notes.connections[made.out] = ConnectionNote(
        way=Way.FROM_HOST, spike=max(usual, least), reach=reach
    )


def _relay_to_neurons(
    draft: Draft, ens: nengo.Ensemble, entry: Entry, own: float, tau: float
) -> None:
    conn = entry.conn
    values = (values_of_connection(conn, {}),) if decoded(conn) else ()
    draft.asked.setdefault(conn, conn.transform)
    made = relay_to_neurons(
        draft.network, conn, own, tau, draft.dt, ens.gain, reached(conn, values),
        f"relay of {name_of(conn)}",
    )  # fmt: skip
    draft.notes.connections[made.out] = ConnectionNote(way=Way.FROM_HOST)


def _warn_of_other_filters(draft: Draft, found: Plan) -> None:
    """Say what goes straight to neurons by a filter that is not the one asked for."""
    for choice in found.choices:
        conn, cost = choice.entry.conn, choice.costs[choice.way]
        asked = choice.entry.tau
        if choice.way != Way.STRAIGHT or asked is None or off_filter(found.tau, draft.dt):
            continue
        if 2 * np.pi * TYPICAL_FREQUENCY * abs(cost.late) < WORTH_A_WARNING:
            continue
        draft.warn(
            name_of(conn),
            RULE,
            f"its filter of {figure(1000 * asked, 4)} ms acts as one of "
            f"{figure(1000 * found.tau, 4)} ms, as compartments have one filter for all that "
            "enters them, and it cannot go by way of the host",
            "give all connections to these neurons the same synapse, or let those with another "
            "come from a node",
        )


def _parts(conns: Sequence[nengo.Connection], most: int) -> List[List[nengo.Connection]]:
    """Connections whose sources have together at most so many neurons."""
    parts: List[List[nengo.Connection]] = []
    rows = np.inf
    for conn in conns:
        rows += conn.pre_obj.n_neurons
        if rows > most:
            parts.append([])
            rows = conn.pre_obj.n_neurons
        parts[-1].append(conn)
    return parts


def _carry(
    draft: Draft,
    target: nengo.Ensemble,
    conns: Sequence[nengo.Connection],
    tau: float,
    rows: int,
    known: Dict[Any, Values],
) -> None:
    """Send values to a target by way of neurons of their own, of two layers if need be."""
    before = float(conns[0].synapse.tau)
    each = [reach_of(conn, before, draft.dt, known) for conn in conns]
    far = np.sum(each, axis=0)
    units = min(
        weight_units(float(own.max()), conn.pre_obj.n_neurons, before, draft.dt, draft.chip)
        for own, conn in zip(each, conns)
    )
    label = f"carriers to {name_of(target)}"
    made = _layer(draft, target, target, far, rows, tau, label)
    least = LEAST_STEPS * draft.dt
    second = before - least - HOP_STEPS * draft.dt
    n = made.ensemble.n_neurons
    why = "what cannot take a matrix of weights is carried by neurons between"
    if units < LEAST_UNITS and second > least:
        draft.network.config[made.ensemble].input_tau = second
        made = _layer(draft, target, made.ensemble, far, rows, second, f"first {label}")
        n += made.ensemble.n_neurons
        before = least
        why += (
            f"; of so small weights a filter of {figure(1000 * second, 3)} ms would leave no bits"
        )
    draft.network.config[made.ensemble].input_tau = before
    for conn in conns:
        reconnect(conn, post=made.ensemble)
        conn.synapse = Lowpass(before)
        conn.solver = MultipliedOut(conn.solver)
    draft.change(
        label,
        "carried values",
        f"{len(conns)} value{'s' if len(conns) > 1 else ''} to {name_of(target)}",
        f"summed in {n} neurons that reach {far.max():.2g} radii",
        why,
    )


def _layer(
    draft: Draft,
    target: nengo.Ensemble,
    post: nengo.Ensemble,
    far: np.ndarray,
    rows: int,
    tau: float,
    label: str,
) -> Carriers:
    """Neurons that carry what a target is given to another ensemble."""
    with draft.network:  # the last to be built, when all ends are there
        made = carriers(target, far, rows, draft.dt, label, _has_a_threshold(draft, target))
        out = nengo.Connection(
            made.ensemble,
            post,
            synapse=Lowpass(tau),
            solver=MultipliedOut(NoSolver(made.decoders)),
            seed=0,
        )
    draft.notes.ensembles[made.ensemble] = EnsembleNote(has_its_rates=True)
    draft.notes.connections[out] = ConnectionNote(way=Way.FROM_CARRIERS)
    return made


def _lag(entry: Entry) -> str:
    if abs(entry.lag) < WORTH_A_WORD:
        return ""
    when = "later" if entry.lag > 0 else "earlier"
    given = "taken out of" if entry.lag > 0 else "added to"
    return (
        f"; neurons that fire at whole steps answer {figure(abs(1000 * entry.lag), 2)} ms {when} "
        f"than the CPU's, which is {given} the filter"
    )


def _cost(choice: Choice) -> str:
    late = choice.costs[choice.way].late
    if abs(late) < 1e-4:
        return ""
    return f", {figure(abs(1000 * late), 2)} ms {'late' if late > 0 else 'early'}"


def _others(choice: Choice) -> str:
    """What the ways would have cost, where there was a choice."""
    if len(choice.costs) < 2:
        return ""
    ways = [choice.way, *(way for way in choice.costs if way != choice.way)]
    return "; " + ", while ".join(f"{way}: {choice.costs[way] or 'no loss'}" for way in ways)
