"""Runs of one model that are equally good: with other initial voltages, or other neurons as well.

What the author means by a model is its signals, its sizes and its functions. Which membrane
happened to be how full at the start, he does not mean; nor which neurons were drawn, where he
let them be drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional

import nengo
import numpy as np
from nengo.dists import Distribution, Uniform
from nengo.ensemble import Neurons
from nengo.solvers import NoSolver
from nengo.utils.numpy import maxint

from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.parameters import with_parameters
from loihi_rules.nengo_parts.solvers import GivenWeights
from loihi_rules.nengo_parts.wiring import base_of


@dataclass(frozen=True)
class Variant:
    """One of a model's equally good runs.

    Attributes
    ----------
    voltages : int
        Seed of the initial voltages.
    neurons : int or None
        Seed from which ensembles get new seeds, and so other encoders, rates, intercepts and
        decoders; None for the model's own.
    """

    voltages: int
    neurons: Optional[int] = None


def vary(network: nengo.Network, variant: Variant) -> List[str]:
    """Change a network, whose seeds are fixed, into one of its variants.

    Signals stay: seeds of processes are written down by then, and seeds of connections are
    left, as transforms may be drawn from them. Neurons stay where weights or decoders were given
    for them one by one, as trained ones are: with others they would mean nothing.

    Returns
    -------
    list of str
        Ensembles whose neurons stayed, though others were asked for.
    """
    kept: List[str] = []
    if variant.neurons is not None:
        rng = np.random.RandomState(variant.neurons)
        fitted = _fitted(network)
        for ens in network.all_ensembles:
            seed = int(rng.randint(maxint))
            if ens in fitted:
                kept.append(name_of(ens))
            else:
                ens.seed = seed
    rng = np.random.RandomState(variant.voltages)
    for ens in network.all_ensembles:
        drawn = rng.uniform(0, 1, ens.n_neurons)
        # voltages in thresholds, whatever they are called; other neurons have other units
        first = type(ens.neuron_type).state
        given = {name: drawn for name, of in first.items() if of == Uniform(0, 1)}
        if given:
            state = {**(ens.neuron_type.initial_state or {}), **given}
            ens.neuron_type = with_parameters(ens.neuron_type, initial_state=state)
    return kept


def _fitted(network: nengo.Network) -> List[Any]:
    """Ensembles for whose neurons, one by one, somebody has given weights or decoders."""
    found: List[Any] = []
    for conn in network.all_connections:
        for end, axis in ((conn.pre_obj, 1), (conn.post_obj, 0)):
            if isinstance(end, Neurons) and not _alike(conn.transform, axis):
                found.append(base_of(end))
        if isinstance(conn.solver, (NoSolver, GivenWeights)):
            given = getattr(conn.solver, "values", None)
            if not isinstance(conn.solver, NoSolver) or (given is not None and np.any(given)):
                found += [end for end in (conn.pre_obj, conn.post_obj) if _is_ensemble(end)]
    return found


def _is_ensemble(end: Any) -> bool:
    return isinstance(end, nengo.Ensemble)


def _alike(transform: Any, axis: int) -> bool:
    """Whether a transform treats all neurons alike, or is drawn as they are."""
    init = getattr(transform, "init", None)
    if init is None or isinstance(init, Distribution):
        return True
    matrix = init.toarray() if hasattr(init, "toarray") else np.asarray(init)
    if matrix.ndim < 2:
        return bool(np.all(matrix == matrix.flat[0]))
    first = np.take(matrix, [0], axis=axis)
    return bool(np.all(matrix == first))
