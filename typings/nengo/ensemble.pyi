from typing import Any, Optional

from nengo.base import NengoObject, ObjView
from nengo.neurons import NeuronType

class Ensemble(NengoObject):
    n_neurons: int
    dimensions: int
    radius: float
    encoders: Any
    intercepts: Any
    max_rates: Any
    eval_points: Any
    n_eval_points: Optional[int]
    neuron_type: NeuronType
    gain: Any
    bias: Any
    noise: Any
    normalize_encoders: bool
    probeable: Any
    def __init__(self, n_neurons: Any, dimensions: Any, **kwargs: Any) -> None: ...
    def __getitem__(self, key: Any) -> ObjView: ...
    @property
    def neurons(self) -> Neurons: ...
    @property
    def size_in(self) -> int: ...
    @property
    def size_out(self) -> int: ...

class Neurons:
    def __init__(self, ensemble: Ensemble) -> None: ...
    def __getitem__(self, key: Any) -> ObjView: ...
    @property
    def ensemble(self) -> Ensemble: ...
    @property
    def probeable(self) -> Any: ...
    @property
    def size_in(self) -> int: ...
    @property
    def size_out(self) -> int: ...
