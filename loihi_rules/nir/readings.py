"""Outputs that are what single neurons give, filtered or not, and so probes of these neurons.

Read out by a node they were values, of which each is judged by itself; rates of neurons are
judged as a population's.
"""

from __future__ import annotations

from typing import Dict, Mapping, NamedTuple, Optional, Set

import numpy as np
from nengo.synapses import Synapse
from scipy import sparse

from loihi_rules.nir.carried import CLOSE
from loihi_rules.nir.graph import Graph, Signal, Term
from loihi_rules.nir.made import Made


class Reading(NamedTuple):
    """What a probe of neurons has.

    Attributes
    ----------
    source : str
        Their population.
    neurons : (n,) ndarray of int
        Which of it, in order.
    synapse : Synapse or None
        Nengo's own, which was carried.
    """

    source: str
    neurons: np.ndarray
    synapse: Optional[Synapse]


def readings_of(graph: Graph, made: Mapping[str, Made], dt: float) -> Dict[str, Reading]:
    """Of each Output that is one: its reading."""
    given = {population.name: population.given for population in graph.populations}
    found = {name: _reading(signal, given, made, dt) for name, signal in graph.outputs.items()}
    return {name: reading for name, reading in found.items() if reading is not None}


def only_read(graph: Graph, made: Mapping[str, Made], readings: Mapping[str, Reading]) -> Set[str]:
    """Filters that nothing else is behind: their readings filter by themselves."""
    others = [population.given for population in graph.populations]
    others += [signal for name, signal in graph.outputs.items() if name not in readings]
    read = {term.source for name in readings for term in graph.outputs[name].terms}
    read -= {term.source for signal in others for term in signal.terms}
    return {name for name in read if name in made and made[name].neurons is None}


def _reading(
    signal: Signal, given: Mapping[str, Signal], made: Mapping[str, Made], dt: float
) -> Optional[Reading]:
    term = _only_term(signal)
    if term is None or term.source not in made:
        return None
    matrix, synapse, at = term.matrix, None, made[term.source]
    if at.neurons is None:
        before, synapse = _only_term(given[term.source]), at.synapse
        if before is None or before.source not in made or made[before.source].neurons is None:
            return None
        matrix, term = matrix @ before.matrix, before
    neurons = _chosen(matrix * dt)  # what a spike is high in Nengo
    return None if neurons is None else Reading(term.source, neurons, synapse)


def _only_term(signal: Signal) -> Optional[Term]:
    """The one term of a signal that is no more than that, and of the same step."""
    plain = len(signal.terms) == 1 and not signal.bias.any() and not signal.terms[0].delay
    return signal.terms[0] if plain else None


def _chosen(matrix: sparse.spmatrix) -> Optional[np.ndarray]:
    """Which column each row is; None where one is anything else."""
    rows = matrix.tocsr()
    rows.eliminate_zeros()
    if np.any(np.diff(rows.indptr) != 1) or not np.allclose(rows.data, 1, rtol=CLOSE, atol=0):
        return None
    return np.asarray(rows.indices)
