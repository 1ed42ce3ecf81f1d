from typing import Any, Optional

import numpy as np
from nengo.params import FrozenObject

class Distribution(FrozenObject):
    def sample(self, n: int, d: Optional[int] = ..., rng: Any = ...) -> np.ndarray: ...

class Choice(Distribution):
    options: np.ndarray
    weights: Optional[np.ndarray]
    def __init__(self, options: Any, weights: Any = ...) -> None: ...

class Uniform(Distribution):
    low: float
    high: float
    integer: bool
    def __init__(self, low: float, high: float, integer: bool = ...) -> None: ...

class UniformHypersphere(Distribution):
    surface: bool
    min_magnitude: float
    def __init__(self, surface: bool = ..., min_magnitude: float = ...) -> None: ...

class ScatteredHypersphere(UniformHypersphere): ...

def get_samples(dist_or_samples: Any, n: int, d: Optional[int] = ..., rng: Any = ...) -> Any: ...
