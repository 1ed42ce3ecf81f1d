from typing import Any, Optional

from nengo.base import NengoObject

class Probe(NengoObject):
    target: Any
    attr: str
    sample_every: Optional[float]
    synapse: Any  # of any kind, or None
    solver: Any
    def __init__(self, target: Any, attr: Optional[str] = ..., **kwargs: Any) -> None: ...
    @property
    def obj(self) -> Any: ...
    @property
    def size_in(self) -> int: ...
    @property
    def slice(self) -> Any: ...
