from typing import Any

from nengo.params import FrozenObject

class Transform(FrozenObject):
    def sample(self, rng: Any = ...) -> Any: ...
    @property
    def size_in(self) -> int: ...
    @property
    def size_out(self) -> int: ...

class Dense(Transform):
    shape: Any
    init: Any
    def __init__(self, shape: Any, init: Any = ...) -> None: ...

class Sparse(Transform):
    shape: Any
    init: Any
    def __init__(self, shape: Any, indices: Any = ..., init: Any = ...) -> None: ...

class Convolution(Transform):
    channels_last: bool
    init: Any
    kernel_size: Any
    n_filters: int
    padding: str
    strides: Any
    def __init__(self, n_filters: int, input_shape: Any, **kwargs: Any) -> None: ...
    @property
    def kernel_shape(self) -> Any: ...
    @property
    def output_shape(self) -> Any: ...
    input_shape: Any

class ConvolutionTranspose(Transform):
    init: Any

class NoTransform(Transform):
    def __init__(self, size_in: int) -> None: ...
