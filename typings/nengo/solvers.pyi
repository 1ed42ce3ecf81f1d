from typing import Any, Tuple

import numpy as np
from nengo.params import FrozenObject, Parameter

class Solver(FrozenObject):
    compositional: bool
    weights: bool
    def __init__(self, weights: bool = ...) -> None: ...
    def __call__(self, A: np.ndarray, Y: np.ndarray, rng: Any = ...) -> Tuple[Any, Any]: ...

class SolverParam(Parameter): ...

class LstsqL2(Solver):
    reg: float
    solver: Any
    def __init__(self, weights: bool = ..., reg: float = ..., solver: Any = ...) -> None: ...

class NoSolver(Solver):
    values: Any
    def __init__(self, values: Any = ..., weights: bool = ...) -> None: ...

class Nnls(Solver): ...
