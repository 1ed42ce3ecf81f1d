"""Decoders that are multiplied out with the encoders of their target."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np
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
        return self.solver(A, Y, rng=rng)
