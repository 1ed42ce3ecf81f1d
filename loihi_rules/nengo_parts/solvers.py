"""Solvers that Nengo lacks: decoders multiplied out with encoders, and weights that are given."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np
from nengo.params import NdarrayParam
from nengo.solvers import Solver, SolverParam


class MultipliedOut(Solver):
    """Another solver's decoders D, as the matrix of weights E T D.

    With the target's encoders E and the connection's transform T. What
    ``weights=True`` means to most of Nengo's solvers; here of any, also of those that
    would otherwise solve for the weights themselves.

    Parameters
    ----------
    solver : nengo.solvers.Solver
        Solves for decoders.
    """

    compositional = True
    solver = SolverParam("solver")

    def __init__(self, solver: Solver):
        super().__init__(weights=True)
        self.solver = solver

    def __call__(self, A: np.ndarray, Y: np.ndarray, rng: Any = np.random) -> Tuple[Any, Any]:
        solved: Tuple[Any, Any] = self.solver(A, Y, rng=rng)
        return solved


def solver_of_decoders(solver: Solver) -> Solver:
    """What a solver has in it that solves for decoders, or itself."""
    return solver.solver if isinstance(solver, MultipliedOut) else solver


class GivenWeights(Solver):
    """Full weights that are known already; nothing is solved for.

    Parameters
    ----------
    values : (n_post, n_pre) array_like
        From neuron to neuron, as a probe of a connection's ``"weights"`` has them.
    """

    compositional = False
    values = NdarrayParam("values", shape=("*", "*"))

    def __init__(self, values: np.ndarray):
        super().__init__(weights=True)
        self.values = values

    def __call__(
        self, A: np.ndarray, Y: np.ndarray, rng: Any = np.random, E: Any = None
    ) -> Tuple[Any, Any]:
        return np.array(self.values.T), {}
