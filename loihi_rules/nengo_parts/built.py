"""What Nengo core makes of single objects, without building their network."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import Any, Iterator, Optional

import nengo
import numpy as np
from nengo.builder import Model
from nengo.builder.ensemble import BuiltEnsemble
from nengo.cache import NoDecoderCache

from loihi_rules.nengo_parts.parameters import with_parameters


@contextmanager
def unused_max_rates() -> Iterator[None]:
    """Without Nengo's warnings of maximum rates that given gains and biases do not reach.

    Nengo works them out of an ensemble's gains and biases; what was given those by the rewriting
    has no use for them.
    """
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.filterwarnings("ignore", "Non-finite values detected in `max_rates`")
        yield


def built_ensemble(ens: nengo.Ensemble, dt: float) -> Any:
    """Encoders, gains and biases as Nengo core gives them to an ensemble with a seed.

    Raises
    ------
    nengo.exceptions.BuildError
        As `nengo.Simulator` would.
    """
    built: BuiltEnsemble = model_of(ens, dt).params[ens]
    return built


def model_of(ens: nengo.Ensemble, dt: float) -> Model:
    """A model of Nengo core's in which an ensemble with a seed is built, and nothing else."""
    model = Model(dt=dt, decoder_cache=NoDecoderCache())
    model.seeds[ens], model.seeded[ens] = ens.seed, True
    with unused_max_rates():  # of gains of 0, and of negative ones
        model.build(ens)
    return model


def decoders_of(conn: nengo.Connection, dt: float, model: Optional[Model] = None) -> np.ndarray:
    """(n_neurons, size_mid) decoders, as Nengo core solves for them.

    Parameters
    ----------
    conn : nengo.Connection
        From an ensemble; both have seeds.
    dt : float
        Step in seconds.
    model : nengo.builder.Model, optional
        In which the ensemble is built, as `model_of` makes it.
    """
    model = model or model_of(conn.pre_obj, dt)
    solver = conn.solver
    node = nengo.Node(size_in=conn.size_mid, add_to_container=False)
    plain = nengo.Connection(
        conn.pre,
        node,
        function=conn.function,
        transform=None,
        solver=with_parameters(solver, weights=False) if solver.weights else solver,
        eval_points=conn.eval_points,
        scale_eval_points=conn.scale_eval_points,
        synapse=None,
        add_to_container=False,
    )
    for obj, seed in ((node, 0), (plain, conn.seed)):
        model.seeds[obj], model.seeded[obj] = seed, True
        model.build(obj)
    return np.array(model.params[plain].weights.T)
