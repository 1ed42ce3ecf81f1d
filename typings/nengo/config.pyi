from typing import Any, Tuple

rc: Any

class ClassParams:
    default_params: Tuple[str, ...]
    extra_params: Tuple[str, ...]
    def __contains__(self, name: str) -> bool: ...
    def __getattr__(self, name: str) -> Any: ...

class Config:
    params: Any
