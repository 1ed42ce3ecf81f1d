"""Connections into the neurons of one ensemble, as the choice of their ways sees them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set

import nengo
import numpy as np
from nengo.dists import Distribution
from nengo.ensemble import Neurons
from nengo.synapses import Lowpass
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from loihi_rules.chip.decoding import AsGiven
from loihi_rules.chip.lags import without
from loihi_rules.chip.levels import off_filter
from loihi_rules.nengo_parts.likely_inputs import DRAWN, is_whole, values_of
from loihi_rules.nengo_parts.settings import TYPICAL_FREQUENCY
from loihi_rules.nengo_parts.stepped import is_stepped
from loihi_rules.nengo_parts.targets import targets_of
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.nengo_parts.wiring import base_of, columns_of, decoded, is_chip_input, on_chip
from loihi_rules.notes import Notes
from loihi_rules.routes.by_host import strength, values_to_neurons
from loihi_rules.routes.from_host import Given, jump_of

TRIED_POINTS = 500  # of what an ensemble represents, at which its largest value is looked for
MOST_VALUES = 2_000_000  # of a node, that are looked at
MOST_MODES = 1000  # dimensions of a loop whose eigenvalues are looked for, in about a second


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
    by_host : bool
        Whether its value can go by way of the host: one of another ensemble, with a filter, or its
        own by one that the chip has not, or a long one, where errors add up. So can what goes
        straight to neurons, with a filter.
    rows : int
        In-axons that it takes at each core of its target where it comes straight or by a
        matrix: its source's neurons.
    values : int
        That the host would send in the place of what goes straight to neurons; 0 for others.
    strength : float
        The most that it gives a neuron of these, in thresholds.
    sensitivity : float
        Error, in radii, for each second that it comes late or early.
    loop : bool
        Whether its target is also, by whatever way, upstream of its source.
    adds_up : bool
        Whether errors of that loop's filter add up, see `amplified_by`.
    lag : float
        By how many seconds what comes through this filter is later than on the CPU already.
    share : float
        How far its value goes, in radii of the target, 1 at most: that much of an error of its
        filter is an error of what the target represents.
    given : Given, optional
        What is known of the values of a node.
    jump : float
        How far they may go in a step, radii; see `loihi_rules.routes.from_host.jump_of`.
    """

    conn: nengo.Connection
    tau: Optional[float]
    from_host: bool
    spikes: bool
    carriable: bool
    by_host: bool
    rows: int
    sensitivity: float
    loop: bool
    adds_up: bool
    lag: float = 0.0
    share: float = 1.0
    given: Optional[Given] = field(default=None, compare=False)
    values: int = 0
    strength: float = 0.0
    jump: float = 1.0


def entries_of(
    network: nengo.Network, notes: Notes, dt: float
) -> Dict[nengo.Ensemble, List[Entry]]:
    """By target: what enters it, in the order of the network.

    A signal of 1 Hz that is Δt late errs by 2π · 1 Hz · Δt. In a loop whose longest filter is
    τ, Δt is Δt / τ of the loop's own time, so that its phase after one second errs by
    2π Δt / τ; where the loop forgets within that second, by as much as `amplified_by` says. And
    where one source enters twice, by filters that differ by Δτ, what the user is after is their
    difference, of which Δt / Δτ is lost.

    What an ensemble represents is later on the chip, or earlier, by the ``lag`` that is
    noted of it;
    the filter that follows gives that back (`loihi_rules.chip.lags`). Connections of one filter
    keep one, with the mean of their lags.
    """
    into: Dict[nengo.Ensemble, List[nengo.Connection]] = {}
    for conn in network.all_connections:
        # stepped neurons have a current of their own, and no filter
        if on_chip(network, conn.post) and not is_stepped(conn.post):
            into.setdefault(base_of(conn.post), []).append(conn)
    loops = loops_of(network, dt)
    entries: Dict[nengo.Ensemble, List[Entry]] = {}
    known: Dict[Any, np.ndarray] = {}
    nodes: Dict[nengo.Node, Optional[np.ndarray]] = {}
    for ens, conns in into.items():
        taus: Dict[Any, List[Optional[float]]] = {}  # by source
        for conn in conns:
            taus.setdefault(base_of(conn.pre), []).append(tau_of(conn))
        found = [_entry(network, conn, taus, loops, dt) for conn in conns]
        found = [_with_given(e, _given(network, e.conn, dt, nodes)) for e in found]
        entries[ens] = _with_shares(_without_lags(notes, found, dt), known)
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


