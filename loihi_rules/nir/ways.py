"""What leads to an object of a Nengo network, multiplied out: encoders, transforms, decoders."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Tuple, Union

import nengo
import numpy as np
from nengo.builder import Model
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.synapses import Synapse
from scipy import sparse

from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.passthrough_nodes import is_passthrough
from loihi_rules.nengo_parts.stepped import delay_of
from loihi_rules.nengo_parts.transforms import linear_map
from loihi_rules.nengo_parts.wiring import base_of, columns_of, decoded, rows_of
from loihi_rules.nir.errors import NirError

MOST_ENTRIES = 200_000_000


class Way(NamedTuple):
    """From neurons, or a node's values, to an object.

    Attributes
    ----------
    source : nengo.Ensemble or nengo.Node
        Of an ensemble, its neurons' output.
    matrix : (n, n_source) sparse matrix
        Into currents of neurons (J), or values of a node.
    filters : tuple of Synapse
        In a row; what only delays is in ``delay``.
    delay : int
        In steps.
    """

    source: Union[nengo.Ensemble, nengo.Node]
    matrix: Any
    filters: Tuple[Synapse, ...] = ()
    delay: int = 0

    def behind(self, matrix: Any, synapse: Any, dt: float) -> Way:
        """This way, and then a connection.

        A Lowpass of less than 0.03 steps does not filter (``nengo/synapses.py``,
        ``Lowpass.make_state``), but takes a step as each filter does.
        """
        steps = delay_of(synapse)
        if type(synapse) is nengo.Lowpass and synapse.tau <= 0.03 * dt:
            steps = 1
        filters = self.filters if steps is not None else (*self.filters, synapse)
        return Way(self.source, _product(matrix, self.matrix), filters, self.delay + (steps or 0))


class Ways:
    """Finds them, in a network that Nengo core has built.

    Parameters
    ----------
    network : nengo.Network
    model : nengo.builder.Model
        With all of the network's objects, and their probes' connections, built.
    """

    def __init__(self, network: nengo.Network, model: Model):
        self.model = model
        self.into_objects: Dict[Any, List[nengo.Connection]] = {}
        probes = [each for each in model.params if isinstance(each, nengo.Connection)]
        own = set(network.all_connections)
        for conn in (*network.all_connections, *(each for each in probes if each not in own)):
            if not isinstance(conn.post_obj, LearningRule):
                self.into_objects.setdefault(base_of(conn.post), []).append(conn)

    def into(self, obj: Any, above: Tuple[Any, ...] = ()) -> List[Way]:
        """All that leads to an ensemble's neurons, a node or a probe.

        Raises
        ------
        NirError
            If one of them computes, or nodes that hand on are in a circle.
        """
        if obj in above:
            raise NirError(f"{name_of(obj)}: it is in a circle of nodes that only hand on")
        above = (*above, obj)
        if isinstance(obj, nengo.Probe) and obj not in self.into_objects:  # of a signal as it is
            further = self._out_of(base_of(obj.obj), obj.obj.size_out, above)
            rows = _rows(obj.target)
            return _merged([way.behind(rows, obj.synapse, self.model.dt) for way in further])
        found: List[Way] = []
        for conn in self.into_objects.get(obj, []):
            matrix = self._matrix(conn)
            if matrix.shape[0] * matrix.shape[1] > MOST_ENTRIES:
                raise NirError(
                    f"{name_of(conn)}: it has {matrix.shape[0] * matrix.shape[1]:,} weights when "
                    f"multiplied out; {MOST_ENTRIES:,} at most are written"
                )
            further = self._out_of(base_of(conn.pre), matrix.shape[1], above)
            found.extend(way.behind(matrix, conn.synapse, self.model.dt) for way in further)
        return _merged(found)

    def _out_of(self, source: Any, n: int, above: Tuple[Any, ...]) -> List[Way]:
        """What an object gives of n values: its own, or what enters it where it only hands on."""
        if is_passthrough(source):
            return self.into(source, above)
        return [Way(source, sparse.identity(n, format="csr"))]

    def _matrix(self, conn: nengo.Connection) -> Any:
        """(n, n_pre) of one connection: what its object gets of each neuron or value."""
        weights = self._weights(conn)
        post = conn.post_obj
        if isinstance(post, nengo.Ensemble) and decoded(conn) and conn.solver.weights:
            return weights  # which are of neurons already
        if isinstance(post, nengo.Probe):
            return weights
        rows = rows_of(conn.post)
        size = post.size_in
        places = sparse.csr_matrix(
            (np.ones(len(rows)), (rows, np.arange(len(rows)))), (size, len(rows))
        )
        weights = _product(places, weights)
        if isinstance(post, Neurons):
            return _product(sparse.diags(self.model.params[post.ensemble].gain), weights)
        if isinstance(post, nengo.Ensemble):
            return _product(sparse.csr_matrix(self.model.params[post].scaled_encoders), weights)
        return weights

    def _weights(self, conn: nengo.Connection) -> Any:
        """(size_out, n_pre): decoders and transform, or the transform of what a view takes."""
        if decoded(conn):
            if isinstance(conn.pre_obj.neuron_type, nengo.Direct):
                raise NirError(
                    f"{name_of(conn.pre_obj)}: it computes without neurons (nengo.Direct)"
                )
            weights = self.model.params[conn].weights
            dense = weights.toarray() if hasattr(weights, "toarray") else np.asarray(weights)
            return sparse.csr_matrix(dense)
        if conn.function is not None:
            raise NirError(
                f"{name_of(conn)}: NIR has no functions of values; compute it in the node instead"
            )
        return _product(sparse.csr_matrix(linear_map(conn)), _rows(conn.pre))


def _rows(view: Any) -> Any:
    """The matrix that takes of an object what a view has."""
    columns, size = columns_of(view), getattr(view, "obj", view).size_out
    places = np.arange(len(columns)), columns
    return sparse.csr_matrix((np.ones(len(columns)), places), (len(columns), size))


def _product(a: Any, b: Any) -> Any:
    return (a @ b).tocsr()


def _merged(ways: List[Way]) -> List[Way]:
    """Those from one source through the same filters as one."""
    found: Dict[Any, Way] = {}
    for way in ways:
        key = (way.source, tuple(map(key_of, way.filters)), way.delay)
        same = found.get(key)
        found[key] = way if same is None else same._replace(matrix=same.matrix + way.matrix)
    return list(found.values())


def key_of(synapse: Synapse) -> Tuple[Any, ...]:
    """What makes two filters the same."""
    if not isinstance(synapse, nengo.LinearFilter):
        return (type(synapse), id(synapse))
    numbers = tuple(np.ravel(synapse.num)), tuple(np.ravel(synapse.den))
    return (type(synapse), *numbers, synapse.analog, synapse.method)
