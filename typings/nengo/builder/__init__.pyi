from typing import Any, Callable, Dict, Optional, TypeVar

from nengo.builder.signal import Signal as Signal

Function = TypeVar("Function", bound=Callable[..., Any])

class Model:
    config: Any
    decoder_cache: Any
    dt: float
    label: Optional[str]
    operators: Any
    params: Dict[Any, Any]
    probes: Any
    seeded: Dict[Any, bool]
    seeds: Dict[Any, int]
    sig: Any
    step: Any
    toplevel: Any
    def __init__(
        self,
        dt: float = ...,
        label: Optional[str] = ...,
        decoder_cache: Any = ...,
        builder: Any = ...,
    ) -> None: ...
    def add_op(self, op: Any) -> None: ...
    def build(self, obj: Any, *args: Any, **kwargs: Any) -> Any: ...
    def has_built(self, obj: Any) -> bool: ...

class Builder:
    builders: Dict[Any, Any]
    @classmethod
    def build(cls, model: Any, obj: Any, *args: Any, **kwargs: Any) -> Any: ...
    @classmethod
    def register(cls, nengo_class: Any) -> Callable[[Function], Function]: ...

learning_rules: Any
operator: Any
transforms: Any
