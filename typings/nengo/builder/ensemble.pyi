from typing import Any, NamedTuple

import numpy as np

class BuiltEnsemble(NamedTuple):
    eval_points: np.ndarray
    encoders: np.ndarray
    intercepts: np.ndarray
    max_rates: np.ndarray
    scaled_encoders: np.ndarray
    gain: np.ndarray
    bias: np.ndarray

def get_activities(built_ens: Any, ens: Any, eval_points: Any) -> np.ndarray: ...
