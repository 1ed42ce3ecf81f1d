"""Decoded connections between ensembles that are one matrix of weights each."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import nengo
import numpy as np
from nengo.builder.connection import BuiltConnection
from nengo.builder.transforms import multiply
from nengo.synapses import Lowpass
from nengo.transforms import Dense, NoTransform

from deploy.nengo_loihi.build.row_table import give_table
from loihi_rules.nengo_parts.solvers import MultipliedOut


class Matrices:
    """Builds them as nengo-loihi does, and once for all what many of them have in common.

    Nodes that only hand on leave thousands of connections between a few ensembles
    (`loihi_rules.passes.nengo_loihi.passthrough`).

    Parameters
    ----------
    nengo_loihi : module
    dt : float
        Step in seconds.
    """

    def __init__(self, nengo_loihi: Any, dt: float):
        self._block, self._dt = nengo_loihi.block, dt
        self._float = nengo.rc.float_dtype
        self._states: Dict[int, Tuple[Any, ...]] = {}

    def state_of(self, seed: int) -> Tuple[Any, ...]:
        """The state in which a generator of this seed begins; see `numpy.random.RandomState`."""
        if seed not in self._states:
            state: Any = np.random.RandomState(seed).get_state()
            self._states[seed] = state
        return self._states[seed]

    def has(self, model: Any, conn: nengo.Connection, tau: float) -> bool:
        """Whether a connection is one of them, with the filter τ of its target's compartments."""
        if type(conn.solver) is not MultipliedOut or conn.learning_rule_type is not None:
            return False
        transform, synapse = conn.transform, conn.synapse
        given = type(transform) is NoTransform or (
            type(transform) is Dense and isinstance(transform.init, np.ndarray)
        )
        pre, post = conn.pre_obj, conn.post_obj
        return (
            given
            and type(synapse) is Lowpass
            and synapse.tau == tau
            and isinstance(pre, nengo.Ensemble)
            and not isinstance(pre.neuron_type, nengo.Direct)
            and isinstance(post, nengo.Ensemble)
            and isinstance(model.objs[pre].get("out"), self._block.LoihiBlock)
        )

    def transform_of(self, conn: nengo.Connection) -> np.ndarray:
        """What nengo-loihi's ``sample_transform`` gives for one of them, which draws nothing."""
        return np.array(1.0) if type(conn.transform) is NoTransform else conn.transform.init

    def build(self, model: Any, conn: nengo.Connection, label: str, solved: Any) -> Any:
        """The weights of a connection, in the chip's blocks and among what Nengo calls built.

        nengo-loihi's ``build_full_chip_connection`` (1.1.0, ``builder/connection.py``), for a
        solver of weights that is compositional: all products in its order, of its types.

        Parameters
        ----------
        model : nengo_loihi.builder.Model
        conn : nengo.Connection
        label : str
            Of its synapse group.
        solved : tuple
            Evaluation points, decoders, and what the solver says of these.

        Returns
        -------
        nengo_loihi.block.Synapse
        """
        pre, post = conn.pre_obj, conn.post_obj
        points, decoders, info = solved
        transform = self.transform_of(conn)
        weights = multiply(transform, decoders) * (1.0 / self._dt)
        weights = multiply(model.params[post].scaled_encoders[:, conn.post_slice], weights)
        amplitude = getattr(pre.neuron_type, "amplitude", None)
        if amplitude is not None:
            weights = weights * np.asarray(amplitude).item()
        weights = weights.astype(self._float, copy=False)

        source, block = model.objs[pre]["out"], model.objs[post]["in"]
        rows = weights.T * self._float.type(1.0 / post.radius).item()
        n_axons, n = rows.shape
        assert block.n_neurons == n, "as many weights as neurons"
        synapse = self._block.Synapse(n_axons, label=label)
        give_table(synapse, rows.astype(np.float32, order="C"), np.arange(n), compression=3)
        block.add_synapse(synapse)
        axon = self._block.Axon(n_axons, label="decoder_weights")
        axon.target = synapse
        source.add_axon(axon)

        model.objs[conn]["weights"] = synapse
        model.params[conn] = BuiltConnection(
            eval_points=points,
            solver_info=info,
            transform=transform.astype(self._float),
            weights=weights,
        )
        return synapse
