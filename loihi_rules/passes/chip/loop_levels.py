"""Where loops settle that are held back by nothing but their neurons' highest rates."""

from __future__ import annotations

from typing import Callable, Dict, List, Mapping, NamedTuple, Sequence

import nengo
import numpy as np
from nengo.builder import Model
from nengo.builder.connection import get_eval_points
from nengo.cache import NoDecoderCache
from nengo.neurons import NeuronType
from nengo.solvers import NoSolver

from loihi_rules.chip.decoding import Decoding, Rates, curves_of
from loihi_rules.chip.tuning import is_chips_own
from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.solvers import solver_of_decoders
from loihi_rules.nengo_parts.targets import targets_of
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.nengo_parts.wiring import (
    base_of,
    columns_of,
    decoded,
    driven_one_by_one,
    on_chip,
    rows_of,
)
from loihi_rules.routes.entries import loops_of

STARTS = 4
TURNS = 30  # by which the directions are found
ROUNDS, STEP = 300, 0.1  # of the way to what a loop gives back
WITHIN = np.linspace(0.5, 0.9, 5)  # of where it settles: there it grows, or is no such loop
GROWS = 0.04  # of its value, for each of its own time constants
HIGH = 0.5  # radii; where it settles lower, another ensemble of the loop has won
MOST_NEURONS = 5000  # of a loop that is solved for


# of a connection: points and the function's values there, to decoders
Solve = Callable[[nengo.Connection, np.ndarray, np.ndarray], np.ndarray]
Places = Dict[nengo.Ensemble, slice]


class Level(NamedTuple):
    """Where an ensemble in a loop settles, in radii: on the CPU, and on the chip."""

    cpu: float
    chip: float


class _Map(NamedTuple):
    """A connection within a loop: rates of its source to a part of what its target is given."""

    pre: nengo.Ensemble
    post: nengo.Ensemble
    decoders: np.ndarray  # (target's dimensions, n_neurons), with the transform in them


def loop_levels(
    draft: Draft, own: Mapping[nengo.Ensemble, NeuronType]
) -> Dict[nengo.Ensemble, Level]:
    """Levels of all ensembles on the chip in linear loops that grow until their neurons hold them.

    A loop gives back F(x) for a value x, of decoders and tuning curves on the CPU, and of the
    chip's own at its fitted gains and biases. What is fed back settles where F(x) = x, whatever
    the filters. That is looked for from values of one radius. A loop counts if it grows from
    within: x · (F(x) − x) > 0.04 x² on average up to 0.9 of that value. Those that keep a value,
    or turn it, do not.

    Parameters
    ----------
    draft : Draft
        Gains and biases of its ensembles are fitted.
    own : mapping of nengo.Ensemble to nengo.neurons.NeuronType
        Of the CPU's neurons.
    """
    network = draft.network
    loops = loops_of(network, draft.dt)
    part, slowest = loops.parts, loops.slowest
    inside: Dict[int, List[nengo.Connection]] = {}
    for conn in network.all_connections:
        pre, post = base_of(conn.pre), base_of(conn.post)
        if part.get(pre) in slowest and part[pre] == part.get(post):
            inside.setdefault(part[pre], []).append(conn)
    found: Dict[nengo.Ensemble, Level] = {}
    for conns in inside.values():
        if all(_is_known(draft, own, conn) for conn in conns) and _may_grow(conns):
            found.update(_levels(draft, own, conns))
    return found


def _is_known(
    draft: Draft, own: Mapping[nengo.Ensemble, NeuronType], conn: nengo.Connection
) -> bool:
    """Whether it hands on what one ensemble on the chip represents to another, unlearned."""
    ends = (conn.pre_obj, conn.post_obj)
    return (
        decoded(conn)
        and all(isinstance(ens, nengo.Ensemble) and ens in own for ens in ends)
        and all(on_chip(draft.network, ens) for ens in ends)
        and not is_chips_own(conn.pre_obj.neuron_type)
        and conn.learning_rule_type is None
        and not isinstance(conn.solver, NoSolver)
        and (conn.solver.compositional or not conn.solver.weights)
    )


def _may_grow(conns: Sequence[nengo.Connection]) -> bool:
    """Whether the transforms of a linear loop make values grow; a function may hold them."""
    places = _places(conns)
    large = sum(ens.n_neurons for ens in places) > MOST_NEURONS
    if large or any(conn.function is not None for conn in conns):
        return False
    size = sum(ens.dimensions for ens in places)
    whole = np.zeros((size, size))
    for conn in conns:
        to = np.arange(size)[places[conn.post_obj]][rows_of(conn.post)]
        given = np.arange(size)[places[conn.pre_obj]][columns_of(conn.pre)]
        np.add.at(whole, np.ix_(to, given), matrix_of(conn))
    return bool(np.linalg.eigvals(whole).real.max() > 1 + GROWS)


