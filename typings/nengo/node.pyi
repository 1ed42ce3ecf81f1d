from typing import Any

from nengo.base import NengoObject, ObjView

class Node(NengoObject):
    output: Any
    size_in: int
    size_out: int
    def __init__(self, output: Any = ..., **kwargs: Any) -> None: ...
    def __getitem__(self, key: Any) -> ObjView: ...
