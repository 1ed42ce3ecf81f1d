from typing import Any, Dict, Optional, Tuple

import numpy as np
from nengo.params import FrozenObject

class NeuronType(FrozenObject):
    negative: bool
    spiking: bool
    state: Dict[str, Any]
    initial_state: Any
    def __init__(self, initial_state: Optional[Dict[str, Any]] = ...) -> None: ...
    # those of its kinds: tau_rc, amplitude, … ; asked for by getattr or after isinstance
    def __getattr__(self, name: str) -> Any: ...
    @property
    def probeable(self) -> Any: ...
    def current(self, x: Any, gain: Any, bias: Any) -> np.ndarray: ...
    def gain_bias(self, max_rates: Any, intercepts: Any) -> Tuple[np.ndarray, np.ndarray]: ...
    def max_rates_intercepts(self, gain: Any, bias: Any) -> Tuple[np.ndarray, np.ndarray]: ...
    def make_state(
        self, n_neurons: int, rng: Any = ..., dtype: Any = ...
    ) -> Dict[str, np.ndarray]: ...
    def rates(self, x: Any, gain: Any, bias: Any) -> np.ndarray: ...

class Direct(NeuronType): ...

class RectifiedLinear(NeuronType):
    amplitude: float
    def __init__(self, amplitude: float = ..., initial_state: Any = ...) -> None: ...

class SpikingRectifiedLinear(RectifiedLinear): ...

class LIFRate(NeuronType):
    tau_rc: float
    tau_ref: float
    amplitude: float
    def __init__(
        self,
        tau_rc: float = ...,
        tau_ref: float = ...,
        amplitude: float = ...,
        initial_state: Any = ...,
    ) -> None: ...

class LIF(LIFRate):
    min_voltage: float
    def __init__(
        self,
        tau_rc: float = ...,
        tau_ref: float = ...,
        min_voltage: float = ...,
        amplitude: float = ...,
        initial_state: Any = ...,
    ) -> None: ...

class AdaptiveLIF(LIF):
    tau_n: float
    inc_n: float

class Izhikevich(NeuronType): ...

class RatesToSpikesNeuronType(NeuronType):
    base_type: NeuronType
    amplitude: float
    negative: bool
    def __init__(self, base_type: NeuronType, **kwargs: Any) -> None: ...

class RegularSpiking(RatesToSpikesNeuronType): ...
class PoissonSpiking(RatesToSpikesNeuronType): ...
class StochasticSpiking(RatesToSpikesNeuronType): ...