def _without_lags(notes: Notes, entries: List[Entry], dt: float) -> List[Entry]:
    together: Dict[float, List[Entry]] = {}
    for entry in entries:
        if entry.tau and _may_be_late(entry):
            together.setdefault(entry.tau, []).append(entry)
    lags = {
        tau: float(
            np.average(
                [notes.ensembles[e.conn.pre_obj].lag for e in alike],
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


def _with_shares(entries: List[Entry], known: Dict[Any, np.ndarray]) -> List[Entry]:
    """Where filters differ, and so some are to be given up; ``known`` as of
    `values_of_connection`."""
    if len({entry.tau for entry in entries}) < 2:
        return entries
    return [replace(entry, share=_share(entry.conn, known)) for entry in entries]


def _share(conn: nengo.Connection, known: Dict[Any, np.ndarray]) -> float:
    if not decoded(conn) or not isinstance(conn.post_obj, nengo.Ensemble):
        return 1.0
    values = values_of_connection(conn, known) @ matrix_of(conn).T
    return min(float(np.abs(values).max()) / float(conn.post_obj.radius), 1.0)


def values_of_connection(conn: nengo.Connection, known: Dict[Any, np.ndarray]) -> np.ndarray:
    """(n_points, size) of a connection's function, at what its source represents.

    Those that were one connection to a node have the same, which are ``known`` once they have been
    worked out. Functions are the same only if they are one object.
    """
    pre, points, function = conn.pre_obj, conn.eval_points, conn.function
    key = pre, columns_of(conn.pre).tobytes(), id(function), id(points), conn.seed
    if key not in known:
        points = pre.eval_points if points is None else points
        if isinstance(points, Distribution):
            rng = np.random.RandomState(conn.seed)
            points = pre.radius * points.sample(TRIED_POINTS, pre.dimensions, rng=rng)
        known[key] = targets_of(conn, np.asarray(points))
    return known[key]


def _given(
    network: nengo.Network,
    conn: nengo.Connection,
    dt: float,
    nodes: Dict[nengo.Node, Optional[np.ndarray]],
) -> Optional[Given]:
    """What is known of the values that a node gives an ensemble; ``nodes`` has what they give."""
    node = base_of(conn.pre)
    if not isinstance(node, nengo.Node) or not isinstance(conn.post_obj, nengo.Ensemble):
        return None
    if conn.function is not None or node.size_in or DRAWN * node.size_out > MOST_VALUES:
        return None
    if node not in nodes:
        nodes[node] = values_of(network, node, dt)
    values = nodes[node]
    if values is None:
        return None
    radii = values[:, columns_of(conn.pre)] @ matrix_of(conn).T / float(conn.post_obj.radius)
    return Given(radii, not is_whole(network, node))


def _with_given(entry: Entry, given: Optional[Given]) -> Entry:
    if not entry.from_host:  # what is no node's is not known
        return entry
    return replace(entry, given=given, jump=jump_of(entry.conn, given))


def _may_be_late(entry: Entry) -> bool:
    return not entry.from_host and decoded(entry.conn) and entry.conn.learning_rule_type is None


def _entry(
    network: nengo.Network,
    conn: nengo.Connection,
    beside: Mapping[Any, List[Optional[float]]],
    loops: Loops,
    dt: float,
) -> Entry:
    tau, chip = tau_of(conn), on_chip(network, conn.pre) or is_chip_input(conn.pre)
    pre, post = base_of(conn.pre), base_of(conn.post)
    part = loops.parts[pre]
    loop = chip and part in loops.slowest and part == loops.parts[post]
    sensitivity, adds_up = 2 * np.pi * TYPICAL_FREQUENCY, False
    if loop:
        adds_up = np.isinf(loops.amplified[part])
        more = 1 / loops.slowest[part] if adds_up else loops.amplified[part]
        sensitivity *= max(more, 1.0)
    if chip and tau is not None:
        apart = [abs(tau - other) for other in beside[pre] if other is not None and other != tau]
        sensitivity = max([sensitivity, *(1 / gap for gap in apart)])
    straight = goes_straight(network, conn)
    carriable = chip and not straight and decoded(conn)
    carriable = carriable and isinstance(conn.post_obj, nengo.Ensemble)
    fixed = on_chip(network, conn.pre) and conn.learning_rule_type is None
    values = values_to_neurons(conn) if straight and fixed and tau else 0
    weights = not isinstance(conn.post_obj, Neurons)  # of a solver
    other = pre is not post or adds_up or off_filter(tau or 0.0, dt) > 0
    return Entry(
        conn,
        tau,
        not chip,
        straight,
        carriable,
        (carriable and fixed and bool(tau) and other) or values > 0,
        int(getattr(conn.pre_obj, "n_neurons", conn.pre_obj.size_out)),
        float(sensitivity),
        loop,
        adds_up,
        values=values,
        strength=strength(conn, post.gain) if values and not weights else 0.0,
    )


class Loops(NamedTuple):
    """Where a network feeds itself.

    Attributes
    ----------
    parts : dict
        The strongly connected part of each object.
    slowest : dict of int to float
        Of each part its longest filter, seconds; parts without a connection inside have none.
    amplified : dict of int to float
        Of the same, see `amplified_by`.
    """

    parts: Dict[Any, int]
    slowest: Dict[int, float]
    amplified: Dict[int, float]


def parts_of(network: nengo.Network) -> Dict[Any, int]:
    """Which objects are in one loop: those of the same number, whether alone or with others."""
    objects: Dict[Any, int] = {}
    edges = []
    for conn in network.all_connections:
        ends = [base_of(conn.pre), base_of(conn.post)]
        edges.append([objects.setdefault(end, len(objects)) for end in ends])
    if not edges:
        return {}
    pre, post = np.array(edges).T
    graph = coo_matrix((np.ones(len(pre)), (pre, post)), shape=(len(objects),) * 2)
    part = connected_components(graph, directed=True, connection="strong")[1]
    return {obj: int(part[k]) for obj, k in objects.items()}


def loops_of(network: nengo.Network, dt: float) -> Loops:
    """The loops of a network. A step is the least that one takes."""
    part = parts_of(network)
    slowest: Dict[int, float] = {}
    inside: Dict[int, List[nengo.Connection]] = {}
    for conn in network.all_connections:
        own = part[base_of(conn.pre)]
        if own == part[base_of(conn.post)]:
            tau = max(tau_of(conn) or 0.0, dt)
            slowest[own] = max(slowest.get(own, 0.0), tau)
            inside.setdefault(own, []).append(conn)
    amplified = {each: amplified_by(conns, slowest[each]) for each, conns in inside.items()}
    return Loops(part, slowest, amplified)


def decoded_as_given(network: nengo.Network, dt: float) -> AsGiven:
    """What of loops has to be what it is on the CPU, and not nearer to what was asked for.

    Connections that decode functions, and those of linear loops in which errors add up, as
    memories: what is kept, and how much of it, goes by what neurons make of values of each
    magnitude. And what is read of values in loops with functions, in which errors may add up.
    Of these the other connections themselves are nearer to the values:
    a sequence by basal ganglia took 38.9 ms a step so for the CPU's 39.2, and 38.2 otherwise.
    Other linear loops forget, and give the less error the nearer to the values their decoders are,
    and where a rule learns it makes up for what they give.
    """
    loops = loops_of(network, dt)
    inside: Dict[int, List[nengo.Connection]] = {}
    for conn in network.all_connections:
        own = loops.parts[base_of(conn.pre)]
        if own == loops.parts[base_of(conn.post)]:
            inside.setdefault(own, []).append(conn)
    found: Set[nengo.Connection] = set()
    read: Set[nengo.Ensemble] = set()
    nearer: Set[nengo.Connection] = set()
    for own, conns in inside.items():
        adds_up = loops.amplified[own] == np.inf
        known, learns = _gains_of(conns) is not None, any(c.learning_rule_type for c in conns)
        for conn in filter(decoded, conns):
            as_given = conn.function is not None or (adds_up and known)
            (found if as_given else nearer).add(conn)
            if adds_up and not known and not learns:
                read.add(conn.pre_obj)
    return AsGiven(frozenset(found), frozenset(read), frozenset(nearer))


def amplified_by(conns: Sequence[nengo.Connection], tau: float) -> float:
    r"""By how much an error of a loop's filter is larger in what the loop gives; ∞ if it adds up.

    Ensembles that hand on linear functions, W together, through a filter H give (1 − W H)⁻¹ H of
    what they are given. Where H is off by a small part, that is off by a part that is at most

        ‖(1 − W H)⁻¹‖₂,        H = 1 / (1 + 2πi f τ),

    times as large, at f = 1 Hz. (By eigenvalues λ of W alone, 1 / |1 − λ H|, it would be too
    little where modes lie close together, as in a Legendre memory: 0.9 for 4.3.) What a mode was
    given is forgotten within τ / (1 − Re λ); where that is longer than a second, as in an
    integrator or an oscillator, with Re λ of 1, errors add up. So they do, to be safe, in a loop
    with functions, neurons' own weights or learning in it, whose W is not known, and in one of
    more than a thousand dimensions.

    Parameters
    ----------
    conns : sequence of nengo.Connection
        All within one strongly connected part of a network.
    tau : float
        τ, its longest filter, seconds.
    """
    gains = _gains_of(conns)
    if gains is None or tau * TYPICAL_FREQUENCY >= 1 - np.linalg.eigvals(gains).real.max():
        return np.inf
    filtered = 1 / (1 + 2j * np.pi * TYPICAL_FREQUENCY * tau)
    return float(1 / np.linalg.norm(np.eye(len(gains)) - gains * filtered, -2))


def _gains_of(conns: Sequence[nengo.Connection]) -> Optional[np.ndarray]:
    """W, what the ensembles of a loop hand on to each other; None where it is not known."""
    start: Dict[nengo.Ensemble, int] = {}
    size = 0
    for conn in conns:
        if not (decoded(conn) and isinstance(conn.post_obj, nengo.Ensemble)):
            return None
        if conn.function is not None or conn.learning_rule_type is not None:
            return None
        if conn.pre_obj not in start:  # each of a loop's is also a source
            start[conn.pre_obj] = size
            size += conn.pre_obj.dimensions
    if size > MOST_MODES:
        return None
    gains = np.zeros((size, size))
    for conn in conns:
        into = start[conn.post_obj] + np.arange(conn.post_obj.dimensions)[conn.post_slice]
        given = start[conn.pre_obj] + np.arange(conn.pre_obj.dimensions)[conn.pre_slice]
        np.add.at(gains, np.ix_(into, given), matrix_of(conn))
    return gains
