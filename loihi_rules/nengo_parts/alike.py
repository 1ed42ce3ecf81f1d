"""Many connections that differ in where they go, and by which matrix."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

import nengo
import numpy as np
from nengo.params import ObsoleteParam, Parameter
from nengo.synapses import Synapse
from nengo.transforms import Dense


def _parameters(of: Any) -> List[Parameter]:
    every = (getattr(of, name) for name in dir(of))
    return [p for p in every if isinstance(p, Parameter) and not isinstance(p, ObsoleteParam)]


class Alike:
    """Connections like another, from its source, each with a target, a matrix and a filter.

    Nengo checks each parameter of each object, and calls a connection's function to know its
    size: of one connection that becomes thousands, this is most of what it takes to make them.
    """

    def __init__(self) -> None:
        self._models: Dict[nengo.Connection, nengo.Connection] = {}
        self._matrices: Dict[Tuple[int, ...], Dense] = {}
        self._parameters = _parameters(nengo.Connection)

    def connect(
        self,
        network: nengo.Network,
        like: nengo.Connection,
        post: Any,
        matrix: np.ndarray,
        synapse: Optional[Synapse],
    ) -> nengo.Connection:
        """A new connection of the network.

        Parameters
        ----------
        network : nengo.Network
        like : nengo.Connection
            Whose source, function, solver, evaluation points and seed it has.
        post : object
            What it goes to.
        matrix : (size of post, size_mid of like) ndarray
        synapse : nengo.synapses.Synapse or None
        """
        if like in self._models and self._is_as_checked(like, post):
            made = self._made(self._models[like], post, matrix, synapse)
            network.connections.append(made)
            return made
        with network:
            made = nengo.Connection(
                like.pre,
                post,
                function=like.function,
                transform=matrix,
                synapse=synapse,
                solver=like.solver,
                eval_points=like.eval_points,
                scale_eval_points=like.scale_eval_points,
                seed=like.seed,
            )
        self._models[like] = made
        return made

    def _is_as_checked(self, like: nengo.Connection, post: Any) -> bool:
        """Whether what Nengo has said of one of them it would say of one to another target."""
        whole = not isinstance(post, nengo.base.ObjView) or isinstance(post.slice, slice)
        same = not like.solver.weights and self._models[like].learning_rule_type is None
        return whole and same

    def _made(
        self, model: nengo.Connection, post: Any, matrix: np.ndarray, synapse: Optional[Synapse]
    ) -> nengo.Connection:
        made: nengo.Connection = nengo.Connection.__new__(nengo.Connection)
        vars(made).update(vars(model))
        own = {"post": post, "synapse": synapse, "transform": self._dense(matrix)}
        for parameter in self._parameters:
            if parameter.name in own:
                parameter.data[made] = own[parameter.name]
            elif model in parameter.data:
                parameter.data[made] = parameter.data[model]
        return made

    def _dense(self, matrix: np.ndarray) -> Dense:
        if matrix.shape not in self._matrices:
            self._matrices[matrix.shape] = Dense(matrix.shape, init=matrix)
        model = self._matrices[matrix.shape]
        made: Dense = Dense.__new__(Dense)
        vars(made).update(vars(model))
        values = np.array(matrix, dtype=model.init.dtype)
        values.setflags(write=False)
        Dense.shape.data[made], Dense.init.data[made] = model.shape, values
        return made