def _places(conns: Sequence[nengo.Connection]) -> Places:
    """Where each ensemble's values are among those of the loop."""
    places: Places = {}
    for conn in conns:
        for ens in (conn.pre_obj, conn.post_obj):
            if ens not in places:
                begin = sum(e.dimensions for e in places)
                places[ens] = slice(begin, begin + ens.dimensions)
    return places


def _levels(
    draft: Draft, own: Mapping[nengo.Ensemble, NeuronType], conns: Sequence[nengo.Connection]
) -> Dict[nengo.Ensemble, Level]:
    places = _places(conns)

    one_by_one = driven_one_by_one(draft.network)
    curves = {
        ens: curves_of(ens, own[ens], draft.tuning[ens], draft.dt, True, ens in one_by_one)
        for ens in places
    }

    def cpu(conn: nengo.Connection, points: np.ndarray, targets: np.ndarray) -> np.ndarray:
        rng = np.random.RandomState(conn.seed)
        return np.asarray(conn.solver(curves[conn.pre_obj].cpu(points), targets, rng=rng)[0].T)

    decoding = Decoding(draft.solutions)

    def chip(conn: nengo.Connection, points: np.ndarray, targets: np.ndarray) -> np.ndarray:
        ens, rng = conn.pre_obj, np.random.RandomState(conn.seed)
        given = draft.tuning[ens], curves[ens], solver_of_decoders(conn.solver)
        return decoding.of_points(conn, *given, points, targets, rng)[0]

    on_cpu = _loop(draft, conns, places, {ens: c.cpu for ens, c in curves.items()}, cpu)
    start = _starts(on_cpu, places, np.random.RandomState(draft.network.seed))
    ends = [_settled(on_cpu, start)]
    growth = np.mean([np.sum(ends[0] * (on_cpu(k * ends[0]) / k - ends[0])) for k in WITHIN])
    if growth <= GROWS * np.sum(ends[0] ** 2):
        return {}
    on_chip = _loop(draft, conns, places, {ens: c.chip for ens, c in curves.items()}, chip)
    ends.append(_settled(on_chip, start))
    levels = {}
    for ens, at in places.items():
        there, here = (_radii(x, ens, at) for x in ends)
        high = there > HIGH  # of others it is not the neurons that hold it
        if high.any():
            levels[ens] = Level(float(there[high].mean()), float(here[high].mean()))
    return levels


def _loop(
    draft: Draft,
    conns: Sequence[nengo.Connection],
    places: Places,
    rates: Mapping[nengo.Ensemble, Rates],
    solve: Solve,
) -> Callable[[np.ndarray], np.ndarray]:
    """F: (n_points, size) values of a loop's ensembles to what they are given for them."""
    maps = [_map(draft, conn, solve) for conn in conns]

    def given(x: np.ndarray) -> np.ndarray:
        fired = {ens: rates[ens](x[:, at]) for ens, at in places.items()}
        total = np.zeros_like(x)
        for pre, post, decoders in maps:
            total[:, places[post]] += fired[pre] @ decoders.T
        return total

    return given


def _starts(
    loop: Callable[[np.ndarray], np.ndarray], places: Places, rng: np.random.RandomState
) -> np.ndarray:
    """Values of one radius at most, in the directions in which a loop grows the most."""
    x = rng.normal(size=(STARTS, sum(ens.dimensions for ens in places)))
    for _ in range(TURNS):
        x /= np.max([_radii(x, ens, at) for ens, at in places.items()], axis=0)[:, None]
        x += loop(x)
    return np.asarray(x / np.max([_radii(x, ens, at) for ens, at in places.items()], 0)[:, None])


def _settled(loop: Callable[[np.ndarray], np.ndarray], start: np.ndarray) -> np.ndarray:
    x = start
    for _ in range(ROUNDS):
        x = x + STEP * (loop(x) - x)
    return x


def _radii(x: np.ndarray, ens: nengo.Ensemble, at: slice) -> np.ndarray:
    """(n_points,) magnitudes of an ensemble's values."""
    return np.asarray(np.linalg.norm(x[:, at], axis=1) / ens.radius)


def _map(draft: Draft, conn: nengo.Connection, solve: Solve) -> _Map:
    model = Model(dt=draft.dt, decoder_cache=NoDecoderCache())
    model.params[conn.pre_obj] = draft.tuning[conn.pre_obj]
    points = get_eval_points(model, conn, np.random.RandomState(conn.seed))
    decoders = solve(conn, points, targets_of(conn, points))
    whole = np.zeros((conn.post_obj.dimensions, conn.pre_obj.n_neurons))
    np.add.at(whole, rows_of(conn.post), matrix_of(conn) @ decoders)
    return _Map(conn.pre_obj, conn.post_obj, whole)
