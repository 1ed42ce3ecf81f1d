from typing import Any, Dict, Optional

import numpy as np
from nengo.base import Process
from nengo.params import Parameter

class Synapse(Process):
    # those of its kinds: tau, num, … ; asked for by getattr or after isinstance
    def __getattr__(self, name: str) -> Any: ...
    def make_state(
        self, shape_in: Any, shape_out: Any, dt: float, dtype: Any = ..., y0: Any = ...
    ) -> Dict[str, np.ndarray]: ...
    def filt(
        self,
        x: Any,
        dt: Optional[float] = ...,
        axis: int = ...,
        y0: Any = ...,
        copy: bool = ...,
        filtfilt: bool = ...,
    ) -> np.ndarray: ...

class LinearFilter(Synapse):
    num: np.ndarray
    den: np.ndarray
    analog: bool
    method: str
    Step: Any
    NoX: Any
    OneX: Any
    OneXScalar: Any
    def __init__(
        self, num: Any, den: Any, analog: bool = ..., method: str = ..., **kwargs: Any
    ) -> None: ...
    def combine(self, obj: LinearFilter) -> LinearFilter: ...
    def evaluate(self, frequencies: Any) -> np.ndarray: ...

class Lowpass(LinearFilter):
    tau: float
    def __init__(self, tau: float, **kwargs: Any) -> None: ...

class Alpha(LinearFilter):
    tau: float
    def __init__(self, tau: float, **kwargs: Any) -> None: ...

class SynapseParam(Parameter): ...
