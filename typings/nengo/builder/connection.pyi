from typing import Any, NamedTuple

class BuiltConnection(NamedTuple):
    eval_points: Any
    solver_info: Any
    weights: Any
    transform: Any

def build_no_solver(model: Any, solver: Any, conn: Any, rng: Any) -> Any: ...
def get_eval_points(model: Any, conn: Any, rng: Any) -> Any: ...
def get_targets(conn: Any, eval_points: Any, dtype: Any = ...) -> Any: ...
