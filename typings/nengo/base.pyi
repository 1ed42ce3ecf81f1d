from typing import Any, Dict, Optional

import numpy as np
from nengo.params import FrozenObject

class NengoObject:
    label: Optional[str]
    seed: Any  # an int; None until seeds are fixed
    @property
    def params(self) -> Any: ...
    def copy(self, add_to_container: bool = ...) -> Any: ...

class ObjView:
    obj: Any
    size_in: int
    size_out: int
    slice: Any
    def __init__(self, obj: Any, key: Any = ...) -> None: ...

class Process(FrozenObject):
    default_size_in: int
    default_size_out: int
    default_dt: float
    seed: Optional[int]
    def __init__(
        self,
        default_size_in: int = ...,
        default_size_out: int = ...,
        default_dt: float = ...,
        seed: Optional[int] = ...,
    ) -> None: ...
    def get_rng(self, rng: Any) -> np.random.RandomState: ...
    def make_state(
        self, shape_in: Any, shape_out: Any, dt: float, dtype: Any = ...
    ) -> Dict[str, np.ndarray]: ...
    def make_step(self, shape_in: Any, shape_out: Any, dt: float, rng: Any, state: Any) -> Any: ...
    def run_steps(
        self,
        n_steps: int,
        d: Optional[int] = ...,
        dt: Optional[float] = ...,
        rng: Any = ...,
        **kwargs: Any,
    ) -> np.ndarray: ...
