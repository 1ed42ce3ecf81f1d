"""What the build made of a connection, as Nengo core would show it."""

from __future__ import annotations

from typing import Any, Optional

import nengo
import numpy as np
from nengo.builder import Model
from nengo.builder.connection import BuiltConnection, build_linear_system
from nengo.builder.transforms import multiply
from nengo.cache import NoDecoderCache
from nengo.transforms import NoTransform

from loihi_rules import Rewritten
from loihi_rules.chip.decoding import Built, Decoding
from loihi_rules.nengo_parts.wiring import base_of, decoded, driven_one_by_one
from loihi_rules.routes.ways import MULTIPLIED


def built_connection(simulator: Any, rewritten: Rewritten, conn: nengo.Connection) -> Any:
    """The weights of a connection in the rewritten network, in Nengo's units.

    nengo-loihi has decoders times the spikes' height (amplitude / dt), all rows of those
    that the user connected to a part, and nothing at all of connections that come from the
    host, go there, or whose target it left out; those are what Nengo core builds, with the decoders
    that the chip's neurons have.

    Parameters
    ----------
    simulator : nengo_loihi.Simulator
    rewritten : Rewritten
    conn : nengo.Connection
        In ``rewritten.network``.

    Returns
    -------
    nengo.builder.connection.BuiltConnection
    """
    known = simulator.model.params.get(conn)
    if known is None:
        model = simulator.model
        solved = model.solved.get(model.read_for.get(conn))
        known = _on_host(simulator, conn) or _in_core(rewritten, conn, simulator.dt, solved)
        weights = known.weights
    else:
        weights = _in_nengo_units(simulator, rewritten, conn, known)
    if not decoded(conn):
        weights = _sampled(rewritten.asked.get(conn, conn.transform), conn.seed)
    if conn in rewritten.encoded:
        encoders = simulator.data[conn.post_obj].scaled_encoders
        weights = encoders[:, conn.post_slice] @ weights
    return BuiltConnection(
        eval_points=known.eval_points,
        solver_info=known.solver_info,
        transform=known.transform,
        weights=weights,
    )


def check_unused(rewritten: Rewritten, conn: nengo.Connection, dt: float) -> None:
    """Let Nengo core say what is wrong with a connection that nothing uses.

    Decoders are not solved for: of finite rates and targets all of Nengo's own solvers make some.

    Parameters
    ----------
    rewritten : Rewritten
    conn : nengo.Connection
        One of its ``dropped``.
    dt : float
        Step in seconds.

    Raises
    ------
    nengo.exceptions.BuildError
        As `nengo.Simulator` would, or whatever else building it raises.
    """
    if conn.pre_obj in rewritten.tuning and type(conn.solver).__module__ == nengo.solvers.__name__:
        model = Model(dt=dt, decoder_cache=NoDecoderCache())
        model.params[conn.pre_obj] = rewritten.tuning[conn.pre_obj]
        rng = np.random.RandomState(conn.seed)
        _, rates, targets = build_linear_system(model, conn, rng)
        if np.isfinite(rates).all() and np.isfinite(targets).all():
            return
    _in_core(rewritten, conn, dt)


def _sampled(transform: Any, seed: int) -> Any:
    """Weights of a transform as Nengo core draws them, in their own shape."""
    if isinstance(transform, NoTransform):
        return None
    return transform.sample(rng=np.random.RandomState(seed))


def _on_host(simulator: Any, conn: nengo.Connection) -> Any:
    for name, sim in simulator.sims.items():
        if name.startswith("host") and conn in sim.model.params:
            return sim.model.params[conn]
    return None


def _in_nengo_units(
    simulator: Any, rewritten: Rewritten, conn: nengo.Connection, known: Any
) -> Any:
    weights = known.weights
    solved = simulator.model.solved.get(conn)
    if solved is not None and (not conn.solver.weights or conn.solver.compositional):
        weights = multiply(known.transform, solved[1])
        if conn.solver.weights and rewritten.notes.connections[conn].way not in MULTIPLIED:
            encoders = rewritten.tuning[conn.post_obj].scaled_encoders
            return encoders[:, conn.post_slice] @ weights
    elif weights is not None:
        height = 1 / simulator.dt
        if isinstance(base_of(conn.pre), nengo.Ensemble):
            height *= float(base_of(conn.pre).neuron_type.amplitude)
        weights = weights / height
    return weights[rewritten.rows[conn]] if conn in rewritten.rows else weights


def _in_core(
    rewritten: Rewritten, conn: nengo.Connection, dt: float, solved: Optional[Built] = None
) -> Any:
    model = Model(dt=dt, decoder_cache=NoDecoderCache())
    model.config = rewritten.network.config
    if not (decoded(conn) and conn.solver.weights):
        transform = rewritten.asked.get(conn, conn.transform)
        conn, seed = _onto_a_node(conn, transform), conn.seed
    else:
        seed = conn.seed
    for end in dict.fromkeys((base_of(conn.pre), base_of(conn.post))):
        model.seeds[end], model.seeded[end] = end.seed, True
        model.build(end)
        if end in rewritten.tuning:
            model.params[end] = rewritten.tuning[end]
    model.seeds[conn], model.seeded[conn] = seed, True
    if decoded(conn) and not conn.solver.weights:  # whose copy this is
        solved = solved or _solved(rewritten, model, conn)
        if solved is not None:
            conn.solver = nengo.solvers.NoSolver(solved[1].T)
            model.build(conn)
            return model.params[conn]._replace(eval_points=solved[0], solver_info=solved[2])
    model.build(conn)
    return model.params[conn]


def _solved(rewritten: Rewritten, model: Model, conn: nengo.Connection) -> Optional[Built]:
    """What decodes the chip's neurons, where `loihi_rules.chip.decoding` solves for it."""
    own, built = rewritten.neuron_types.get(conn.pre_obj), rewritten.tuning.get(conn.pre_obj)
    if own is None or isinstance(conn.solver, nengo.solvers.NoSolver):
        return None
    rng = np.random.RandomState(model.seeds[conn])
    one_by_one = driven_one_by_one(rewritten.network)
    decoding = Decoding(rewritten.solutions, one_by_one=one_by_one)  # nobody uses it: in no loop
    found = decoding.of_connection(model, conn, conn.solver, own, built, rng)
    return None if found is None else found.as_built()


def _onto_a_node(conn: nengo.Connection, transform: Any) -> nengo.Connection:
    """A connection with the same weights that asks nothing of its target."""
    size = transform.size_out or conn.size_mid
    return nengo.Connection(
        conn.pre,
        nengo.Node(size_in=size, add_to_container=False),
        function=conn.function,
        transform=transform,
        solver=conn.solver,
        eval_points=conn.eval_points,
        scale_eval_points=conn.scale_eval_points,
        synapse=None,
        add_to_container=False,
    )
