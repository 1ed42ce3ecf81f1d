from typing import Any, Dict, Iterator

Default: Any
Unconfigurable: Any

def iter_params(obj: Any) -> Iterator[str]: ...

class Parameter:
    name: str
    default: Any
    data: Any
    def __init__(
        self, name: str, default: Any = ..., optional: bool = ..., readonly: Any = ...
    ) -> None: ...
    def __get__(self, instance: Any, type_: Any) -> Any: ...
    def __set__(self, instance: Any, value: Any) -> None: ...
    def __delete__(self, instance: Any) -> None: ...

class ObsoleteParam(Parameter): ...
class BoolParam(Parameter): ...

class EnumParam(Parameter):
    def __init__(
        self,
        name: str,
        default: Any = ...,
        values: Any = ...,
        lower: bool = ...,
        optional: bool = ...,
        readonly: Any = ...,
    ) -> None: ...

class NumberParam(Parameter):
    def __init__(
        self,
        name: str,
        default: Any = ...,
        low: Any = ...,
        high: Any = ...,
        low_open: bool = ...,
        high_open: bool = ...,
        optional: bool = ...,
        readonly: Any = ...,
    ) -> None: ...

class IntParam(NumberParam): ...

class NdarrayParam(Parameter):
    def __init__(
        self,
        name: str,
        default: Any = ...,
        shape: Any = ...,
        dtype: Any = ...,
        optional: bool = ...,
        readonly: Any = ...,
    ) -> None: ...

class FrozenObject:
    def __getstate__(self) -> Dict[str, Any]: ...
    def __setstate__(self, state: Dict[str, Any]) -> None: ...
